"""Advice when writers wait for room in a queue, its one reader never waits, and CPUs are idle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import digits, number, seconds

#: The part of their time that writers wait for room from which the reader decides how long the program takes.
BLOCKED = 0.2
#: The part of its time that the reader may wait for messages and still be called busy.
WAITS = 0.2
#: Idle CPUs from which one more reader has somewhere to run.
IDLE = 0.3
#: The part of a reader's time from which receiving, not its work, keeps it busy: more readers would not help.
RECEIVING = 0.5


def observed(run: Facts, channels: Facts) -> Iterator[Finding]:
    """Find queues whose readers are the narrowest place of the program."""
    span, wall = run.number("parallel_s"), run.number("wall_s")
    idle = ideals.idle_cpus(run)
    if idle < IDLE or span <= 0:
        return
    for channel in ideals.user_rows(channels):
        readers, writers = ideals.at_least(channel, "readers"), ideals.at_least(channel, "writers")
        if not readers or not writers:
            continue
        blocked = ideals.amount(channel, "send_s" if channel.get("put_wait_s") is None else "put_wait_s") / writers
        busy = span - ideals.amount(channel, "get_wait_s") / readers
        receiving = (ideals.at_least(channel, "recv_s") + ideals.at_least(channel, "unpickle_s")) / readers
        if blocked < BLOCKED * span or busy < (1 - WAITS) * span or receiving > RECEIVING * busy:
            continue
        shared = busy * (1 - readers / (readers + max(idle, 1.0)))
        recoverable = min(blocked, shared, ideals.idle_cpus(run) / ideals.usable(run) * wall)
        if ideals.worth(recoverable, wall):
            yield finding(run, channel, blocked, recoverable)


def finding(run: Facts, channel: ideals.Row, blocked: float, recoverable: float) -> Finding:
    """What the readers of ``channel`` hold up."""
    place, span = Place.of(channel), run.number("parallel_s")
    readers, idle = ideals.amount(channel, "readers"), ideals.idle_cpus(run)
    taken = span - ideals.amount(channel, "get_wait_s") / readers
    return RULE.finding(
        level="warning",
        place=place,
        gain=ideals.bound(recoverable, run, "more readers can use the idle CPUs until all usable ones are busy"),
        concern=blocked / (BLOCKED * span),
        seen=f"{_processes(ideals.amount(channel, 'writers'), 'writer')} of the {channel['type']}{ideals.where(place)} "
        f"waited {seconds(blocked)} each for room in it; {_processes(readers, 'reader')} took "
        f"{seconds(taken / max(ideals.at_least(channel, 'gets') / readers, 1))} for each of "
        f"{number(ideals.at_least(channel, 'gets'), '1')} messages, and {digits(idle)} usable CPUs were idle.",
        do=f"Start {max(round(idle), 1)} more of the processes that read it, and send each its own sentinel at the "
        "end; or make a reader's work on a message cheaper. A larger maxsize only delays the waiting.",
        evidence=(
            Evidence("a writer waited for room", blocked, "s"),
            Evidence("reference: a fifth of the parallel part", BLOCKED * span, "s"),
            Evidence("a reader was busy", taken, "s"),
            Evidence("idle CPUs", idle),
        ),
    )


def _processes(count: float, what: str) -> str:
    return f"{count:.0f} {what}{'s' if count != 1 else ''}"


RULE: Final = Rule(
    module=__name__,
    id="MP304",
    run=observed,
    doc=Doc(
        title="One reader holds up all writers while CPUs are idle",
        why="A bounded queue that is always full makes its writers as slow as its readers. With a CPU to spare, one "
        "more reader makes all of them faster; with none, nothing is lost.",
        how=f"In an observed program: queues whose writers waited for room for {BLOCKED * 100:g} % of the parallel "
        f"part or more, whose readers waited for messages for less than {WAITS * 100:g} %, while at least {IDLE:g} "
        "usable CPUs were idle. Readers that are busy receiving large messages are another matter (MP201).",
        claim="Often read: a bounded queue slows a program down, so make it larger. The bound only shows who is too "
        "slow; without it the backlog goes to memory and the program ends at the same time.",
        bad="""\
frames = Queue(maxsize=32)
Process(target=decode, args=(frames,)).start()      # one for three receivers
""",
        good="""\
decoders = [Process(target=decode, args=(frames,)) for _ in range(2)]
...
for _ in decoders:
    frames.put(None)                                # each reads its own end
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue.put",),
    ),
)
