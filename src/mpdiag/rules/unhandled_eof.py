"""Advice when a process died of the EOFError that a closed connection raises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc


def observed(channels: Facts) -> Iterator[Finding]:
    """Find connections whose end nobody expected."""
    ended = [row for row in ideals.user_rows(channels) if ideals.at_least(row, "eof") > 0]
    if not ended:
        return
    place, count = Place.of(ended[0]), sum(ideals.amount(row, "eof") for row in ended)
    others = f", and of {len(ended) - 1} more" if len(ended) > 1 else ""
    yield RULE.finding(
        level="error",
        place=place,
        concern=10 * count,
        seen=f"recv() raised EOFError {ideals.counted(count, 'time')} and nobody caught it: the other end of the "
        f"{ended[0]['type']}{ideals.where(place)}{others} had been closed. The process ended there, without what it "
        "had yet to send.",
        do="Catch EOFError around recv() where the closed end means that no more will come, or send a sentinel (None) "
        "before closing. When a process waits for an answer, EOFError says that the other one died: see its traceback "
        "first.",
        evidence=(Evidence("EOFErrors that nobody caught", count, "1"), Evidence("reference", 0, "1")),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP305",
    run=observed,
    doc=Doc(
        title="The end of a connection is not expected",
        why="When every copy of the other end is closed, recv() raises EOFError. A process that does not catch it ends "
        "with a traceback, often before it has sent its result, and whoever waits for that ends in the same way.",
        how="In an observed program: calls of recv() that ended with an EOFError which left the process's target.",
        claim="Often read: recv() raises EOFError when the other end closes. Only when *every* copy of it is closed: "
        "one that the parent or a forked sibling still holds makes recv() wait for ever instead. A writer that dies "
        "in the middle of a message gives OSError, and send() to a closed end BrokenPipeError.",
        bad="""\
while True:
    block = stream.recv()       # EOFError after the last one
    add(block)
summary.send(total)             # never reached
""",
        good="""\
try:
    while True:
        add(stream.recv())
except EOFError:                # the sender is done
    summary.send(total)
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.recv",),
    ),
)
