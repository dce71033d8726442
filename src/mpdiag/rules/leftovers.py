"""Advice when earlier programs left shared memory or workers on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Finding, Level, NotJudged, Rule, known
from mpdiag.model import Doc
from mpdiag.units import size

#: From this share of /dev/shm on, what was left behind is missed by running programs.
SHARE_MISSED = 0.1
#: How many of them are named in the advice.
LISTED = 8


def judge(machine: Mapping[str, Any]) -> Iterator[Finding]:
    """Report segments nobody maps and workers without a parent."""
    left, alone = _segments(machine), machine.get("orphaned_workers")
    if left is None and alone is None:
        raise NotJudged("neither segments nor workers could be looked for")
    if left and left["count"]:
        yield _unmapped(left, machine.get("shm_total"))
    if alone:
        yield RULE.finding(
            level="warning",
            seen=f"{alone} multiprocessing {'worker' if alone == 1 else 'workers'} of yours still "
            f"{'runs' if alone == 1 else 'run'} though the parent is gone.",
            do=f"{_look_and_end(machine)}. Start workers that must not outlive their parent with daemon=True, inside a "
            "context manager, and join them.",
            concern=alone,
            evidence=(Evidence("orphaned workers", alone, "1"), Evidence("reference", 1, "1")),
        )


def _segments(machine: Mapping[str, Any]) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] | None = known(machine, "leftover_segments")
    except NotJudged:
        return None
    return found


def _look_and_end(machine: Mapping[str, Any]) -> str:
    pids = " ".join(map(str, (machine.get("orphaned_pids") or ())[:LISTED]))
    if not pids:
        return "Look at them (ps -ef | grep multiprocessing) and end those you do not know"
    if machine.get("os") == "Windows":
        return f"Look at them (Get-Process -Id {pids.replace(' ', ', ')}) and end those you do not know (Stop-Process)"
    return (
        f"Look at them (ps -o pid,lstart,args -p {pids.replace(' ', ',')}) and end those you do not know: kill {pids}"
    )


def _remove(left: Mapping[str, Any]) -> str:
    names = left.get("names") or ()
    if not names:
        return "rm with their names, as ls -l /dev/shm shows them"
    more = f" and the like, {left['count']} in all" if left["count"] > LISTED else ""
    return f"cd /dev/shm && rm {' '.join(names[:LISTED])}{more}"


def _unmapped(left: Mapping[str, Any], total: int | None) -> Finding:
    share = left["bytes"] / total if total else 0.0
    level: Level = "warning" if share >= SHARE_MISSED else "note"
    unseen = left["processes_not_seen"]
    caution = f"; the maps of {unseen} processes could not be read" if unseen else ""
    count = f"{left['count']} {'segment or semaphore' if left['count'] == 1 else 'segments or semaphores'}"
    return RULE.finding(
        level=level,
        seen=f"{count} of multiprocessing in /dev/shm ({size(left['bytes'])}), yours, older than a minute, are mapped "
        f"by no process seen from here{caution}.",
        do=f"When no program of yours hands them over (other containers may share /dev/shm), remove them: "
        f"{_remove(left)}. Call unlink() in a finally block, or use a SharedMemoryManager.",
        concern=left["count"],
        evidence=(
            Evidence("left behind", left["count"], "1"),
            Evidence("bytes", left["bytes"], "B"),
            Evidence("share of /dev/shm", share, "fraction"),
            Evidence("reference", 1, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP706",
    judge=judge,
    doc=Doc(
        title="Earlier programs left something behind",
        why="A named segment outlives every process until someone unlinks it: it holds memory until the next boot, and "
        "a full /dev/shm kills the next program that writes to a segment of its own. A worker without a parent may "
        "compute, or hold a lock, for ever.",
        how="Files in /dev/shm named as multiprocessing names them, of this user, unchanged for a minute and in no "
        "readable memory map; running spawn and forkserver workers of this user whose parent is now the init process.",
        claim="The resource tracker removes segments at exit, but not when it is killed with its program (a container "
        "that stops, kill -9 of the group), nor segments made with track=False (from Python 3.13).",
        bad="""\
block = SharedMemory(create=True, size=size)
work(block)                  # an exception, and nobody unlinks
block.unlink()
""",
        good="""\
with SharedMemoryManager() as manager:
    block = manager.SharedMemory(size)
    work(block)
""",
        applies="segments: Linux; workers: every system",
        links=(
            "https://docs.python.org/3/library/multiprocessing.shared_memory.html",
            "https://docs.python.org/3/library/multiprocessing.html#joining-processes-that-have-been-started",
        ),
    ),
)
