"""Advice when processes hold what the others want."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Cell, Doc
from mpdiag.standstill import Standing

DO: Final = (
    "Take locks in the same order everywhere, or one lock for both; acquire(timeout=…) lets one side give up and let "
    "go."
)


TWICE: Final = (
    "Take it in one place alone, or use an RLock, which its holder may take again. A signal handler runs between any "
    "two lines, also between those that hold the lock: let it only note something."
)


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find circles of processes, each of which waits for a lock that the next one holds, be it the same one."""
    yield from _from_outside(standing)
    yield from _of_threads(standing)
    yield from _taken_twice(standing)
    wants: dict[Cell, tuple[Row, Cell]] = {}
    for row in standing.stuck(kind="lock"):
        holders = standing.holding(row["object"])
        if holders and row["pid"] not in holders:
            wants.setdefault(row["pid"], (row, holders[0]))
    for circle in standstill.circles({pid: holder for pid, (_, holder) in wants.items()}):
        rows = [wants[pid][0] for pid in circle]
        story = "; ".join(
            f"{standstill.waits(row)} for {standing.lock(str(row['object']))}, which "
            f"{standing.members[wants[row['pid']][1]]['process']} holds"
            for row in rows
        )
        yield RULE.finding(
            **standstill.blame(rows[0]),
            seen=f"{story}.",
            do=DO,
            evidence=(
                Evidence("processes in the circle", len(rows), "1"),
                Evidence("locks", len({row["object"] for row in rows}), "1"),
            ),
        )


def _from_outside(standing: Standing) -> Iterator[Finding]:
    """Of locks whose holders are not known: processes that each wait for another one."""
    rows = [row for row in standing.stuck(kind="lock", alone=False) if standing.takes(row) and row.get("api") != "get"]
    wanted = {row["object"]: row for row in rows}
    if standing.locks or len(wanted) < 2 or len({row["pid"] for row in wanted.values()}) < len(wanted):
        return
    first, *_ = wanted.values()
    story = "; ".join(standstill.waits(row) for row in wanted.values())
    yield RULE.finding(
        **standstill.blame(first, sure=False),
        seen=f"{story}: each for another lock, and nobody who shares one goes on. Who holds which cannot be seen from "
        "outside.",
        do=DO,
        evidence=(Evidence("processes that wait", len(wanted), "1"), Evidence("locks", len(wanted), "1")),
    )


def _of_threads(standing: Standing) -> Iterator[Finding]:
    """Of locks of `threading`, which tell nobody who holds them: the threads of the main process that take one."""
    rows = [row for row in standing.stuck(kind="within", doing="lock") if row.get("locks") and not row.get("library")]
    rows = [row for row in rows if row["process"] == "main" and row.get("tool") in (None, "Lock", "RLock")]
    if not rows or any(standing.threads(rows[0]["pid"], can_move=True)):
        return
    first = rows[0]
    alone = len(list(standing.threads(first["pid"]))) == 1
    if not alone and len(rows) == 1:
        return
    places: dict[tuple[Cell, Cell], list[Row]] = {}
    for row in rows:
        places.setdefault((row.get("file"), row.get("line")), []).append(row)
    yield RULE.finding(
        **standstill.blame(first, sure=False),
        seen=f"{standstill.waits(first)} for a lock, and there is no other thread: it has taken it itself already, as "
        "a Lock lets nobody do twice, or a thread that has ended did."
        if alone
        else f"{'; '.join(standstill.waits(each[0], each) for each in places.values())}: each for a lock, and no "
        "thread that could let one go goes on. Who holds which, threads do not tell.",
        do=TWICE if alone else DO,
        evidence=(Evidence("threads that wait", len(rows), "1"), Evidence("threads that can go on", 0, "1")),
    )


def _taken_twice(standing: Standing) -> Iterator[Finding]:
    """Of locks that a main thread waits for and holds itself."""
    for row in standing.stuck(kind="lock", main=True):
        mine = [lock for lock in standing.knowing(row["object"]) if lock["pid"] == row["pid"]]
        if any(lock["type"] == "Lock" and standstill.holds(lock) and lock.get("by_main") for lock in mine):
            yield RULE.finding(
                **standstill.blame(row),
                seen=f"{standstill.waits(row)} for {standing.lock(str(row['object']))}, which it has taken itself "
                "already: a Lock cannot be taken twice, not even by the one who holds it.",
                do=TWICE,
                evidence=(Evidence("times that it holds the lock", standstill.count(mine[0], "held"), "1"),),
            )


RULE: Final = Rule(
    module=__name__,
    id="MP610",
    hang=stuck,
    doc=Doc(
        title="A circle of waits for locks",
        why="One process holds the first lock and waits for the second, the other one the other way round: neither "
        "lets go. The smallest circle is a process that takes a Lock which it holds already, in a function that it "
        "calls or in a signal handler. A circle of two takes bad luck, so it happens under load and not in tests.",
        how="Stuck: processes wait for locks in a circle, each for one that the next holds, or one for its own.",
        claim="'I only hold them for a moment' makes it rare, not impossible.",
        bad="""\
def transfer(source, target, amount):
    with source.lock, target.lock:      # and the other way round for the way back
        ...
""",
        good="""\
def transfer(source, target, amount):
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock, second.lock:
        ...
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Lock.acquire",),
    ),
)
