"""Advice when put() waits for a consumer that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for a free place in a bounded queue from which nobody takes any more."""
    for row in standing.stuck(kind="place"):
        takers = standing.users.all(object=row["channel"], use="takes") if row.get("channel") else []
        if any(taker["alive"] and taker["pid"] != row["pid"] for taker in takers):
            continue  # it waits itself, and why is another question
        queue = standing.queues.get(row["channel"], {})
        yield RULE.finding(
            **standstill.blame(row),
            seen=f"{standstill.waits(row)} for a free place in {_full(row, standing)}: {_gone(takers)}",
            do="Find out why the consumer ended; let it go on after a bad message. put(timeout=…) raises queue.Full, "
            "which is the moment to look at is_alive().",
            evidence=(
                Evidence("messages in the queue", ideals.at_least(queue, "inside"), "1"),
                Evidence("reference: its maxsize", ideals.at_least(row, "bound"), "1"),
                Evidence("consumers that live", 0, "1"),
            ),
        )


def _full(row: ideals.Row, standing: Standing) -> str:
    """The queue; seen from outside, it has no name."""
    if not row.get("channel"):
        return "a full queue"
    return f"{standing.channel(str(row['channel']))}, which holds {ideals.at_least(row, 'bound'):,.0f} messages"


def _gone(takers: list[ideals.Row]) -> str:
    """What became of those who took from the queue."""
    dead = [taker for taker in takers if not taker["alive"]]
    if not dead:
        return "nobody takes any."
    last = dead[-1]
    return (
        f"{last['process']}, which took {ideals.at_least(last, 'count'):,.0f} of them, has "
        f"ended{standstill.ended(last.get('exit'))}."
    )


RULE: Final = Rule(
    module=__name__,
    id="MP602",
    hang=stuck,
    aliases=("bounded-queue-dead-consumer",),
    doc=Doc(
        title="put() waits for a consumer that is gone",
        why="put() on a full queue waits until somebody takes a message. When the consumer has died of an exception, "
        "or was never started, it waits for ever: a queue does not know who reads it.",
        how="Stuck: a thread waits in put() on a queue with a bound, and every process that ever took from it has "
        "ended.",
        claim="'A bounded queue can block' is true only with maxsize: without, put() never waits, memory grows "
        "instead, and the process cannot end before somebody reads (MP601).",
        bad="""\
queue = Queue(maxsize=64)
for record in records:
    queue.put(record)                    # for ever, once the consumer has died
""",
        good="""\
queue = Queue(maxsize=64)
for record in records:
    while True:
        try:
            queue.put(record, timeout=5)
            break
        except Full:
            if not consumer.is_alive():
                raise RuntimeError(f"the consumer ended with {consumer.exitcode}")
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue.put",),
    ),
)
