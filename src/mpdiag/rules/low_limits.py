"""Advice when limits on files, processes, memory or semaphores stand below what a pool needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule, known
from mpdiag.model import Doc
from mpdiag.units import number, size

Check = Callable[[Mapping[str, Any]], Iterator[Finding]]

#: The pool to make room for: one worker a usable CPU, at least as many as a pool of waiting tasks often has.
WORKERS = 64
#: A parent holds two descriptors a worker, measured with Pool and ProcessPoolExecutor under every start method on
#: 3.13 and 3.14; a Pipe to each, as programs often add, holds two more.
FILES_PER_WORKER = 4
#: The interpreter, its pool's queues (measured: 16 with two workers) and the program's own files.
FILES_BESIDE = 64
#: A worker and a thread of its own, such as a queue's feeder.
TASKS_PER_WORKER = 2
#: A worker that imported NumPy and pandas; a bare one has about 10 MB.
MEMORY_PER_WORKER = 64 * 2**20
#: Each thread reserves 8 MiB for its stack and up to 64 MiB for glibc's arena; a Pool starts three threads.
ADDRESS_SPACE = 2**30
#: What errors say when a limit was met, and the limit's name.
MET = {
    "Too many open files": "open files (ulimit -n)",
    "Errno 24": "open files (ulimit -n)",
    "Resource temporarily unavailable": "processes and threads (ulimit -u, pids.max)",
    "can't start new thread": "processes and threads (ulimit -u, pids.max)",
    "BlockingIOError": "processes and threads (ulimit -u, pids.max)",
    "Cannot allocate memory": "memory (ulimit -v, memory.max)",
    "MemoryError": "memory (ulimit -v, memory.max)",
    "No space left on device": "room in /dev/shm",
}


def judge(machine: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare each limit that is known with what a pool needs."""
    missing: list[str] = []
    checks = (_semaphores, _files, _tasks, _memory, _addresses)
    for check in checks:
        yield from _known_only(check, machine, missing)
    if len(missing) == len(checks):
        raise NotJudged(missing[0])


def _known_only(check: Check, machine: Mapping[str, Any], missing: list[str]) -> Iterator[Finding]:
    try:
        yield from check(machine)
    except NotJudged as reason:
        missing.append(str(reason))


def _workers(machine: Mapping[str, Any]) -> int:
    return max(WORKERS, int(known(machine, "usable_workers")))


@dataclass(frozen=True)
class _Need:
    """How much ``who`` may need."""

    who: str
    amount: float
    unit: str = "1"


def _pool(workers: int, amount: float, unit: str = "1") -> _Need:
    return _Need(f"a pool of {workers}", amount, unit)


def _low(what: str, value: float, need: _Need, do: str) -> Iterator[Finding]:
    needed, unit = need.amount, need.unit
    if value < needed:
        yield RULE.finding(
            level="warning",
            seen=f"{what}: {number(value, unit)}, and {need.who} may need {number(needed, unit)}.",
            do=do,
            concern=needed / max(value, 1),
            evidence=(Evidence(what, value, unit), Evidence(f"reference: what {need.who} may need", needed, unit)),
        )


def _semaphores(machine: Mapping[str, Any]) -> Iterator[Finding]:
    if not known(machine, "semaphores_work"):
        yield RULE.finding(
            level="error",
            seen="Named semaphores cannot be created: Lock, Queue, Pool and ProcessPoolExecutor raise OSError.",
            do="Make /dev/shm writable; where that cannot be (some serverless hosts), use Process with Pipe, "
            "subprocess, or a ThreadPoolExecutor.",
            concern=1.0,
            evidence=(Evidence("semaphores that could be created", 0, "1"), Evidence("reference", 1, "1")),
        )


def _files(machine: Mapping[str, Any]) -> Iterator[Finding]:
    limit, most = known(machine, "nofile_soft"), machine.get("nofile_hard")
    if limit is not None:
        workers = _workers(machine)
        needed = FILES_BESIDE + FILES_PER_WORKER * workers
        do = _more_files(limit, most, needed)
        yield from _low("Open files allowed (ulimit -n)", limit, _pool(workers, needed), do)


