"""Advice when a loop that polls without a pause burns a core while a patient wait burns next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, standstill
from mpdiag.advice import Confidence, Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing
from mpdiag.units import interval, number, seconds

#: The part of a core that waiting may burn.
LIMIT = 0.1
#: CPU time from which a loop that only asks is worth a word even where nobody else wanted the CPU.
BURNT = 0.5
#: Looks a second, over the whole run, from which a loop has no pause in it.
OFTEN = 5000
#: Looks of a loop that sleeps in between, and messages that a child takes, below which they do not talk all the time.
LOOKS = 20
#: The part of a process's CPU samples in loops that only ask, from which it does little else.
MOSTLY = 0.3
#: The part of the usable CPUs from which on none is free.
FULL = 0.85


REMEDY: Final = (
    "Let the system wait: recv() or get() where there is nothing else to do, poll(timeout) or get(timeout=…) where "
    "there is, multiprocessing.connection.wait() for several connections and process sentinels at once."
)


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
        do=REMEDY,
        concern=busy.median / LIMIT,
        evidence=(
            Evidence.of("CPU while polling without a pause", busy, "fraction"),
            Evidence("reference", LIMIT, "fraction"),
            Evidence.of("CPU while in poll(timeout)", patient, "fraction"),
            Evidence.of("delay with poll(timeout)", latency, "s"),
            Evidence.of("delay with poll() and sleep(10 ms)", paused, "s"),
        ),
    )


def observed(run: Facts, channels: Facts, processes: Facts, hot: Facts, sites: Facts) -> Iterator[Finding]:
    """Find loops that ask without a pause, and those that sleep while other processes wait for messages."""
    yield from pausing(run, processes, sites)
    yield from spinning(run, channels, processes, hot, sites)


def pausing(run: Facts, processes: Facts, sites: Facts) -> Iterator[Finding]:
    """Find a loop in which the main process sleeps between its questions, while those that answer wait for more."""
    children, wall = processes.all(role="process"), run.number("wall_s")
    slept = sum(ideals.at_least(row, "off_cpu_s") for row in processes.all(role="main"))
    waited = sum(ideals.at_least(row, "recv_s") for row in children) / max(len(children), 1)
    lost = min(slept, waited)
    lines = [row for row in sites.all(kind="poll", role="main", pauses=True) if ideals.at_least(row, "count") >= LOOKS]
    taken = sum(
        ideals.at_least(row, "count") for kind in ("recv", "get") for row in sites.all(kind=kind, role="process")
    )
    few = taken < LOOKS * len(children)  # each has its work to do, or none, and now and then a word of the main process
    if not lines or few or lost < LIMIT * wall or not ideals.worth(lost, wall):
        return
    line = max(lines, key=lambda row: ideals.at_least(row, "count"))
    place = Place.of(line)
    yield RULE.finding(
        level="warning",
        place=place,
        confidence="inferred",
        gain=ideals.bound(lost, run, "processes that never wait for one that sleeps"),
        concern=lost / (LIMIT * wall),
        seen=f"The main process asked poll() {number(ideals.amount(line, 'count'), '1')} times{ideals.where(place)} "
        f"and slept in between, for {seconds(slept)} in all: whatever comes meanwhile waits. Its {len(children)} "
        f"{'children' if len(children) > 1 else 'child'} waited {seconds(waited)}"
        f"{' each' if len(children) > 1 else ''} for messages.",
        do=REMEDY,
        evidence=(
            Evidence("a child waited for messages", waited, "s"),
            Evidence("the main process slept", slept, "s"),
            Evidence("reference: a tenth of the wall time", LIMIT * wall, "s"),
        ),
    )


def spinning(run: Facts, channels: Facts, processes: Facts, hot: Facts, sites: Facts) -> Iterator[Finding]:
    """Find loops that ask without a pause, and how long other processes waited for a CPU meanwhile."""
    spun, place, what, confidence = _spinning(run, channels, hot, sites)
    wall, cpus = run.number("wall_s"), ideals.usable(run)
    asking = {row.get("spinner") for row in channels.all()} - {None}
    others = [row for row in processes.all() if (row.get("pid") not in asking if asking else row.get("role") != "main")]
    waited = max((ideals.at_least(row, "ready_s") for row in others), default=0.0)
    known = any(row.get("ready_s") is not None for row in others)
    full = run.number("busy_cpus") >= FULL * cpus
    lost = min(spun / cpus, waited) if known else spun / cpus * full
    delays = ideals.worth(lost, wall)
    most = min(lost * ideals.stretch(run), waited) if known else lost
    if not delays and spun < max(BURNT, LIMIT * wall):
        return
    yield RULE.finding(
        level="warning" if delays else "note",
        place=place,
        confidence=confidence,
        gain=ideals.bound(most, run, "the CPU time that asking took is free for those who waited for a CPU")
        if delays
        else None,
        concern=spun / (LIMIT * wall),
        seen=f"A process burnt {seconds(spun)} of CPU time in a loop that asks {what}{ideals.where(place)} without a "
        "pause"
        + (f"; meanwhile another waited {seconds(waited)} for a CPU." if delays else "; nobody else needed that CPU."),
        do=REMEDY,
        evidence=(
            Evidence("CPU time spent asking", spun, "s"),
            Evidence("reference: a tenth of the wall time", LIMIT * wall, "s"),
            Evidence("longest wait for a CPU of a process", waited if known else None, "s"),
        ),
    )


def stuck(standing: Standing, look: Facts) -> Iterator[Finding]:
    """Find threads that were at both looks in a loop that only asks; an error where nobody else computes meanwhile."""
    apart_s = look.number("apart_s")
    works = any(row["kind"] == "runs" and not row.get("asks") for row in standing.waits)
    for row in standing.waits:
        share = ideals.at_least(row, "ran_s") / apart_s
        if row.get("asks") and share > LIMIT:
            yield RULE.finding(
                level="warning" if works else "error",
                place=Place.of(row, str(row["process"])),
                confidence="inferred",
                concern=share / LIMIT,
                seen=f"Not stuck in a wait, but spins: {standstill.who(row)} asks again and again{standstill.at(row)}, "
                f"without a pause, and took {number(share, 'fraction')} of a CPU between the looks.",
                do=REMEDY,
                evidence=(
                    Evidence("CPU time of the thread between the looks", ideals.at_least(row, "ran_s"), "s"),
                    Evidence("reference: a tenth of the time", LIMIT * apart_s, "s"),
                ),
            )


def _spinning(run: Facts, channels: Facts, hot: Facts, sites: Facts) -> tuple[float, Place | None, str, Confidence]:
    """CPU seconds spent asking, where, and what is asked: as it was counted, else as stack samples show it."""
    polled = [row for row in ideals.user_rows(channels) if ideals.at_least(row, "spin_s") > 0]
    if polled:
        worst = max(polled, key=lambda row: ideals.amount(row, "spin_s"))
        asked = sum(ideals.at_least(row, "empty_polls") for row in polled)
        lines = [*sites.all(kind="poll"), *sites.all(kind="get")]
        line = max(lines, key=lambda row: ideals.at_least(row, "count"), default={})
        told = ideals.at_least(line, "count") >= asked / 2  # else several lines ask, and only what they ask is one
        made = Place.of(worst)
        what = f"a {worst['type']}{ideals.where(made) if told else ''} {number(asked, '1')} times in vain"
        spun = sum(ideals.at_least(row, "spin_s") for row in polled)
        return spun, Place.of(line) if told else made, what, "measured"
    alive = max(sites.all(kind="alive", role="main"), key=lambda row: ideals.at_least(row, "count"), default={})
    if ideals.at_least(alive, "count") > OFTEN * run.number("wall_s"):
        burnt = min(ideals.amount(alive, "s"), run.number("main_cpu_s"))
        return burnt, Place.of(alive), f"is_alive() {number(ideals.amount(alive, 'count'), '1')} times", "measured"
    asking = hot.all(role="main", spins=True)
    share = sum(ideals.at_least(row, "share") for row in asking)
    if share < MOSTLY:
        return 0.0, None, "", "inferred"
    most = max(asking, key=lambda row: ideals.at_least(row, "share"))
    return share * run.number("main_cpu_s"), Place.of(most), "whether something is there or done", "inferred"


RULE: Final = Rule(
    module=__name__,
    id="MP302",
    judge=judge,
    run=observed,
    hang=stuck,
    aliases=("busy-poll",),
    doc=Doc(
        title="Polling burns a core, or is late for every message",
        why="A process that asks again and again whether a message is there takes all the CPU time it can get, from "
        "the very workers whose message it waits for. Pauses between the polls save the CPU and delay every message.",
        how="A child sends a message after a few milliseconds; CPU time over wall time of the process that waits. "
        "Reported when polling without a pause burns more than a tenth of a core and poll(timeout) less. "
        "In an observed program: the CPU time of processes while their poll(), empty() or get_nowait() found nothing, "
        "or that stack samples saw in a loop that does nothing else but ask (ready(), done(), is_set(), a Value). "
        "A warning where another process waited for a CPU meanwhile, at "
        "least 5 % of the wall time; else a note. Likewise the main process's poll() in a loop that sleeps, while its "
        "children wait for messages for a tenth of the wall time. Stuck: a thread that uses CPU time is in such a loop "
        "at both looks.",
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
