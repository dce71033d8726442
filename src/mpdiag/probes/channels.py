"""What a message costs between processes: by channel and size, in batches, and with several writers.

Sizes ascend: what a process has allocated and freed before changes what a large message costs, so every channel meets
a size with the same past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Final

from mpdiag import stats
from mpdiag.bench import Bench, Quantities, Samples, steady
from mpdiag.model import Cell, Column, Doc, Measured, Probe, Row, Table
from mpdiag.rigs.partners import (
    DUPLEX,
    DUPLEX_BYTES,
    EACH,
    LOCKED,
    MANAGED,
    PIPE,
    PIPE_BYTES,
    QUEUE,
    SHARED,
    SIMPLE,
    Crew,
    Partner,
    lazily,
)

CHANNELS = (PIPE_BYTES, PIPE, DUPLEX_BYTES, DUPLEX, SHARED, SIMPLE, QUEUE, MANAGED)
COLLECTORS = (LOCKED, EACH, SIMPLE, QUEUE, MANAGED)
#: The sizes that the main table and the rules speak of.
SMALL, LARGE = 64, 2**20
_STEPS = (("B", 1, (16, 64, 256)), ("KiB", 2**10, (1, 4, 16, 64, 256)), ("MiB", 2**20, (1, 4, 16)))
SIZES = {f"{count} {unit}": count * factor for unit, factor, counts in _STEPS for count in counts}
QUICK = ("64 B", "1 MiB")
USUAL = ("16 B", "64 B", "4 KiB", "64 KiB", "1 MiB", "16 MiB")
#: How often a message may exist at once, generously: objects, pickles and buffers of both sides, shared boxes.
COPIES = 12
#: Where a round of every channel would take a second, and the channels that still take part below the thorough level.
HUGE, HUGE_CHANNELS = 2**22, (PIPE_BYTES, PIPE, SHARED, QUEUE)
#: The part of the budget that must be left for them.
HUGE_SHARE = 0.15
#: Ways to send many small objects: channel, objects in each message, and the way it is compared with.
BATCHES = {
    "Pipe, one by one": (PIPE, 1, "Pipe, one by one"),
    "Pipe, lists of 10": (PIPE, 10, "Pipe, one by one"),
    "Pipe, lists of 100": (PIPE, 100, "Pipe, one by one"),
    "Pipe, send_bytes": (PIPE_BYTES, 1, "Pipe, one by one"),
    "Queue, one by one": (QUEUE, 1, "Queue, one by one"),
    "Queue, lists of 100": (QUEUE, 100, "Queue, one by one"),
}
#: Columns of the ratio table: what is divided by what, and which quantity.
RATIOS = {
    "latency": (QUEUE, PIPE, "round_trip"),
    "throughput": (QUEUE, PIPE, "message"),
    "simple_latency": (SIMPLE, PIPE, "round_trip"),
    "simple_throughput": (SIMPLE, PIPE, "message"),
    "duplex": (QUEUE, DUPLEX, "message"),
    "send_bytes": (PIPE, PIPE_BYTES, "message"),
}
WRITERS = (1, 2, 4, 8)
#: The budget may not suffice for all: the reference first, then the extreme.
WRITERS_ORDER = (1, 8, 4, 2)


def run(bench: Bench) -> Iterator[Row]:
    """Yield channels by size, batches of small objects and many writers; huge messages last, if time is left."""
    labels = [label for label in bench.pick(QUICK, USUAL, tuple(SIZES)) if SIZES[label] * COPIES <= bench.plan.memory]
    usual = [label for label in labels if SIZES[label] < HUGE]
    huge = labels[len(usual) :]
    samples: dict[tuple[str, int], Samples] = {}
    with ExitStack() as stack:
        partner = lazily(partial(Partner, bench, stack, max(SIZES[label] for label in labels)))
        for label in affordable(bench, usual):
            samples.update(by_size(bench, partner, SIZES[label], [*samples]))
        for table in (summaries, ratios, details):
            yield from table(samples)
        yield from by_batch(bench, partner, {name for name, _ in samples})
        yield from by_writers(bench)
        if huge and bench.left() < HUGE_SHARE * bench.plan.budget_s:
            bench.notes.append(f"the budget was spent before messages of {', '.join(huge)}")
            huge = []
        for label in bench.sweep("messages of", huge):
            more = by_size(bench, partner, SIZES[label], [*samples])
            yield from ratios(more)
            yield from details(more)


# --- one writer


def affordable(bench: Bench, labels: list[str]) -> Iterator[str]:
    """The sizes that rules and the main table rest on in any case, the others while half of the budget is left."""
    left_out = []
    for label in labels:
        if label in QUICK or bench.left() > bench.plan.budget_s / 2:
            yield label
        else:
            left_out.append(label)
    if left_out:
        bench.notes.append(f"the budget was spent before messages of {', '.join(left_out)}")


def by_size(
    bench: Bench, partner: Callable[[], Partner], size: int, before: list[tuple[str, int]]
) -> dict[tuple[str, int], Samples]:
    """Measure every channel with messages of ``size``, but those that failed ``before``."""
    huge = size >= HUGE and bench.plan.level != "thorough"
    names = [
        name
        for name in (HUGE_CHANNELS if huge else CHANNELS)
        if not before or any(name == measured for measured, _ in before)
    ]
    cases = {(name, size): steady(partial(exchange, bench, partner, name, size)) for name in names}
    # Rules rest on small messages; a round of huge ones takes as long as all others.
    share = bench.pick(0.45, 0.12, 0.08) if size == SMALL else bench.pick(0.25, 0.2 if huge else 0.06, 0.06)
    measure = bench.attempt if before else bench.measure
    return measure(cases, share=share, most=2 if huge else 200)


def exchange(bench: Bench, partner: Callable[[], Partner], name: str, size: int) -> Quantities:
    """Round trips, then messages one way."""
    payload = bytes(size)
    # Many short rounds: paired ratios then stand what else the machine does.
    trips, messages = bench.pick((10, 40), (15, 150), (31, 300))
    trips = max(1, min(trips, 2**20 // size))
    if name == MANAGED:
        trips = max(1, trips // 3)  # a message takes four trips of its own
    # These two wait for an answer to each message.
    messages = trips if name in (MANAGED, SHARED) else max(1, min(messages, bench.pick(2**20, 2**21) // size))
    round_trip, round_trip_cpu = partner().run(name, "echo", payload, trips)
    message, message_cpu = partner().run(name, "take", payload, messages)
    return {
        "round_trip": round_trip,
        "message": message,
        "round_trip_cpu": round_trip_cpu,
        "message_cpu": message_cpu,
    }


def summaries(samples: Mapping[tuple[str, int], Samples]) -> Iterator[Row]:
    """One row for each channel, the quickest answer first: small messages, and the throughput of large ones."""
    names = [name for name in CHANNELS if (name, SMALL) in samples]
    for name in sorted(names, key=lambda name: stats.median(samples[name, SMALL]["round_trip"])):
        small, large = samples[name, SMALL], samples.get((name, LARGE))
        message = stats.measured(small["message"])
        yield Row(
            {
                "channel": name,
                "round_trip": stats.measured(small["round_trip"]),
                "messages": stats.rate(message),
                "throughput": stats.rate(stats.measured(large["message"]), LARGE) if large else None,
                "round_trip_cpu": cpu(small["round_trip_cpu"]),
                "message_cpu": cpu(small["message_cpu"]),
            }
        )


def details(samples: Mapping[tuple[str, int], Samples]) -> Iterator[Row]:
    """Every channel at every size."""
    for (name, size), quantities in samples.items():
        message = stats.measured(quantities["message"])
        yield Row(
            {
                "channel": name,
                "size": size,
                "round_trip": stats.measured(quantities["round_trip"]),
                "messages": stats.rate(message),
                "throughput": stats.rate(message, size),
                "message_cpu": cpu(quantities["message_cpu"]),
            },
            "sizes",
        )


def ratios(samples: Mapping[tuple[str, int], Samples]) -> Iterator[Row]:
    """How channels compare at each size, paired round by round."""
    for size in sorted({size for _, size in samples}):
        cells: dict[str, Cell] = {"size": size}
        for key, (slower, faster, quantity) in RATIOS.items():
            pair = samples.get((slower, size)), samples.get((faster, size))
            cells[key] = stats.ratio(pair[0][quantity], pair[1][quantity]) if pair[0] and pair[1] else None
        yield Row(cells, "ratio")


def cpu(samples: list[float]) -> Measured | None:
    """CPU seconds; None where the system's CPU clock is too coarse for them (Windows)."""
    value = stats.measured(samples)
    return value if value.median > 0 else None


