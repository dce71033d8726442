"""Advice when an empty queue was taken for the end of the data, and messages were never read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import number


def observed(channels: Facts) -> Iterator[Finding]:
    """Find queues that their readers left after a look that found nothing, and that still held messages at the end."""
    for channel in ideals.user_rows(channels):
        left, looks = ideals.at_least(channel, "left"), ideals.at_least(channel, "empty_polls")
        if channel.get("type") == "Pipe" or not left or not looks or channel.get("gave_up") == 0:
            continue
        place, puts = Place.of(channel), ideals.amount(channel, "puts")
        gone = ideals.at_least(channel, "gave_up")
        who = f"{number(gone, '1')} readers ended" if gone > 1 else "a reader ended"
        yield RULE.finding(
            level="error",
            place=place,
            confidence="measured" if gone else "inferred",
            concern=10 * max(left / max(puts, 1), 0.1),
            seen=f"{number(left, '1')} of {number(puts, '1')} messages put into the {channel['type']}"
            f"{ideals.where(place)} were never read: {who} after empty(), qsize() or get_nowait() had found nothing, "
            "before the last message came.",
            do="End readers by a sentinel, not by an empty queue: after the last message put None once for each "
            "reader, and read by `for item in iter(queue.get, None)`.",
            evidence=(
                Evidence("messages never read", left, "1"),
                Evidence("reference", 0, "1"),
                Evidence("messages put", puts, "1"),
                Evidence("looks that found nothing", looks, "1"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP306",
    run=observed,
    doc=Doc(
        title="An empty queue is taken for the end of the data",
        why="A queue is empty whenever its writer is a little slower, or has not begun: what was put has yet to pass a "
        "feeder thread and a pipe. A reader that leaves then leaves the rest unread, and nothing says so.",
        how="In an observed program: queues in which messages were left at the end, and of which a reader had looked "
        "in vain by empty(), get_nowait() or a timeout before it ended.",
        claim="The documentation calls empty() and qsize() unreliable. That holds: empty() is True right after put() "
        "returned. For tests with few messages it seems to work, for they are in the pipe before the reader begins.",
        bad="""\
while not jobs.empty():
    handle(jobs.get())
""",
        good="""\
for job in iter(jobs.get, None):    # waits, and ends with the sentinel
    handle(job)

for _ in workers:                   # in the writer, after the last job
    jobs.put(None)
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue.empty",),
    ),
)
