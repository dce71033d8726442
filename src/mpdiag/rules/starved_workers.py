"""Advice when consumers wait for messages that nobody will send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Cell, Doc
from mpdiag.standstill import Standing

#: The program's own calls that take from a queue.
TAKES: Final = ("get", "recv", "get_nowait")
DO: Final = (
    "Put one sentinel (None) for each consumer when there is no more, after the last message, in a finally block; or "
    "take with a timeout and look whether the producers live."
)


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for a message from a queue into which nobody puts any more."""
    for rows in standing.proxied("get"):
        yield _of_manager(rows)
    hungry: dict[Cell, list[Row]] = {}
    for row in standing.stuck():
        name = standing.own_queue(row)
        if name and row["kind"] in ("read", "lock") and row.get("api") in TAKES:
            hungry.setdefault(name, []).append(row)
    waiting = {row["pid"] for rows in hungry.values() for row in rows}
    for name, rows in hungry.items():
        if all(row["kind"] == "lock" for row in rows) or _fed(name, rows, waiting, standing):
            continue
        takers = standing.users.all(object=name, use="takes")
        ended = [taker for taker in takers if not taker["alive"]]
        row = rows[0]
        yield RULE.finding(
            **standstill.blame(row, sure=False),
            seen=f"{standstill.waits(row, rows)} for a message from "
            f"{standing.channel(str(name))}, which is empty, and nobody will put one: {_givers(name, standing)}"
            + (f" {len(ended)} of its {len(takers)} consumers have ended." if ended else ""),
            do=DO,
            evidence=(
                Evidence("consumers that wait", len(rows), "1"),
                Evidence("consumers that have ended", len(ended), "1"),
                Evidence("producers that can go on", 0, "1"),
            ),
        )


def _of_manager(rows: list[Row]) -> Finding:
    """Of a queue that lives in a manager's server, which does not tell who puts into it."""
    return RULE.finding(
        **standstill.blame(rows[0], sure=False),
        seen=f"{standstill.waits(rows[0], rows)} for a message from a queue of a Manager, which is empty, and nobody "
        "will put one: all that could wait themselves.",
        do=DO,
        evidence=(Evidence("consumers that wait", len(rows), "1"), Evidence("producers that can go on", 0, "1")),
    )


def _fed(name: Cell, hungry: list[Row], waiting: set[Cell], standing: Standing) -> bool:
    """Whether a process that puts into the queue may do so again, once its own wait is over.

    It does not if that is for the end of any of those ``waiting`` for messages, or for the results of tasks that do:
    from outside, who waits for its turn at the queue is seen at a lock, and not known to be at this queue.
    """
    in_tasks = any(row.get("in_task") for row in hungry)
    for giver in standing.users.all(object=name, use="gives"):
        if giver["alive"] and giver["pid"] not in {row["pid"] for row in hungry}:
            joins = standing.threads(giver["pid"], main=True)
            if not any(
                waiting.intersection(standing.ended_by(row)) or row["exits"] or (in_tasks and _for_results(row))
                for row in joins
            ):
                return True
    return False


def _for_results(row: Row) -> bool:
    """Whether a thread waits for results of a pool."""
    return row["kind"] == "within" and (bool(row.get("pool")) or row.get("library") in standstill.RESULTS)


def _givers(name: Cell, standing: Standing) -> str:
    """What became of those who put into the queue."""
    givers = standing.users.all(object=name, use="gives")
    if not givers:
        return "no process has ever put any."
    told = (f"{giver['process']}{_state(giver, standing)}" for giver in givers)
    return f"{standstill.some(told)}."


def _state(giver: Row, standing: Standing) -> str:
    if not giver["alive"]:
        return f" has ended{standstill.ended(giver.get('exit'))}"
    main = next(standing.threads(giver["pid"], main=True), None)
    return f" {standing.what(main)}" if main else " lives"


RULE: Final = Rule(
    module=__name__,
    id="MP611",
    hang=stuck,
    doc=Doc(
        title="Workers wait for work that nobody will send",
        why="A queue has no end of file: get() waits although every producer has gone. Each consumer needs a sign of "
        "its own that there is no more; one None for three consumers ends one of them.",
        how="Stuck: a thread waits in get(), and every process that has put something into that queue has ended, or "
        "waits for such a consumer to end.",
        claim="'empty() tells when to stop' is wrong: it says what is in the pipe at this moment (MP306).",
        bad="""\
for job in jobs:
    queue.put(job)
queue.put(None)                         # one for three workers
for worker in workers:
    worker.join()
""",
        good="""\
for job in jobs:
    queue.put(job)
for worker in workers:
    queue.put(None)
for worker in workers:
    worker.join()
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue.get",),
    ),
)
