"""Advice when a queue without a bound fills memory with what its reader cannot take in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import number, size

#: Messages that a reader should find waiting, so that it never waits itself; more only fill memory.
ENOUGH = 8


def observed(channels: Facts) -> Iterator[Finding]:
    """Find queues without a bound and with a large backlog."""
    for channel in ideals.user_rows(channels):
        backlog = ideals.at_least(channel, "backlog_b")
        if channel.get("maxsize") or backlog < ideals.BACKLOG:
            continue
        place, items = Place.of(channel), ideals.at_least(channel, "backlog_max")
        yield RULE.finding(
            level="warning",
            place=place,
            concern=backlog / ideals.BACKLOG,
            seen=f"Up to {number(items, '1')} messages, {size(backlog)}, waited in the {channel['type']}"
            f"{ideals.where(place)}, which has no bound: its writers are faster than its readers.",
            do=f"Make it with a bound: {channel['type']}(maxsize={ENOUGH}) holds the writers back without delaying the "
            f"readers, and about {size(backlog / max(items, 1) * ENOUGH)} at most. put() then waits: give it a timeout "
            "where the reader might end early.",
            evidence=(
                Evidence("waiting in the queue, at most", backlog, "B"),
                Evidence("reference: what matters beside an interpreter", ideals.BACKLOG, "B"),
                Evidence("messages waiting, at most", items, "1"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP303",
    run=observed,
    doc=Doc(
        title="A queue without a bound holds what its reader cannot take",
        why="put() on a Queue without maxsize never waits: a feeder thread keeps what the pipe does not take, in the "
        "writer's memory and without limit. A writer that is faster than its reader so grows until it ends or is "
        "killed, and it cannot end before all of it has been read.",
        how=f"In an observed program: queues without a bound in which messages of {size(ideals.BACKLOG)} or more "
        "waited at once. It is about memory: the time that the program takes hardly changes.",
        claim="Often read: put() blocks when the reader is slow. It does so only with maxsize; without, the limit is "
        "2,147,483,647 messages on Linux. On macOS it is 32,767, and qsize() does not exist.",
        bad="""\
frames = Queue()
for frame in camera:
    frames.put(frame)               # returns at once, whatever the encoder does
""",
        good="""\
frames = Queue(maxsize=8)
for frame in camera:
    frames.put(frame, timeout=60)   # waits while 8 frames are unread
""",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue",
            "https://docs.python.org/3/library/multiprocessing.html#programming-guidelines",
        ),
    ),
)
