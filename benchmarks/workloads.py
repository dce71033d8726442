"""A probe whose answers are known: benchmarks/accuracy.py gives it to a host as any other probe.

Every row holds what was measured and what is known, of the same rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final

from mpdiag import stats
from mpdiag.bench import Bench, Case, Quantities, Samples, steady
from mpdiag.model import Column, Doc, Probe, Row, Table

#: Seconds that a target sleeps.
SLEEP = 0.023
#: Seconds from one message of the throttled pipe to the next, and how many come in one round.
PERIOD = 0.002
MESSAGES = 10
#: Messages before those that count: until then the reader's CPU is not yet as fast asleep as it will be.
FIRST = 6
#: Seconds that pickling a `Dear` object takes.
BURN = 0.0015


class Dear:
    """An object whose pickling takes a known time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[float]]:
        end = time.perf_counter() + self.seconds
        while time.perf_counter() < end:
            pass
        return Dear, (self.seconds,)


def run(bench: Bench) -> Iterator[Row]:
    """Yield the sleeping targets, the throttled pipe and the dear pickle."""
    for method in bench.methods:
        yield sleeping(bench, method)
    yield throttled(bench)
    yield burning(bench)


def sleeping(bench: Bench, method: str) -> Row:
    """A target that sleeps against one that returns, and against the same sleep without a process."""
    cases: dict[str, Case] = {
        "sleeping": steady(partial(start, bench, method, SLEEP)),
        "idle": steady(partial(start, bench, method, 0.0)),
        "bare": steady(partial(bare, bench)),
    }
    samples = bench.measure(cases, share=0.2, most=40)
    return compared(f"target sleeps, {method}", difference(samples, "sleeping", "idle"), samples["bare"]["took"])


def start(bench: Bench, method: str, seconds: float) -> Quantities:
    """Start and join a process that sleeps."""
    process = bench.context(method).Process(target=time.sleep, args=(seconds,))  # type: ignore[attr-defined]
    begun = bench.clock()
    process.start()
    process.join()
    return {"took": bench.clock() - begun}


def bare(bench: Bench) -> Quantities:
    """What the system makes of such a sleep."""
    begun = bench.clock()
    time.sleep(SLEEP)
    return {"took": bench.clock() - begun}


def throttled(bench: Bench) -> Row:
    """Messages that come at a known rate."""
    samples = bench.measure({"pipe": partial(ticking, bench)}, share=0.15, most=30)["pipe"]
    return compared("throttled pipe, a message", samples["period"], [PERIOD])


@contextmanager
def ticking(bench: Bench) -> Iterator[Callable[[], Quantities]]:
    """A child that sends a message each `PERIOD`, when asked to."""
    near, far = bench.context().Pipe()
    with bench.child(tick, far):
        far.close()

        def receive() -> Quantities:
            near.send(FIRST + MESSAGES)
            for _ in range(FIRST):
                near.recv()
            begun = bench.clock()
            for _ in range(MESSAGES):
                near.recv()
            return {"period": (bench.clock() - begun) / MESSAGES}

        yield receive
        near.close()


def tick(connection: Connection) -> None:
    """Send messages at fixed moments, however long sending takes, until nobody asks for more."""
    while True:
        try:
            count = connection.recv()
        except EOFError:
            return
        begun = time.perf_counter()
        for number in range(count):
            while time.perf_counter() < begun + number * PERIOD:
                pass
            connection.send(number)


def burning(bench: Bench) -> Row:
    """An object that is dear to pickle against one that is not."""
    cases: dict[str, Case] = {
        "dear": steady(partial(dump, bench, BURN)),
        "cheap": steady(partial(dump, bench, 0.0)),
        "bare": steady(partial(reduce, bench)),
    }
    samples = bench.measure(cases, share=0.1, most=60)
    return compared("dear pickle", difference(samples, "dear", "cheap"), samples["bare"]["took"])


def reduce(bench: Bench) -> Quantities:
    """What burning takes when nothing is pickled."""
    begun = bench.clock()
    Dear(BURN).__reduce__()
    return {"took": bench.clock() - begun}


def dump(bench: Bench, seconds: float) -> Quantities:
    """Pickle as the channels do."""
    thing = Dear(seconds)
    begun = bench.clock()
    ForkingPickler.dumps(thing)
    return {"took": bench.clock() - begun}


def difference(samples: dict[Any, Samples], with_it: str, without: str) -> list[float]:
    """What one case took more than another, round by round."""
    return [a - b for a, b in zip(samples[with_it]["took"], samples[without]["took"], strict=True)]


def compared(what: str, measured: list[float], known: list[float]) -> Row:
    """One row of the answer."""
    return Row({"what": what, "measured": stats.measured(measured), "known": stats.measured(known)})


PROBE: Final = Probe(
    module="mpdiag.probes.workloads",
    run=run,
    tables=(Table("", "Known workloads", (Column("what", "what"),)),),
    doc=Doc(title="Known workloads", why="", how=""),
)