def _more_files(limit: int, most: int | None, needed: int) -> str:
    """How to get ``needed`` open files where the system allows ``most`` (null: any number)."""
    if most is not None and most <= limit:
        workers = max((limit - FILES_BESIDE) // FILES_PER_WORKER, 1)
        return (
            f"The hard limit is as low: have it raised from outside (docker run --ulimit nofile={needed}, LimitNOFILE= "
            f"of a systemd unit), or stay within some {workers} workers and close Connections and pools that are done."
        )
    goal = needed if most is None else min(needed, most)
    return (
        f"Raise it before starting workers: ulimit -n {goal}, or in the program resource.setrlimit("
        f"resource.RLIMIT_NOFILE, ({goal}, hard)) with the hard limit that getrlimit tells; close Connections and "
        "pools that are done."
    )


def _tasks(machine: Mapping[str, Any]) -> Iterator[Finding]:
    room, what = known(machine, "pids_room"), "Further tasks allowed by the control group (pids.max)"
    limit, used = machine.get("nproc_soft"), machine.get("nproc_used")
    if limit is not None and used is not None and (room is None or limit - used < room):
        room, what = max(limit - used, 0), "Further processes allowed to this user (ulimit -u)"
    if room is not None:
        workers = _workers(machine)
        yield from _low(
            what,
            room,
            _pool(workers, TASKS_PER_WORKER * workers),
            "Raise the limit (docker run --pids-limit, ulimit -u), or set max_workers and OMP_NUM_THREADS so that "
            "workers and their threads fit; beyond it fork and thread starts fail with EAGAIN.",
        )


def _memory(machine: Mapping[str, Any]) -> Iterator[Finding]:
    usable, available = known(machine, "usable_memory"), known(machine, "memory_available")
    if usable is not None:
        workers = int(known(machine, "usable_workers"))
        yield from _low(
            "Memory for this process and its workers",
            min(usable, available),
            _pool(workers, MEMORY_PER_WORKER * (workers + 1), "B"),
            "Start fewer workers (max_workers=…), use threads for tasks that wait, or raise the memory limit: the "
            "kernel kills a worker that exceeds it, and Pool waits for its result for ever.",
        )


def _addresses(machine: Mapping[str, Any]) -> Iterator[Finding]:
    limit = known(machine, "address_space_soft")
    if limit is not None:
        yield from _low(
            "Address space allowed a process (ulimit -v)",
            limit,
            _Need("a process of a pool", ADDRESS_SPACE, "B"),
            "Limit memory by a control group instead of ulimit -v: address space is reserved, not used, by threads "
            "and mapped files.",
        )


def observed(failures: Facts) -> Iterator[Finding]:
    """Find failures of tasks and children that say that a limit was met."""
    for row in failures.all():
        example = str(row.get("example") or "")
        limit = next((name for text, name in MET.items() if text in example), None)
        if limit is None:
            continue
        place, count = Place.of(row), ideals.amount(row, "count")
        yield RULE.finding(
            level="error",
            place=place,
            concern=10 * count,
            seen=f"{ideals.counted(count, 'task or child', 'tasks or children')} failed{ideals.where(place)} as "
            f"'{example}': the limit on {limit} was met.",
            do=f"Raise the limit on {limit}, or stay below it: fewer workers, connections and pools that are closed "
            "when they are done.",
            evidence=(Evidence("failures at the limit", count, "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP703",
    judge=judge,
    run=observed,
    doc=Doc(
        title="A limit stands below what a pool needs",
        why="Limits show as errors far from their cause: 'Too many open files' in a start, BlockingIOError from fork, "
        "a worker killed without a word and a Pool that waits for its result.",
        how=f"Known limits against a pool of {WORKERS} workers (or one a usable CPU, if that is more): "
        f"{FILES_BESIDE} open files and {FILES_PER_WORKER} a worker (the parent holds two, a Pipe adds two), "
        f"{TASKS_PER_WORKER} tasks a worker; {size(MEMORY_PER_WORKER)} of memory for each usable CPU and the parent; "
        f"{size(ADDRESS_SPACE)} of addresses; and whether a semaphore can be created at all. "
        "In an observed program: errors of tasks and children that say that a limit was met.",
        claim='"Too many open files" is usually read as a leak. On macOS, where the limit is 256 by default, a large '
        "pool gets there without any.",
        bad="""\
with ProcessPoolExecutor(max_workers=200) as pool:   # 256 open files: OSError 24
    pool.map(fetch, urls)
""",
        good="""\
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
with ThreadPoolExecutor(max_workers=200) as pool:    # waiting needs no processes
    pool.map(fetch, urls)
""",
        applies="systems with resource limits or control groups: Linux, macOS, other Unix",
        links=(
            "https://docs.python.org/3/library/resource.html",
            "https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",
        ),
    ),
)
