"""What one update of shared state costs, what contention for its lock costs, and what is lost without the lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Callable, Final

from mpdiag import stats, work
from mpdiag.bench import CHILD_DEADLINE, Bench, Case, Quantities, Skip
from mpdiag.model import Column, Doc, Probe, Row, Table

if TYPE_CHECKING:  # it cannot be imported where semaphores are missing
    from multiprocessing.synchronize import Barrier

#: What everything else is compared with: shared memory, its lock taken for every update.
LOCKED: Final = "Value, locked"
MANAGER: Final = ("Manager dict", "Manager list", "Manager Namespace")
#: The operation timed for each way to share, from the nearest to the farthest.
OPERATIONS: Final = {
    "plain dict": 'd["n"] += 1',
    "RawValue": "v.value += 1",
    LOCKED: "v.value += 1",
    "Array, locked": "a[0] += 1",
    "Pipe": "send, recv",
    "Manager Namespace": "ns.n = 1",
    "Manager list": "l[0] = 1",
    "Manager dict": 'd["n"] = 1',
}
#: The processes that update one Value at once to see what is lost.
RIVALS: Final = 2
#: The most processes that contend for one lock, by level: beyond, the curve is flat and starting them takes long.
MOST_CONTENDERS: Final = (16, 64, 256)


def run(bench: Bench) -> Iterator[Row]:
    """Yield the cost per operation, then what contention costs, then what is lost without the lock."""
    with ExitStack() as stack:
        crew = Crew(bench, stack)
        yield from by_means(bench, crew)
        yield from by_contenders(bench, crew)
        yield from by_lock(bench, crew)


class Crew:
    """Processes that update shared numbers when told to; each is started when it is first needed."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        self.bench = bench
        self._stack = stack
        self._connections: list[Connection] = []

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """The numbers that all of them can update, by what they are."""
        context = self.bench.context()
        return {"Value": context.Value("q", 0), "RawValue": context.RawValue("q", 0), LOCKED: context.Value("q", 0)}

    @cached_property
    def _barrier(self) -> Barrier:
        return self.bench.context().Barrier(RIVALS, timeout=CHILD_DEADLINE)

    def members(self, count: int) -> list[Connection]:
        """Connections to ``count`` of them."""
        while len(self._connections) < count:
            ours, theirs = self.bench.context().Pipe()
            self._stack.enter_context(ours)
            self._stack.enter_context(self.bench.child(work.update, theirs, self._barrier, self.numbers))
            theirs.close()
            self._connections.append(ours)
        return self._connections[:count]

    def update(self, means: str, count: int, each: int, together: bool = False) -> float:
        """Seconds until ``count`` of them have updated the number ``means`` ``each`` times."""
        connections = self.members(count)
        begun = self.bench.clock()
        for connection in connections:
            connection.send((means, each, together))
        for connection in connections:
            self.bench.receive(connection)
        return self.bench.clock() - begun


# --- per operation


def by_means(bench: Bench, crew: Crew) -> Iterator[Row]:
    """One row for each way to share, beside a locked Value."""
    many, few = bench.pick((1000, 25), (5000, 100))
    cases: dict[str, Case] = {means: partial(in_memory, bench, means, many) for means in IN_MEMORY}
    cases["Pipe"] = partial(round_trip, bench, crew, few)
    # One server process for all three: starting one can take longer than measuring does.
    cases["Manager"] = partial(proxies, bench, few)
    samples = bench.measure(cases, share=bench.pick(0.45, 0.5))
    seconds = {means: one["operation"] for means, one in samples.items() if means != "Manager"}
    seconds.update(samples.get("Manager", {}))
    for means, operation in OPERATIONS.items():
        if means in seconds:
            once = stats.measured(seconds[means])
            yield Row(
                {
                    "means": means,
                    "operation": operation,
                    "per_operation": once,
                    "ratio": stats.ratio(seconds[means], seconds[LOCKED]) if LOCKED in seconds else None,
                    "rate": stats.rate(once),
                }
            )


def exchanges(bench: Bench, count: int, exchange: Callable[[], object]) -> float:
    """The time of one of ``count`` exchanges with another process, when undisturbed."""
    took = []
    for _ in range(count):
        begun = bench.clock()
        exchange()
        took.append(bench.clock() - begun)
    return stats.undisturbed(took)


def batch(bench: Bench, count: int, update: Callable[[int], object]) -> Quantities:
    """The time of one of the ``count`` operations that ``update`` makes."""
    begun = bench.clock()
    update(count)
    return {"operation": (bench.clock() - begun) / count}


@contextmanager
def in_memory(bench: Bench, means: str, count: int) -> Iterator[Callable[[], Quantities]]:
    """Updates of memory, shared or not, by this process."""
    make, update = IN_MEMORY[means]
    yield partial(batch, bench, count, partial(update, make(bench.context())))


@contextmanager
def round_trip(bench: Bench, crew: Crew, count: int) -> Iterator[Callable[[], Quantities]]:
    """Questions to another process and its answers over a Pipe: what a Manager does, at its least."""
    (connection,) = crew.members(1)
    yield lambda: {"operation": exchanges(bench, count, partial(ask, connection))}


@contextmanager
def proxies(bench: Bench, count: int) -> Iterator[Callable[[], Quantities]]:
    """Proxies of a manager: each operation is a request to its server process."""
    with bench.context().Manager() as manager:
        updates = {
            "Manager dict": partial(manager.dict(n=0).__setitem__, "n", 1),
            "Manager list": partial(manager.list([0]).__setitem__, 0, 1),
            "Manager Namespace": partial(setattr, manager.Namespace(), "n", 1),
        }
        yield lambda: {means: exchanges(bench, count, update) for means, update in updates.items()}


