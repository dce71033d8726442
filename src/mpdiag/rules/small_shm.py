"""Advice when /dev/shm is missing or too small for shared memory between processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule, known
from mpdiag.model import Doc
from mpdiag.units import size

#: What Docker and Kubernetes give unless asked for more; a bare Linux gives half the memory.
CONTAINER_DEFAULT = 64 * 2**20


def judge(machine: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the room in /dev/shm with the size that containers get by default."""
    if not known(machine, "shm_present"):
        yield RULE.finding(
            level="warning",
            seen="There is no /dev/shm: SharedMemory cannot create segments, and Lock, Queue and every pool, whose "
            "semaphores live there under glibc, raise FileNotFoundError.",
            do="Mount one (docker run --tmpfs /dev/shm:rw,size=1g), or exchange data through Pipe and files.",
            concern=CONTAINER_DEFAULT,
            evidence=(
                Evidence("size", 0, "B"),
                Evidence("reference: containers by default", CONTAINER_DEFAULT, "B"),
            ),
        )
        return
    total, free = known(machine, "shm_total"), known(machine, "shm_free")
    if free > CONTAINER_DEFAULT:
        return
    small = total <= CONTAINER_DEFAULT
    yield RULE.finding(
        level="warning",
        seen=f"The file system at /dev/shm holds {size(total)}, {size(free)} of it free.",
        do=_enlarge(machine) if small else "Find what fills it (ls -l /dev/shm) and remove what nobody uses any more.",
        concern=CONTAINER_DEFAULT / max(free, 1),
        evidence=(
            Evidence("size", total, "B"),
            Evidence("free", free, "B"),
            Evidence("reference: containers by default", CONTAINER_DEFAULT, "B"),
        ),
    )


def _enlarge(machine: Mapping[str, Any]) -> str:
    ways = {
        "docker": "docker run --shm-size=1g (Compose: shm_size)",
        "podman": "podman run --shm-size=1g",
        "kubernetes": "an emptyDir volume with medium: Memory mounted at /dev/shm",
    }
    way = ways.get(machine.get("container") or "", "mount -o remount,size=1g /dev/shm")
    return f"Enlarge it: {way}. Or keep the segments few and reuse them; large arrays can live in a mapped file."


def observed(processes: Facts, machine: Mapping[str, Any]) -> Iterator[Finding]:
    """Find processes killed by SIGBUS, as the first write to a page that finds no room is."""
    killed = [row for row in processes.all() if row.get("exit") == "SIGBUS"]
    if not killed:
        return
    place, total, free = Place.of(killed[0]), known(machine, "shm_total"), known(machine, "shm_free")
    yield RULE.finding(
        level="error",
        place=place,
        confidence="inferred",
        concern=10.0 * len(killed),
        seen=f"{len(killed)} of the processes{ideals.where(place)} ended by SIGBUS: a page of a shared-memory segment "
        f"or a mapped file found no room. /dev/shm holds {size(total)}.",
        do=_enlarge(machine),
        evidence=(
            Evidence("processes ended by SIGBUS", len(killed), "1"),
            Evidence("reference", 0, "1"),
            Evidence("size", total, "B"),
            Evidence("free", free, "B"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP702",
    judge=judge,
    run=observed,
    doc=Doc(
        title="Little room for shared memory in /dev/shm",
        why="Segments of multiprocessing.shared_memory live there. Creating one that does not fit succeeds; the first "
        "write to a page that finds no room kills the process with SIGBUS, without a Python traceback. A pool then "
        "waits for the lost result (Pool) or breaks (ProcessPoolExecutor). In a full one Lock() and Queue() raise "
        "OSError 28 as well. Value and Array move to the temporary folder when they do not fit.",
        how="The file system behind /dev/shm is asked for its size and free room. The reference is 64 MiB, what "
        "container engines give by default; a plain Linux gives half the memory. "
        "In an observed program: processes that ended by SIGBUS.",
        claim='"Bus error: out of shared memory" is often taken for a bug of the library at hand; it is the size of '
        "this file system.",
        bad="""\
block = SharedMemory(create=True, size=200_000_000)   # in a container with 64 MiB: no error yet
block.buf[:] = data                                   # SIGBUS
""",
        good="""\
if shutil.disk_usage("/dev/shm").free < size:
    raise SystemExit("start the container with --shm-size=1g")
block = SharedMemory(create=True, size=size)
""",
        applies="Linux",
        links=(
            "https://docs.python.org/3/library/multiprocessing.shared_memory.html",
            "https://docs.docker.com/reference/cli/docker/container/run/",
        ),
    ),
)