# --- batches


def by_batch(bench: Bench, partner: Callable[[], Partner], names: set[str]) -> Iterator[Row]:
    """Send the same small objects one by one and in lists, through those of ``names`` that take part."""
    ways = [way for way, (channel, _, _) in BATCHES.items() if channel in names]
    cases = {way: steady(partial(send_objects, bench, partner, way)) for way in ways}
    samples = bench.attempt(cases, share=0.06)
    for way in samples:
        channel, batch, base = BATCHES[way]
        item = stats.measured(samples[way]["item"])
        yield Row(
            {
                "way": way,
                "channel": channel,
                "batch": batch,
                "item": item,
                "items": stats.rate(item),
                "gain": stats.ratio(samples[base]["item"], samples[way]["item"]) if base in samples else None,
            },
            "batches",
        )


def send_objects(bench: Bench, partner: Callable[[], Partner], way: str) -> Quantities:
    """Send 64-byte objects one way; seconds for each."""
    channel, batch, _ = BATCHES[way]
    count = bench.pick(100, 300, 500)
    # Distinct objects: pickle would write the same one only once.
    payload = [bytes([number]) * SMALL for number in range(batch)]
    message, _ = partner().run(channel, "take", payload if batch > 1 else payload[0], count // batch)
    return {"item": message / batch}


# --- many writers


def by_writers(bench: Bench) -> Iterator[Row]:
    """Let several processes write to one reader."""
    counts: tuple[int, ...] = bench.pick((2,), WRITERS_ORDER)
    sizes = bench.pick((SMALL,), (SMALL,), (SMALL, 2**16))
    # A second manager takes the quick level too long to start.
    names: tuple[str, ...] = bench.pick(COLLECTORS[:-1], COLLECTORS)
    with ExitStack() as stack:
        crew = lazily(partial(Crew, bench, stack, names, max(counts)))
        for size in sizes:
            cells: dict[str, dict[str, Cell]] = {}
            for count in bench.sweep("writers:", counts):
                cases = {
                    (name, size, count): steady(partial(collect, bench, crew, (name, size, count))) for name in names
                }
                samples = bench.attempt(cases, share=bench.pick(0.1, 0.06, 0.03))
                names = tuple(name for name, _, _ in samples)
                for name in names:
                    message = stats.measured(samples[name, size, count]["message"])
                    cells.setdefault(name, {})[f"writers_{count}"] = stats.rate(message)
            for name, rates in cells.items():
                yield Row({"channel": name, "size": size, **rates}, "writers")


def collect(bench: Bench, crew: Callable[[], Crew], case: tuple[str, int, int]) -> Quantities:
    """All writers at once; seconds from their start to the last message, for each message."""
    name, size, writers = case
    count = max(1, min(bench.pick(25, 100, 200), 2**20 // size))
    return {"message": crew().run(name, writers, size, max(1, count // 5) if name == MANAGED else count)}


PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=30,
    weight=2.4,
    tables=(
        Table(
            "",
            "Sending a message",
            (
                Column("channel", "channel"),
                Column("round_trip", "64 B, there and back", "s", bar=True),
                Column("messages", "64 B, one way", "1/s"),
                Column("throughput", "1 MiB, one way", "B/s"),
                Column("round_trip_cpu", "CPU, there and back", "s", wide=True),
                Column("message_cpu", "CPU, one way", "s", wide=True),
            ),
        ),
        Table(
            "ratio",
            "Queue against Pipe, by size (2× takes twice as long)",
            (
                Column("size", "size", "B"),
                Column("latency", "Queue : Pipe, there and back", "x"),
                Column("throughput", "Queue : Pipe, one way", "x"),
                Column("simple_latency", "SimpleQueue : Pipe, there and back", "x"),
                Column("send_bytes", "send : send_bytes, one way", "x"),
                Column("simple_throughput", "SimpleQueue : Pipe, one way", "x", wide=True),
                Column("duplex", "Queue : duplex Pipe, one way", "x", wide=True),
            ),
        ),
        Table(
            "batches",
            "Sending many objects of 64 B",
            (
                Column("way", "how"),
                Column("item", "for each object", "s", bar=True),
                Column("items", "objects", "1/s"),
                Column("gain", "gain", "x"),
            ),
        ),
        Table(
            "writers",
            "Many writers, one reader: messages",
            (
                Column("channel", "channel"),
                Column("size", "size", "B"),
                *(Column(f"writers_{count}", f"{count} writer{'s' * (count > 1)}", "1/s") for count in WRITERS),
            ),
        ),
        Table(
            "sizes",
            "Sending a message, every channel and size",
            (
                Column("channel", "channel"),
                Column("size", "size", "B"),
                Column("round_trip", "there and back", "s"),
                Column("messages", "one way", "1/s"),
                Column("throughput", "one way", "B/s"),
                Column("message_cpu", "CPU, one way", "s", wide=True),
            ),
            detail=True,
        ),
    ),
    doc=Doc(
        title="What a message costs between processes",
        why="Every task, argument and result of a worker crosses a channel: small messages pay per message, large ones "
        "per byte, and the remedies differ.",
        how="One child holds the other end of every channel. There and back: it echoes each message before the next "
        "is sent, and the undisturbed ones count (their 20th percentile). One way: messages in a row until the child "
        "says that it has them all. Pipe means Pipe(duplex=False), one for each direction, with send() and recv(); "
        "Pipe bytes the same with send_bytes() and recv_bytes(). Shared memory is one segment used again and again: "
        "the sender copies the data in, a pipe carries the size, the receiver reads one byte of every page in place "
        "and answers. CPU time is that of both sides. Messages are bytes objects; sizes ascend, and all channels of a "
        "size take turns in each round.",
        reading="For requests and answers compare 'there and back', for streams 'one way'. What a process has freed "
        "before changes the cost of large messages: with glibc, freeing one block of almost 32 MiB can make them "
        "several times cheaper, because their buffers are then kept instead of being mapped anew.",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#exchanging-objects-between-processes",
            "https://docs.python.org/3/library/multiprocessing.html#pipes-and-queues",
        ),
    ),
)