def add_to_item(counts: dict[str, int], count: int) -> None:
    """Add 1 to an item of a dict."""
    for _ in range(count):
        counts["n"] += 1


def add_to_array(array: Any, count: int) -> None:
    """Add 1 to an item of an Array, its lock taken."""
    for _ in range(count):
        with array.get_lock():
            array[0] += 1


def ask(connection: Connection) -> None:
    """Ask and hear the answer; a wait with a timeout would be timed too, so the host's deadline has to do."""
    connection.send(("", 0, False))
    connection.recv()


#: How to make what is updated in memory, from a context, and how to update it.
IN_MEMORY: Final[Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, int], None]]]] = {
    "plain dict": (lambda _: {"n": 0}, add_to_item),
    "RawValue": (lambda context: context.RawValue("q", 0), work.add),
    LOCKED: (lambda context: context.Value("q", 0), work.add_locked),
    "Array, locked": (lambda context: context.Array("q", 8), add_to_array),
}


# --- contention


def by_contenders(bench: Bench, crew: Crew) -> Iterator[Row]:
    """One row for each number of processes that share the same updates of one locked Value."""
    most = bench.pick(*MOST_CONTENDERS)
    if 2 * bench.cpus > most:
        bench.notes.append(f"contention was measured for up to {most} processes only")
    counts = contenders(min(2 * bench.cpus, most))
    updates = bench.pick(2000, 10000) // counts[-1] * counts[-1]
    case = {"contention": partial(contention, crew, counts, updates)}
    try:
        seconds = bench.measure(case, share=bench.pick(0.35, 0.4))["contention"]
    except Skip:
        return  # noted; what was measured before stands
    for count in counts:
        total = stats.rate(stats.measured(seconds[str(count)]), updates)
        yield Row(
            {
                "processes": count,
                "total": total,
                "each": stats.scaled(total, 1 / count),
                "ratio": stats.ratio(seconds["1"], seconds[str(count)]),
            },
            "contention",
        )


def contenders(most: int) -> list[int]:
    """1, 2, 4 … and ``most``."""
    powers = [2**exponent for exponent in range(most.bit_length()) if 2**exponent < most]
    return [*powers, most]


@contextmanager
def contention(crew: Crew, counts: list[int], updates: int) -> Iterator[Callable[[], Quantities]]:
    """Some of the crew share ``updates`` updates of one Value, some being each of ``counts``."""
    for count in counts:
        crew.update("", count, 0)
    yield lambda: {
        # The most contended first: it is the least steady and decides how long to measure.
        str(count): crew.update(LOCKED, count, updates // count)
        for count in reversed(counts)
    }


# --- lost updates


def by_lock(bench: Bench, crew: Crew) -> Iterator[Row]:
    """One row for each way that several processes add to one number at once: what was counted, what is missing."""
    each = bench.pick(5000, 20000, 100000)
    for means, seen in (bench.once("lost updates", partial(race, crew, each)) or {}).items():
        expected = RIVALS * each
        yield Row(
            {
                "means": means,
                "processes": RIVALS,
                "expected": expected,
                "seen": seen,
                "lost": expected - seen,
                "fraction": (expected - seen) / expected,
            },
            "lost",
        )


def race(crew: Crew, each: int) -> dict[str, int]:
    """What each number holds after two processes have added 1 to it ``each`` times, starting together."""
    for means, number in crew.numbers.items():
        number.value = 0
        crew.update(means, RIVALS, each, together=True)
    return {means: number.value for means, number in crew.numbers.items()}


PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=60,
    weight=1.0,
    tables=(
        Table(
            "",
            "Shared state, per operation",
            (
                Column("means", "shared through"),
                Column("operation", "operation"),
                Column("per_operation", "time", "s"),
                Column("ratio", "locked Value", "x"),
                Column("rate", "per second", "1/s"),
            ),
        ),
        Table(
            "contention",
            "One locked Value, updated by several processes at once",
            (
                Column("processes", "processes", "1"),
                Column("total", "updates, all", "1/s", bar=True),
                Column("each", "each", "1/s"),
                Column("ratio", "one process", "x"),
            ),
        ),
        Table(
            "lost",
            "Updates lost when processes add to one number at once",
            (
                Column("means", "shared through"),
                Column("processes", "processes", "1", wide=True),
                Column("expected", "expected", "1"),
                Column("seen", "seen", "1"),
                Column("lost", "lost, at least", "1"),
                Column("fraction", "lost", "fraction"),
            ),
        ),
    ),
    doc=Doc(
        title="What shared state costs, and what it loses without its lock",
        why="Shared memory is updated in well under a microsecond, a manager's proxy needs a message there and back; "
        "and one lock is held by one process at a time, however many wait.",
        how="Batches of one operation in interleaved rounds; the ratio is paired round by round. Contention: 1 to "
        "twice as many processes as usable CPUs share the same number of updates under one lock. Lost updates: two "
        "processes that start together at a Barrier add 1 without taking the lock around reading and writing.",
        reading="Multiply the time by the operations your workers make per second: 0.1 is a tenth of a core. "
        "What was lost is a lower bound: none lost means the processes did not meet this time, not that it is safe.",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#shared-ctypes-objects",
            "https://docs.python.org/3/library/multiprocessing.html#managers",
        ),
    ),
)
