"""What pickling and unpickling cost, by type and size, beside a plain copy of the same bytes."""

from __future__ import annotations

import operator
import pickle
from array import array
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.reduction import ForkingPickler
from typing import Any, Callable, Final

from mpdiag import stats
from mpdiag.bench import FLOORS, Bench, Quantities, Samples, steady
from mpdiag.model import Cell, Column, Doc, Measured, Probe, Row, Table
from mpdiag.rigs import specimens
from mpdiag.rigs.specimens import MAKERS, Maker

KIB = 1024
#: The bytes on the wire at which all types are compared: small enough for every budget, large enough to forget headers.
MAIN = 16 * KIB
#: The other sizes by level.
OTHERS: tuple[dict[str, int], ...] = (
    {},
    {"1 KiB": KIB, "1 MiB": KIB**2, "10 MiB": 10 * KIB**2},
    {**{f"{n} KiB": n * KIB for n in (1, 4, 64, 256)}, **{f"{n} MiB": n * KIB**2 for n in (1, 4, 10)}},
)
#: The bytes of a buffer that is pickled in band and out of band.
BUFFER = 1024 * KIB
#: Elements from which the size of one on the wire is learned.
SAMPLE = 200
#: Seconds that the repeats of a short case take in one round.
BATCH = 0.001
#: Plain copies in one round: a single one is too short for the clock.
COPIES = 32
#: What the import, call or pickling of the user's object may well raise.
USERS = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError),
    *(SyntaxError, TypeError, ValueError, pickle.PickleError),
)

#: Those whose memory pickle protocol 5 can leave aside.
BUFFERS = ("bytes", "array('d')", "NumPy float64")


def run(bench: Bench) -> Iterator[Row]:
    """Yield all types at one size, the dearest element first, then buffers out of band and the other sizes."""
    kinds = available(bench)
    if bench.plan.object:
        yield from users_object(bench, bench.plan.object)
    cases = {(kind, MAIN): partial(sized, bench, make, MAIN) for kind, make in kinds.items()}
    samples = bench.measure(cases, share=bench.pick(0.8, 0.3))
    yield from map(Row, sorted((cells(kind, each) for (kind, _), each in samples.items()), key=dearness))
    yield from out_of_band(bench, kinds)
    yield from matrix(bench, kinds, samples)


def available(bench: Bench) -> dict[str, Maker]:
    """The kinds that this interpreter has; a quick run has no time to import NumPy."""
    wanted = bench.pick(False, True) and find_spec("numpy")
    numpy: Any = bench.once("NumPy", partial(import_module, "numpy")) if wanted else None
    return {**MAKERS, "NumPy float64": specimens.numpy_floats(numpy)} if numpy else MAKERS


# --- pickle against a plain copy


@contextmanager
def sized(bench: Bench, make: Maker, size: int) -> Iterator[Callable[[], Quantities]]:
    """An object that takes about ``size`` bytes on the wire."""
    count = max(1, round(size * SAMPLE / len(ForkingPickler.dumps(make(SAMPLE)))))
    thing = make(count)
    begun = bench.clock()
    ForkingPickler.loads(ForkingPickler.dumps(thing))
    repeats = in_a_batch(bench.clock() - begun)
    yield partial(there_and_back, bench, thing, count, repeats)


def in_a_batch(seconds: float) -> int:
    """How often what takes ``seconds`` is repeated in one round."""
    return max(1, int(BATCH / max(seconds, BATCH / 1000)))


def there_and_back(bench: Bench, thing: Any, count: int, repeats: int) -> Quantities:
    """Pickle and unpickle as the channels do, then copy as many bytes to memory that is already in use."""
    begun = bench.clock()
    for _ in range(repeats):
        wire = ForkingPickler.dumps(thing)
    dumped = bench.clock()
    for _ in range(repeats):
        ForkingPickler.loads(wire)
    loaded = bench.clock()
    there = bytearray(wire)
    copying = bench.clock()
    for _ in range(COPIES):
        there[:] = wire
    copied = bench.clock()
    return {
        "both": (loaded - begun) / repeats,
        "dumps": (dumped - begun) / repeats,
        "loads": (loaded - dumped) / repeats,
        "copy": (copied - copying) / COPIES,
        "wire": len(wire),
        "elements": count,
    }


