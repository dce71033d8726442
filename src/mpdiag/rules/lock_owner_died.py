"""Advice when a lock is held by a process that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Cell, Doc
from mpdiag.standstill import Standing

#: How a process ends that had no chance to let go.
HARSH: Final = ("SIGKILL", "SIGTERM", "SIGSEGV", "SIGBUS", "SIGABRT", "SIGXCPU")


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find locks that are taken, held by none of the living, and waited for."""
    waiting = {row["object"]: row for row in standing.stuck(kind="lock") if _orphaned(row, standing)}
    unknown: dict[Cell, list[Row]] = {}
    for row in standing.stuck(kind="lock"):
        if row["object"] not in standing.locks and standing.takes(row):
            unknown.setdefault(row["object"], []).append(row)
    for rows in unknown.values():
        yield from _from_outside(rows, standing)
    for rows in standing.proxied("acquire", "__enter__"):
        yield _of_manager(rows)
    dead = [row for row in standing.members.values() if not row["alive"] and row.get("role") != "resource_tracker"]
    for name, row in waiting.items():
        owned = standing.locks[name]["type"] in standstill.OWNED
        gone = [each for each in dead if each.get("exit") in HARSH]
        gone = gone or [each for each in dead if owned or each.get("exit")]
        if not gone:
            continue
        who = standstill.some(f"{each['process']}{standstill.ended(each.get('exit'))}" for each in gone)
        yield RULE.finding(
            **standstill.blame(row, sure=False),
            seen=f"{standstill.waits(row)} for {standing.lock(str(name))}, which no living process holds: whoever "
            f"{'took it' if owned else 'was to release it'} has ended, as did {who}.",
            do="Do not kill processes that may hold a lock, nor let them die of an error with it: take it by with, and "
            "end them by a message or an Event. get() of a queue holds its lock while it waits, so a consumer that is "
            "killed there locks out all others: give each its own pipe, or use an executor.",
            evidence=(
                Evidence("living processes that hold it", 0, "1"),
                Evidence("its value", standstill.count(standing.locks[name], "value"), "1"),
                Evidence("processes that have ended", len(dead), "1"),
            ),
        )


def _from_outside(rows: list[Row], standing: Standing) -> Iterator[Finding]:
    """Of a lock whose holder is not known: all that share it wait for it, or for the end of one that does."""
    row, *more = rows
    sharing = set(standing.needed(row)) - {each["pid"] for each in more}
    joining = {each["pid"] for one in rows for each in standing.awaiting(one)}
    if not (row.get("alone") or (sharing <= joining and (sharing or more))):
        return
    others = standstill.some(str(standing.members[pid]["process"]) for pid in sharing)
    yield RULE.finding(
        **standstill.blame(row, sure=False),
        seen=f"{standstill.waits(row, rows)} for a lock that "
        + (
            "no other living process shares: whoever took it has ended, or it took it twice itself."
            if not sharing
            else f"no other living process shares but {others}: whoever took it has ended, or holds it while waiting "
            "for this one to end."
        ),
        do="Do not kill processes that may hold a lock, as a consumer does in get(): end them by a message or an "
        "Event. Let go of a lock before join().",
        evidence=(Evidence("processes that share it and can go on", 0, "1"), Evidence("reference", 1, "1")),
    )


def _of_manager(rows: list[Row]) -> Finding:
    """Of a lock that lives in a manager's server, which does not tell who holds it."""
    return RULE.finding(
        **standstill.blame(rows[0], sure=False),
        seen=f"{standstill.waits(rows[0], rows)} for a lock of a Manager, which nobody will let go: whoever took it "
        "has ended, or waits itself. The manager's server holds it on, whatever becomes of its clients.",
        do="Take it by with, so that an exception lets it go, and do not end processes that may hold it: neither "
        "os._exit() nor a signal lets go.",
        evidence=(Evidence("processes that could let it go and go on", 0, "1"), Evidence("reference", 1, "1")),
    )


def _orphaned(row: Row, standing: Standing) -> bool:
    """Whether nobody holds what a thread waits for, although it is taken."""
    known = standing.knowing(row["object"])
    kind = known[0]["type"] if known else None
    if kind not in (*standstill.OWNED, *standstill.COUNTED) or standing.holding(row["object"]):
        return False
    if kind in standstill.COUNTED and row.get("tool") != kind:
        return False  # a part of something else, as an Event's
    return any(lock.get("value") == 0 for lock in known)


RULE: Final = Rule(
    module=__name__,
    id="MP609",
    hang=stuck,
    doc=Doc(
        title="A lock held by a process that is gone",
        why="A lock of multiprocessing is a semaphore of the system. Nothing lets it go when its holder is killed or "
        "ends by os._exit(): everyone else waits for ever.",
        how="Stuck: a thread waits for a Lock or RLock that is taken, no living process says that it holds it, and "
        "some process has ended; for a Semaphore, one has ended by an error or a signal.",
        claim="'The system frees what a process held' holds for files and memory, not for semaphores. A lock of fcntl "
        "on a file is freed.",
        bad="""\
worker.terminate()              # it may just hold the lock, or wait in get()
with lock:
    report()
""",
        good="""\
stop.set()                      # an Event that the worker looks at
worker.join()
with lock:
    report()
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.terminate",),
    ),
)
