"""Advice when several processes write to one end of a pipe without a lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import number, size

#: Bytes that a system writes to a pipe in one piece (PIPE_BUF of Linux; less elsewhere), without a message's header.
WHOLE = 4092


def observed(channels: Facts) -> Iterator[Finding]:
    """Find ends of pipes that more than one process wrote to while it held no lock."""
    for channel in ideals.user_rows(channels):
        writers = ideals.at_least(channel, "end_writers")
        if channel.get("type") != "Pipe" or writers < 2:
            continue
        unlocked = ideals.amount(channel, "unlocked_sends")
        if not unlocked:
            continue
        place, each = Place.of(channel), ideals.at_least(channel, "mean_b")
        breaks = each > WHOLE
        yield RULE.finding(
            level="error" if breaks else "warning",
            place=place,
            concern=max(each / WHOLE, 0.1),
            seen=f"{number(writers, '1')} processes sent {number(unlocked, '1')} messages of {size(each)} through one "
            f"end of the Pipe{ideals.where(place)} without holding a lock. "
            + ("Messages of that size are written in pieces, which mix." if breaks else "Larger ones would mix."),
            do="Give each process a Pipe of its own and read them with multiprocessing.connection.wait(), or use a "
            "SimpleQueue, which is a pipe with a lock.",
            evidence=(
                Evidence("bytes of a message", each, "B"),
                Evidence("reference: written in one piece", WHOLE, "B"),
                Evidence("sent without a lock", unlocked, "1"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP308",
    run=observed,
    doc=Doc(
        title="One end of a pipe is written by several processes",
        why="A Connection has no lock. The system writes small messages in one piece; larger ones it takes in parts, "
        "and those of two writers mix. The reader then takes bytes of the one for the length of the other.",
        how=f"In an observed program: ends of pipes that two processes or more sent through while they held no lock of "
        f"multiprocessing. An error where messages are larger than {WHOLE:,} B on average, else a warning.",
        claim="Often read: a Pipe joins two processes only. Any number may hold an end; what is missing is the lock. "
        "Up to 4,092 B nothing mixed in our tests; from 5,000 B the stream broke after a few messages.",
        bad="""\
ours, theirs = Pipe()
for _ in range(4):
    Process(target=work, args=(theirs,)).start()    # four writers, one end
""",
        good="""\
results = SimpleQueue()                             # a pipe with a lock
for _ in range(4):
    Process(target=work, args=(results,)).start()
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Pipe",),
    ),
)