def cells(kind: str, samples: Samples) -> dict[str, Cell]:
    """What was measured of one kind; the elements of bytes are not told apart."""
    wire, elements = int(samples["wire"][0]), int(samples["elements"][0])
    both = stats.measured(samples["both"])
    return {
        "what": kind,
        "element": stats.scaled(both, 1 / elements) if elements and kind != "bytes" else None,
        "wire": wire,
        "dumps": stats.rate(stats.measured(samples["dumps"]), wire),
        "loads": stats.rate(stats.measured(samples["loads"]), wire),
        "copy": stats.ratio(samples["both"], samples["copy"]),
        "both": both,
        "elements": elements or None,
    }


def dearness(row: dict[str, Cell]) -> float:
    """Sorts rows, the dearest element first."""
    element = row["element"]
    return -element.median if isinstance(element, Measured) else 0.0


# --- the user's own object


def users_object(bench: Bench, name: str) -> Iterator[Row]:
    """The row of the object that the user named."""
    loaded = bench.once(("object", name), partial(load, bench, name))
    if loaded is None:
        return
    thing, took = loaded
    count = len(thing) if isinstance(thing, Collection) and not isinstance(thing, (str, bytes, bytearray)) else 0
    case = steady(partial(there_and_back, bench, thing, count, in_a_batch(took)))
    most = max(1, min(100, int(0.2 * bench.plan.budget_s / max(took, BATCH))))
    yield Row(cells(name, bench.measure({name: case}, share=0.2, most=most)[name]))


def load(bench: Bench, name: str) -> tuple[Any, float]:
    """The object that ``pkg.mod:factory`` makes, and the seconds it takes to pickle and unpickle.

    Raises:
        ImportError: it cannot be had or cannot be pickled, with the reason.
    """
    module, colon, factory = name.partition(":")
    if not (module and colon and factory):
        raise ImportError("name it as pkg.mod:factory")
    try:
        thing = operator.attrgetter(factory)(import_module(module))
        thing = thing() if callable(thing) else thing
        begun = bench.clock()
        ForkingPickler.loads(ForkingPickler.dumps(thing))
        return thing, bench.clock() - begun
    except USERS as error:
        raise ImportError(f"{type(error).__name__}: {error}") from error


# --- protocol 5, out of band


def out_of_band(bench: Bench, kinds: dict[str, Maker]) -> Iterator[Row]:
    """One row for each kind of buffer: in the pickle, and left aside."""
    cases = {("out of band", kind): partial(buffered, bench, kinds[kind]) for kind in BUFFERS if kind in kinds}
    for (_, kind), samples in bench.measure(cases, share=bench.pick(0.2, 0.1)).items():
        yield Row(
            {
                "what": kind,
                "wire": int(samples["wire"][0]),
                "wire_aside": int(samples["wire_aside"][0]),
                "in_band": stats.measured(samples["in_band"]),
                "aside": stats.measured(samples["aside"]),
                "ratio": stats.ratio(samples["in_band"], samples["aside"]),
            },
            "out_of_band",
        )


