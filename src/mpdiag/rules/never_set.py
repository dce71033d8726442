"""Advice when a thread waits for a sign that nobody will give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Doc
from mpdiag.standstill import Standing

#: What is waited for, and what would end it.
ENDED_BY: Final = {
    "Event": "set()",
    "Condition": "notify()",
    "Semaphore": "release()",
    "BoundedSemaphore": "release()",
    "Queue": "put()",
    "SimpleQueue": "put()",
    "Barrier": "the last wait()",
}


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for an Event, a Condition, a Barrier and the like, while all others wait as well."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in standing.stuck():
        if row["kind"] in ("within", "lock") and row.get("tool") in ENDED_BY and _users(row, standing):
            groups.setdefault((row["tool"], row.get("file"), row.get("line")), []).append(row)
    for (tool, *_), rows in groups.items():
        few = f" {rows[0]['present']} of {rows[0]['parties']} are there." if rows[0].get("parties") else ""
        yield _finding(rows, f"{standstill.a(str(tool))}: {ENDED_BY[str(tool)]}", few)
    for rows in standing.proxied("wait", "wait_for"):
        yield _finding(rows, "a sign by way of a Manager: set(), notify() or the last wait()")


def _finding(rows: list[Row], sign: str, few: str = "") -> Finding:
    return RULE.finding(
        **standstill.blame(rows[0], sure=False),
        seen=f"{standstill.waits(rows[0], rows)} for {sign} would end that, and nobody who could call it goes on.{few}",
        do="Find who was to call it, and why it did not come to that: it ended early, waits itself, or notified "
        "before anybody waited (a Condition does not remember; an Event does). Give the wait a timeout.",
        evidence=(
            Evidence("threads that wait so", len(rows), "1"),
            Evidence("threads that could end it and go on", 0, "1"),
        ),
    )


def _users(row: Row, standing: Standing) -> bool:
    """Whether the program waits for it, in a line, a thread or a task of its own, and not for a pool or a queue."""
    inside = row.get("api") == "join"  # of a JoinableQueue: its Condition is its own
    if inside or any(row.get(key) for key in ("pool", "states", "channel")) or row.get("library") in standstill.RESULTS:
        return False
    if row.get("file") is not None or row.get("in_task"):
        return True
    joined = any(standing.threads(row["pid"], kind="thread", object=f"thread:{row['native']}"))
    joins = any(
        each.get("library") == "threading.py" for each in standing.threads(row["pid"], kind="within", api="join")
    )
    return not row["main"] and row.get("job") is None and (joined or joins)


RULE: Final = Rule(
    module=__name__,
    id="MP617",
    hang=stuck,
    doc=Doc(
        title="A sign that nobody will give",
        why="wait() of an Event, a Condition or a Barrier returns when somebody else acts. A Barrier for four with "
        "three who come, a notify() before the wait(), an Event that an exception kept from being set: it waits for "
        "ever.",
        how="Stuck: a thread waits for such a thing, and none of those that could act on it can go on.",
        claim="'notify() wakes whoever waits' is true of those that wait at that moment; later ones have missed it.",
        bad="""\
barrier = Barrier(len(workers) + 1)         # and the parent never waits
""",
        good="""\
with condition:
    condition.wait_for(lambda: ready.value, timeout=30)
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Barrier",),
    ),
)
