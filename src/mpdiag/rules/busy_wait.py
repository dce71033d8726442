"""Advice when a loop that polls without a pause burns a core while a patient wait burns next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, number, seconds

#: The part of a core that waiting may burn.
LIMIT = 0.1


def judge(polling: Facts) -> Iterator[Finding]:
    """Compare a busy loop with poll(timeout): CPU while waiting, and how late a message is noticed."""
    busy = polling.measured("cpu", way="while: poll()")
    polls = polling.number("polls", way="while: poll()")
    patient = polling.measured("cpu", way="poll(timeout)")
    latency = polling.measured("latency", way="poll(timeout)")
    paused = polling.measured("latency", way="poll(), sleep(10 ms)")
    least = busy.at_least
    if least <= LIMIT or patient.median >= busy.median:
        return
    yield RULE.finding(
        level="note",
        seen=f"`while True: if conn.poll(): …` burns {interval(busy, 'fraction')} of a core while it waits "
        f"({number(polls, '1/s')} polls); poll(timeout) burns {number(patient.median, 'fraction')} of a short wait and "
        f"notices a message after {interval(latency, 's')}. A pause of 10 ms between polls makes that "
        f"{seconds(paused.median)}.",
        do="Let the system wait: recv() or get() where there is nothing else to do, poll(timeout) or get(timeout=…) "
        "where there is, multiprocessing.connection.wait() for several connections and process sentinels at once.",
        concern=busy.median / LIMIT,
        evidence=(
            Evidence.of("CPU while polling without a pause", busy, "fraction"),
            Evidence("reference", LIMIT, "fraction"),
            Evidence.of("CPU while in poll(timeout)", patient, "fraction"),
            Evidence.of("delay with poll(timeout)", latency, "s"),
            Evidence.of("delay with poll() and sleep(10 ms)", paused, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP302",
    judge=judge,
    aliases=("busy-poll",),
    doc=Doc(
        title="Polling without a pause burns a core",
        why="A process that asks again and again whether a message is there takes all the CPU time it can get, from "
        "the very workers whose message it waits for. Pauses between the polls save the CPU and delay every message.",
        how="A child sends a message after a few milliseconds; CPU time over wall time of the process that waits. "
        "Reported when polling without a pause burns more than a tenth of a core and poll(timeout) less.",
        claim="Often quoted as the mistake: `while conn.poll(): conn.recv()`. That loop does not spin: it takes what "
        "is there and ends. The one that spins has poll(), empty(), is_alive() or get_nowait() inside `while True`. "
        "That poll(timeout) cures it is right: it returns as soon as a message comes, whatever the timeout.",
        bad="""\
while True:
    if conn.poll():         # returns at once, 100,000 times a second
        handle(conn.recv())
    if stop.is_set():
        break
""",
        good="""\
while not stop.is_set():
    if conn.poll(0.5):      # returns with the message, or after 0.5 s
        handle(conn.recv())
""",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.poll",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.wait",
        ),
    ),
)