@contextmanager
def buffered(bench: Bench, make: Maker) -> Iterator[Callable[[], Quantities]]:
    """An object that holds one large buffer."""
    thing = make(BUFFER // memoryview(make(1)).itemsize)
    # NumPy arrays offer their memory to protocol 5 by themselves; built-in types have to be wrapped.
    yield partial(both_bands, bench, thing, pickle.PickleBuffer(thing) if isinstance(thing, (bytes, array)) else thing)


def both_bands(bench: Bench, thing: Any, offered: Any) -> Quantities:
    """Pickle and unpickle with the buffer in the pickle, then with the buffer beside it."""
    begun = bench.clock()
    within = pickle.dumps(thing, protocol=5)
    pickle.loads(within)
    between = bench.clock()
    buffers: list[pickle.PickleBuffer] = []
    without = pickle.dumps(offered, protocol=5, buffer_callback=buffers.append)
    pickle.loads(without, buffers=buffers)
    done = bench.clock()
    return {"in_band": between - begun, "aside": done - between, "wire": len(within), "wire_aside": len(without)}


# --- by size


def matrix(bench: Bench, kinds: dict[str, Maker], main: dict[Any, Samples]) -> Iterator[Row]:
    """All types at all sizes, as far as the budget reaches."""
    for (kind, size), each in main.items():
        yield Row({**cells(kind, each), "size": size}, "detail")
    sizes = bench.pick(*OTHERS)
    cut = []
    for place, (name, size) in enumerate(sizes.items(), 1):
        share = 1.1 * place / len(sizes) / (len(sizes) + 1)
        chosen = affordable(bench, main, size, share)
        if len(chosen) < len(main):
            cut.append(name)
        if chosen:
            cases = {(kind, size): partial(sized, bench, kinds[kind], size) for kind in chosen}
            for (kind, _), each in bench.measure(cases, share=share).items():
                yield Row({**cells(kind, each), "size": size}, "detail")
    if cut:
        bench.notes.append(f"the slower types were not pickled at {', '.join(cut)}: that would not fit the budget")


def affordable(bench: Bench, main: dict[Any, Samples], size: int, share: float) -> list[str]:
    """The kinds whose fewest rounds at ``size`` fit in ``share`` of the budget, the cheapest first."""
    seconds = min(share * bench.plan.budget_s, max(bench.left(), 0.0))
    chosen = []
    for cost, kind in sorted((stats.median(each["both"]), kind) for (kind, _), each in main.items()):
        # Making the object costs about as much as a round, a trial is another, and one is for warming up.
        seconds -= (FLOORS[bench.plan.level] + 3) * max(cost * size / MAIN, BATCH)
        if seconds >= 0:
            chosen.append(kind)
    return chosen


COLUMNS: Final = (
    Column("what", "what"),
    Column("element", "an element", "s", bar=True),
    Column("wire", "wire", "B"),
    Column("dumps", "dumps", "B/s"),
    Column("loads", "loads", "B/s"),
    Column("copy", "plain copy", "x"),
    Column("both", "dumps + loads", "s", wide=True),
    Column("elements", "elements", "1", wide=True),
)

PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=20,
    weight=1.0,
    tables=(
        Table(
            "",
            "Pickling by type, about 16 KiB on the wire",
            COLUMNS,
        ),
        Table(
            "out_of_band",
            "Buffers of 1 MiB in the pickle and out of band (protocol 5)",
            (
                Column("what", "what"),
                Column("in_band", "in band", "s"),
                Column("aside", "out of band", "s"),
                Column("ratio", "ratio", "x"),
                Column("wire", "pickle in band", "B", wide=True),
                Column("wire_aside", "pickle out of band", "B", wide=True),
            ),
        ),
        Table(
            "detail",
            "Pickling by type and size",
            (COLUMNS[0], Column("size", "size", "B"), *COLUMNS[1:]),
            detail=True,
        ),
    ),
    doc=Doc(
        title="What pickling costs",
        why="Every argument, result and message is pickled by one process and unpickled by another, whatever its size.",
        how="ForkingPickler.dumps and loads, as queues, pipes and pools call them, in interleaved rounds; every object "
        "takes about the same bytes on the wire. The records (tuples, dicts, dataclasses, namedtuples, slots objects) "
        "hold the same three fields. 'Plain copy': dumps and loads against copying as many bytes to memory already in "
        "use. Out of band: protocol 5 with a buffer_callback, the buffer handed to loads uncopied. Larger sizes of "
        "slow types are left out, with a note, when they do not fit the budget.",
        reading="'An element' is what one int, string or record costs to pickle and unpickle; times the number in a "
        "message it is the price that a task has to earn back. Bytes and arrays cost about as much as copying them. "
        "The channels of multiprocessing do not use out-of-band buffers: to gain it, send the small pickle and the "
        "buffers with send_bytes() or through shared memory.",
        links=(
            "https://docs.python.org/3/library/pickle.html#out-of-band-buffers",
            "https://peps.python.org/pep-0574/",
        ),
    ),
)
