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
#: The part of all its messages that lay unread at once from which a single reader is behind, and the fewest messages.
HEAPED, FEW = 1 / 3, 10
#: The part of the time from which on a reader computes, rather than to wait for something else.
COMPUTES = 0.5
#: The part of a reader's time from which receiving, not its work, keeps it busy: more readers would not help.
RECEIVING = 0.5


def observed(run: Facts, channels: Facts, processes: Facts) -> Iterator[Finding]:
    """Find queues whose readers are the narrowest place of the program."""
    span, wall = run.number("parallel_s"), run.number("wall_s")
    idle = ideals.idle_cpus(run)
    if idle < IDLE or span <= 0:
        return
    busy = [channel for channel in ideals.user_rows(channels) if busy_s(channel, span)]
    for channel in busy:
        readers, blocked = ideals.amount(channel, "readers"), blocked_s(channel)
        recoverable = busy_s(channel, span) * (1 - readers / (readers + max(idle, 1.0)))
        if blocked >= BLOCKED * span:
            recoverable = min(recoverable, blocked)
        elif busy != [channel] or not is_heaped(channel) or computes(channel, processes, span):
            continue  # of several, each may have its share of the work; of those that compute, MP407 tells
        recoverable = min(recoverable, idle / ideals.usable(run) * wall)
        if ideals.worth(recoverable, wall):
            yield finding(run, channel, recoverable)


def busy_s(channel: ideals.Row, span: float) -> float:
    """How long each reader worked on messages; 0 of one that waited for them or was busy receiving, or without any."""
    readers = ideals.at_least(channel, "readers")
    if not readers or not ideals.at_least(channel, "writers"):
        return 0.0
    busy = span - ideals.amount(channel, "get_wait_s") / readers
    receiving = (ideals.at_least(channel, "recv_s") + ideals.at_least(channel, "unpickle_s")) / readers
    return busy if busy >= (1 - WAITS) * span and receiving <= RECEIVING * busy else 0.0


def blocked_s(channel: ideals.Row) -> float:
    """How long each writer waited for room."""
    key = "send_s" if channel.get("put_wait_s") is None else "put_wait_s"
    return ideals.amount(channel, key) / ideals.amount(channel, "writers")


def is_heaped(channel: ideals.Row) -> bool:
    """Whether messages heaped up before a single reader, which is a process of its own."""
    gets, most = ideals.at_least(channel, "gets"), ideals.at_least(channel, "backlog_max")
    alone = channel.get("readers") == 1 and channel.get("reader_line") is not None
    return alone and gets >= FEW and most >= HEAPED * gets


def computes(channel: ideals.Row, processes: Facts, span: float) -> bool:
    """Whether a process that was started where the channel's reader was computes for half of the time."""
    started = processes.all(file=channel.get("reader_file"), line=channel.get("reader_line"))
    return any(ideals.at_least(row, "cpu_s") >= COMPUTES * span for row in started)


def finding(run: Facts, channel: ideals.Row, recoverable: float) -> Finding:
    """What the readers of ``channel`` hold up."""
    place, span, blocked = Place.of(channel), run.number("parallel_s"), blocked_s(channel)
    readers, idle = ideals.amount(channel, "readers"), ideals.idle_cpus(run)
    gets, most, taken = ideals.at_least(channel, "gets"), ideals.at_least(channel, "backlog_max"), busy_s(channel, span)
    queue = f"the {channel['type']}{ideals.where(place)}"
    if blocked >= BLOCKED * span:
        writers = _processes(ideals.amount(channel, "writers"), "writer")
        seen = f"{writers} of {queue} waited {seconds(blocked)} each for room in it"
        found, least = blocked, BLOCKED * span
        names, unit = ("a writer waited for room", "reference: a fifth of the parallel part"), "s"
    else:
        seen = f"Up to {number(most, '1')} messages lay unread in {queue}"
        found, least = most, HEAPED * gets
        names, unit = ("messages unread at once", "reference: a third of them all"), "1"
    return RULE.finding(
        level="warning",
        place=place,
        gain=ideals.bound(recoverable, run, "more readers can use the idle CPUs until all usable ones are busy"),
        concern=found / least,
        seen=f"{seen}; {_processes(readers, 'reader')} took {seconds(taken / max(gets / readers, 1))} for each of "
        f"{number(gets, '1')} messages, and {digits(idle)} usable CPUs were idle.",
        do=f"Start {max(round(idle), 1)} more of the processes that read it, and send each its own sentinel at the "
        "end; or make a reader's work on a message cheaper. A larger maxsize only delays the waiting.",
        evidence=(
            Evidence(names[0], found, unit),
            Evidence(names[1], least, unit),
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
        title="One reader holds up all others while CPUs are idle",
        why="A bounded queue that is always full makes its writers as slow as its readers. With a CPU to spare, one "
        "more reader makes all of them faster; with none, nothing is lost.",
        how=f"In an observed program: queues whose writers waited for room for {BLOCKED * 100:g} % of the parallel "
        f"part or more, whose readers waited for messages for less than {WAITS * 100:g} %, while at least {IDLE:g} "
        "usable CPUs were idle. Likewise the only queue with busy readers, if it has a single one, which does not "
        "compute, and before which a third of all messages heaped up. Readers that are busy receiving large messages "
        "are another matter (MP201).",
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
