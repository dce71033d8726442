"""Advice when the way records are written costs several times what tuples cost to pickle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Gain, NotJudged, Place, Rule
from mpdiag.model import Doc
from mpdiag.stats import ratio
from mpdiag.units import interval, rate, seconds

#: Rows of the same three fields, by what one of them is called.
RECORDS = {
    "dicts": "a dict",
    "dataclasses": "a dataclass object",
    "namedtuples": "a namedtuple",
    "slots objects": "an object with __slots__",
}
#: Converting records costs about as much as pickling a tuple: below this it gains nothing.
LIMIT = 2.0
#: A message that people send without a second thought.
MANY = 10_000
#: The part of the CPU time of a program from which pickling them is worth a word.
PICKLING = 0.1
#: The part of the wall time from which what a channel's objects delay is worth a warning: pipelines always pickle some.
DELAYING = 0.2
#: Bytes of a message from which its objects, not its being a message, cost.
LARGE = 4 * 2**10


def judge(pickle_cost: Facts) -> Iterator[Finding]:
    """Compare the slowest of the common records with tuples."""
    plain = pickle_cost.measured("element", what="tuples")
    costs = {what: pickle_cost.measured("element", what=what) for what in RECORDS}
    worst = max(costs, key=lambda what: costs[what].median)
    slower = ratio(costs[worst].samples, plain.samples)
    if slower.at_least <= LIMIT:
        return
    array = pickle_cost.measured("element", what="array('d')")
    rest = [what for what in sorted(costs, key=lambda what: -costs[what].median) if what != worst]
    yield RULE.finding(
        level="note",
        concern=slower.median / LIMIT,
        seen=f"Three fields cost {interval(costs[worst], 's')} to pickle and unpickle as {RECORDS[worst]}, "
        f"{interval(plain, 's')} as a tuple: {interval(slower, 'x')}; "
        + ", ".join(f"{seconds(costs[what].median)} as {RECORDS[what]}" for what in rest)
        + f". One float of an array costs {seconds(array.median)}.",
        do="Where many records cross, send tuples and rebuild the objects on the other side: "
        f"{MANY:,} as {RECORDS[worst]} cost {seconds(MANY * costs[worst].median)}, as tuples "
        f"{seconds(MANY * plain.median)}. Better still, send columns: one array.array or NumPy array for each field, "
        "which is copied and not pickled item by item.",
        evidence=(
            Evidence.of(f"{RECORDS[worst]} : a tuple", slower, "x"),
            Evidence.of(RECORDS[worst], costs[worst], "s"),
            Evidence.of("a tuple", plain, "s"),
            Evidence("reference", LIMIT, "x"),
        ),
    )


def observed(run: Facts, pools: Facts, channels: Facts) -> Iterator[Finding]:
    """Find pools and channels that spend a part of the program's CPU time on pickling many small objects."""
    sent = [(row, "args_b", "tasks") for row in ideals.process_pools(pools)]
    sent += [(row, "put_b", "") for row in ideals.user_rows(channels) if ideals.at_least(row, "mean_b") >= LARGE]
    yield from phases.each(sent, lambda each: of_traffic(run, *each))


def of_traffic(run: Facts, row: ideals.Row, key: str, times: str) -> Finding | None:
    """Judge what went through one pool or channel: so many bytes, each of so many times."""
    count = ideals.at_least(row, key) * (ideals.at_least(row, times) if times else 1)
    cpu, pickling = run.number("cpu_s"), ideals.running_s(_pickling_s(row), run)
    if pickling < max(PICKLING * cpu, ideals.LEAST_S) or not ideals.pickled_singly(row, count):
        return None
    if pickling > cpu:
        raise NotJudged("pickling waited for other threads, and it is not known for how long")
    place, gain = Place.of(row), None if times else delaying(run, row)
    return RULE.finding(
        level="warning" if gain else "note",
        place=ideals.line_of(row, "submit"),
        gain=gain,
        concern=pickling / (PICKLING * cpu),
        seen=f"Pickling and unpickling what went through the {row['type']}{ideals.where(place)} took "
        f"about {seconds(pickling)} of {seconds(cpu)} of CPU time, at {rate(count / pickling, 'B')}: many small "
        "objects, each visited by itself.",
        do="Send tuples in place of objects, or columns: one array.array or NumPy array for each field is copied, "
        "at GB/s. Or send less.",
        evidence=(
            Evidence("pickled a second", count / pickling, "B/s"),
            Evidence("reference: many small objects", ideals.SINGLY, "B/s"),
            Evidence("CPU time of pickling and unpickling", pickling, "s"),
        ),
    )


def delaying(run: Facts, channel: ideals.Row) -> Gain | None:
    """What a channel wins whose objects its ends wait for, if that is much; a pool's are told by what it delays."""
    lost = min(ideals.channel_idle_s(channel), ideals.channel_carried_s(channel))
    wall = run.number("wall_s")
    if min(lost, _pickling_s(channel)) < DELAYING * wall or not ideals.worth(lost, wall):
        return None
    return ideals.bound(lost, run, "both ends of the channel would pass on what is copied as a whole")


def _pickling_s(row: ideals.Row) -> float:
    return ideals.amount(row, "pickle_s") + ideals.amount(row, "unpickle_s")


RULE: Final = Rule(
    module=__name__,
    id="MP206",
    judge=judge,
    run=observed,
    doc=Doc(
        title="Object graphs of slow types dominate what is sent",
        why="pickle writes and rebuilds every object of a list one by one; what one costs depends on its type far more "
        "than on its size.",
        how="Pickling and unpickling lists of records with the same three fields, per record: the slowest of dict, "
        f"dataclass, namedtuple and __slots__ against tuple, paired by round; reported above {LIMIT:g}× with its whole "
        "interval. "
        "In an observed program: pools and channels whose pickling took a tenth of the CPU time or more at less than "
        f"{ideals.SINGLY / 1e6:g} MB/s; a warning for a channel that delays both ends for a fifth of the wall time.",
        claim="'Pickle is slow' is true of graphs of objects and untrue of buffers: bytes, arrays and NumPy arrays go "
        "at the speed of copying. '__slots__ and namedtuples are lean' is true of memory; to pickle they are among the "
        "slowest, for each names its class and is rebuilt by a call.",
        bad="""
            queue.put([Point(x, y, name) for x, y, name in rows])
        """,
        good="""
            queue.put([(point.x, point.y, point.name) for point in points])
            queue.put((array('d', xs), array('d', ys), names))
        """,
        links=("https://docs.python.org/3/library/pickle.html#pickling-class-instances",),
    ),
)
