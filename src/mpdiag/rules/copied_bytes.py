"""Advice when large bytes reach another process much faster than through send() or put()."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule
from mpdiag.model import Cell, Doc, Measured
from mpdiag.stats import ratio
from mpdiag.units import interval, number, seconds, size

#: The size that is judged: where "large" is commonly said to begin.
QUOTED = 2**20
#: Below this the change is not worth another line of code.
LIMIT = 1.5
#: A ratio this near to 1 is no difference.
ALIKE = 0.05
#: What bytes can travel by instead of send(), the smallest change first.
OTHERS = {
    "send_bytes": "send_bytes()",
    "reused": "a reused segment",
    "new": "a new segment per message",
}
#: The part of the wall time from which sending bytes is worth a word.
SENDING = 0.05
#: Bytes of a message from which copying decides what it costs.
LARGE = 64 * 2**10


def judge(large_payload: Facts) -> Iterator[Finding]:
    """Compare send() with send_bytes() and shared memory at the quoted size."""
    row = large_payload.rows("", size=QUOTED)[0]
    send = row.get("send")
    if not isinstance(send, Measured):
        raise NotJudged("large_payload did not measure send()")
    gains = {way: ratio(send.samples, other.samples) for way in OTHERS if isinstance(other := row.get(way), Measured)}
    worth = {way: gain for way, gain in gains.items() if gain.at_least > LIMIT}
    if not worth:
        return
    best = max(worth.values(), key=lambda gain: gain.median)
    yield RULE.finding(
        level="note",
        concern=best.median / LIMIT,
        seen=f"{size(QUOTED)} of bytes takes {interval(send, 's')} by send(). Against that, "
        + ", ".join(f"{OTHERS[way]} is {compared(gain)}" for way, gain in gains.items())
        + ". Often quoted: objects above 1 MB are pickled. In fact everything put or sent is pickled at any size, "
        f"there is no such threshold; bytes cost page faults{page_faults(large_payload)}, not pickling.",
        do=" ".join(remedies(large_payload, worth)),
        evidence=(
            *(Evidence.of(f"send() : {OTHERS[way]}", gain, "x") for way, gain in sorted_by_gain(gains)),
            Evidence("reference", LIMIT, "x"),
        ),
    )


def compared(gain: Measured) -> str:
    """How a way compares with send(), in words that hold for the whole interval."""
    text = interval(gain, "x")
    if abs(gain.median - 1) < ALIKE:
        return f"about as fast ({text})"
    if gain.at_least > 1:
        return f"{text} as fast"
    if gain.at_most < 1:
        return f"slower ({text})"
    return f"no faster for certain ({text})"


def sorted_by_gain(gains: Mapping[str, Measured]) -> list[tuple[str, Measured]]:
    """The greatest gain first."""
    return sorted(gains.items(), key=lambda pair: -pair[1].median)


def page_faults(facts: Facts) -> str:
    """How many page faults one send() of the quoted size takes; empty where that is not known or none."""
    try:
        both = facts.number("here", "faults", what="send") + facts.number("there", "faults", what="send")
    except NotJudged:
        return ""
    return f" ({number(round(both), '1')} for this one)" if both >= 1 else ""


def remedies(facts: Facts, worth: Mapping[str, Measured]) -> Iterator[str]:
    """What to do, the smallest change first, with the sizes from which it pays here."""
    if "send_bytes" in worth:
        yield "Send bytes over a Pipe with send_bytes() and recv_bytes(): the smallest change."
    reused, new = (crossover(facts, by) for by in ("reused segment", "new segment per message"))
    if "reused" in worth and reused:
        yield (
            "Make one shared-memory segment and write to it again and again: here it is faster than send() "
            f"{since(reused['send'], facts)} and than send_bytes() {since(reused['send_bytes'], facts)}."
        )
    if new:
        yield f"One made anew for each message is faster than send_bytes() {since(new['send_bytes'], facts)}."


def crossover(facts: Facts, by: str) -> Mapping[str, Cell] | None:
    """The row of the crossover table; None where shared memory was not measured."""
    return next((row for row in facts.tables.get("crossover", ()) if row["by"] == by), None)


def since(first: Cell, facts: Facts) -> str:
    """From which size on, or that it was at none."""
    if isinstance(first, int):
        return f"from {size(first)} on"
    largest = max(row["size"] for row in facts.rows() if isinstance(row["size"], int))
    return f"at no size up to {size(largest)}"


def observed(run: Facts, channels: Facts) -> Iterator[Finding]:
    """Find pipes through which large bytes went: send_bytes() is the smallest change, a reused segment the largest."""
    for channel in ideals.user_rows(channels):
        if ideals.bytes_pipe(channel) and ideals.at_least(channel, "mean_b") >= LARGE:
            yield from of_pipe(run, channel)


def of_pipe(run: Facts, channel: ideals.Row) -> Iterator[Finding]:
    """Judge one pipe that carried nothing but bytes."""
    carried, wall = ideals.channel_carried_s(channel), run.number("wall_s")
    limit = SENDING * wall
    if carried <= limit:
        return
    raw, place = channel.get("unpickled") is True, Place.of(channel)
    lost = min(ideals.channel_idle_s(channel), carried)
    grave = ideals.worth(lost, wall)
    yield RULE.finding(
        level="warning" if grave and not raw else "note",
        place=place,
        gain=ideals.bound(lost, run, "both ends of the pipe would only hand over an index") if grave else None,
        concern=carried / limit,
        seen=f"{number(ideals.amount(channel, 'puts'), '1')} messages of {size(ideals.amount(channel, 'mean_b'))} "
        f"of bytes went through {'send_bytes()' if raw else 'send()'} of the Pipe{ideals.where(place)}; "
        f"{'copying' if raw else 'pickling, copying and unpickling'} took {seconds(carried)}.",
        do=REUSE if raw else f"Use send_bytes() and recv_bytes(): no pickle on either side. {REUSE}",
        evidence=(
            Evidence("sending and receiving", carried, "s"),
            Evidence("reference: 5 % of the wall time", limit, "s"),
        ),
    )


#: What copies least, and the most of a change.
REUSE = (
    "Where that is still too slow, make a few shared-memory segments once, write into them again and again and send "
    "the number of the one that is full."
)

RULE: Final = Rule(
    module=__name__,
    id="MP205",
    judge=judge,
    run=observed,
    doc=Doc(
        title="Large bytes are copied more than they need be",
        why="send() and put() pickle a buffer, write it to a pipe, read it and unpickle it: four copies, and memory "
        "that is fetched from the system and given back for every message.",
        how=f"One hand-over of {size(QUOTED)} to a consumer that reads every page: send() against send_bytes(), a "
        "reused shared-memory segment and a new one per message, ratios paired by round. Reported when one of them is "
        f"more than {LIMIT:g}× as fast with its whole interval. "
        "In an observed program: Pipes that carried nothing but large bytes, and took more than 5 % of the wall time "
        "for it; a warning where that was by send() and delayed both ends for as long.",
        claim="'Objects over 1 MB trigger pickling, so use shared memory' is wrong on both counts. Everything is "
        "pickled, at any size; pickling bytes is little more than copying them. Shared memory pays when the segment is "
        "reused (often from 64 KiB on); a new one for each message is mostly slower than send_bytes() below several "
        "MiB, for its pages have to be made, filled and unlinked each time.",
        bad="""
            connection.send(image.tobytes())                        # pickled, copied, copied, unpickled
            segment = SharedMemory(create=True, size=len(image))    # new pages for every message
        """,
        good="""
            connection.send_bytes(image)                            # no pickle on either side

            segment = SharedMemory(create=True, size=LARGEST)       # once
            segment.buf[:len(image)] = image                        # for every message
            connection.send(len(image))
        """,
        applies="bytes, bytearray, memoryview, array and NumPy arrays; queues have no send_bytes(). From Python 3.14 "
        "on, pipes are read in pieces of 64 KiB, which takes fewer page faults",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.send_bytes",
            "https://docs.python.org/3/library/multiprocessing.shared_memory.html",
            "https://github.com/python/cpython/issues/121313",
        ),
    ),
)
