"""Advice when many small messages, sent one by one, cost many times what they cost in lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, number, seconds, size

#: Below this, lists are not worth the delay of collecting them.
LIMIT = 2.0
#: The part of a core that small messages may take before they are worth a change.
SHARE = 0.1
#: Messages a second from which their number, not what they say, takes a sizeable part of a core.
RATE = 5000
#: Bytes up to which a message's size does not matter.
TINY = 2**10
#: The part of the messages that wait for an answer, or are one, from which on they cannot be collected.
ANSWERED = 0.9
#: What remains of the cost of single messages in lists of 100.
LISTED = 0.1
#: A warning needs more of the wall time than a gain that is sure: collecting messages delays them.
WORTH = 0.2


def judge(channels: Facts) -> Iterator[Finding]:
    """Compare small objects sent one by one with the same in lists, and with send_bytes()."""
    gain = channels.measured("gain", "batches", way="Pipe, lists of 100")
    single = channels.measured("item", "batches", way="Pipe, one by one")
    listed = channels.measured("item", "batches", way="Pipe, lists of 100")
    few = channels.measured("gain", "batches", way="Pipe, lists of 10")
    raw = channels.measured("gain", "batches", way="Pipe, send_bytes")
    if gain.at_least <= LIMIT:
        return
    limit = float(f"{SHARE / single.median:.2g}")
    yield RULE.finding(
        level="note",
        seen=f"An object of 64 B takes {seconds(single.median)} when each is sent by itself, so one pipe carries "
        f"{number(1 / single.median, '1/s')} at most, and {seconds(listed.median)} in "
        f"lists of 100: {interval(gain, 'x')} as many. Lists of 10 gain {number(few.median, 'x')}, send_bytes() in "
        f"place of send() {interval(raw, 'x')}.",
        do=f"From {number(limit, '1')} messages a second on they take a tenth of a core: "
        "send lists of 10 to 100 objects, flushed after a few milliseconds if they must not wait. What is bytes "
        "already goes by send_bytes(), without pickling.",
        concern=gain.median / LIMIT,
        evidence=(
            Evidence.of("one by one : in lists of 100", gain, "x"),
            Evidence("reference", LIMIT, "x"),
            Evidence.of("an object sent by itself", single, "s"),
            Evidence.of("an object in a list of 100", listed, "s"),
            Evidence.of("send() : send_bytes()", raw, "x"),
            Evidence("messages for a tenth of a core", limit, "1/s"),
        ),
    )


def observed(run: Facts, channels: Facts) -> Iterator[Finding]:
    """Find streams of small messages on which both ends spend their time."""
    wall = run.number("wall_s")
    for channel in ideals.user_rows(channels):
        count, each = ideals.amount(channel, "puts"), ideals.at_least(channel, "mean_b")
        answered = 2 * ideals.at_least(channel, "round_trips") > ANSWERED * count
        if each > TINY or count < RATE * wall or answered:
            continue
        recoverable = ideals.channel_idle_s(channel) * (1 - LISTED)
        if not ideals.worth(recoverable, wall):
            continue
        place = Place.of(channel)
        yield RULE.finding(
            level="warning" if recoverable >= WORTH * wall else "note",
            place=place,
            confidence="inferred",
            gain=ideals.bound(recoverable, run, "lists of 100 leave a tenth of the time spent on the channel"),
            concern=count / wall / RATE,
            seen=f"{number(count, '1')} messages of {size(each)} each went one by one through the {channel['type']}"
            f"{ideals.where(place)}, {number(count / wall, '1/s')}.",
            do="Collect them: send lists of 100, and what is left at the end or after a few milliseconds. What is "
            "bytes already goes over a Pipe by send_bytes(), without pickling.",
            evidence=(
                Evidence("messages a second", count / wall, "1/s"),
                Evidence("reference", RATE, "1/s"),
                Evidence("time of the less patient end on the channel", ideals.channel_idle_s(channel), "s"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP307",
    judge=judge,
    run=observed,
    doc=Doc(
        title="Small messages cost the same, each",
        why="A message pays for a pickler, system calls on both sides and often for waking the reader, however little "
        "it carries. In a list that price is paid once for all.",
        how=f"Objects of 64 B sent through a Pipe one by one, in lists of 10 and of 100, and by send_bytes(), until "
        f"all have arrived, in the same rounds; reported when the interval of the gain lies above {LIMIT:g}×. The rate "
        f"is the one at which single messages take a tenth of a core. "
        f"In an observed program: channels with more than {RATE:,} messages a second that are not answered one by "
        "one, and "
        "the time that the less patient end spent on them instead of its work.",
        claim="Often read: a Pipe is steadier than a Queue for ten thousand small messages a second. Both keep up with "
        "that; the Pipe takes about half the CPU time. Fewer and larger messages save more than any change of channel.",
        bad="""\
for row in rows:
    conn.send(row)
conn.send(None)
""",
        good="""\
rows = iter(rows)
while batch := list(itertools.islice(rows, 100)):
    conn.send(batch)
conn.send(None)
""",
        applies="streams of small messages; every Python version, system and start method",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.send_bytes",
            "https://docs.python.org/3/library/itertools.html#itertools.batched",
        ),
    ),
)
