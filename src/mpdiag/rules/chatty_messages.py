"""Advice when many small messages, sent one by one, cost many times what they cost in lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, number, seconds

#: Below this, lists are not worth the delay of collecting them.
LIMIT = 2.0
#: The part of a core that small messages may take before they are worth a change.
SHARE = 0.1


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


RULE: Final = Rule(
    module=__name__,
    id="MP307",
    judge=judge,
    doc=Doc(
        title="Small messages cost the same, each",
        why="A message pays for a pickler, system calls on both sides and often for waking the reader, however little "
        "it carries. In a list that price is paid once for all.",
        how=f"Objects of 64 B sent through a Pipe one by one, in lists of 10 and of 100, and by send_bytes(), until "
        f"all have arrived, in the same rounds; reported when the interval of the gain lies above {LIMIT:g}×. The rate "
        f"is the one at which single messages take a tenth of a core.",
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
