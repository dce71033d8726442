"""The same waiting tasks handed out in different ways: what it costs to wait for each before the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from functools import partial
from typing import Any, Callable, Final

from mpdiag import stats, work
from mpdiag.bench import Bench, Case
from mpdiag.model import Column, Doc, Probe, Row, Table
from mpdiag.rigs import pools as ways
from mpdiag.rigs.pools import BATCH_DEADLINE, EXECUTOR, THREADS, Pools, Warm, Way

#: Seconds each task waits.
WAIT = 0.001
#: Workers of the first table; with more of them, waiting for each task one by one costs that much more.
WORKERS, MORE = 2, 8
KINDS = {"processes": EXECUTOR, "threads": THREADS}


def run(bench: Bench) -> Iterator[Row]:
    """Yield the time per task by kind of executor and way, with two workers and with more."""
    with Pools(bench) as pools:
        yield from compare(bench, pools, WORKERS, "")
        if bench.pick(False, True):
            yield from compare(bench, pools, MORE, "more")


def compare(bench: Bench, pools: Pools, workers: int, table: str) -> Iterator[Row]:
    """One row for each kind and way; the ratio is to the best way of the same kind."""
    seconds = [WAIT] * bench.pick(10, 32)
    cases: dict[Any, Case] = {}
    for kind in bench.pick(("processes",), tuple(KINDS)):
        for name, way in ways_for(kind, bench.pick(8, 16)).items():
            cases[kind, name] = pools.batches(KINDS[kind], workers, partial(give, way, seconds))
    samples = bench.measure(cases, share=bench.pick(1.0, 0.5))
    for (kind, name), each in samples.items():
        best = min((other["task"] for (its_kind, _), other in samples.items() if its_kind == kind), key=stats.median)
        cells = {"kind": kind, "way": name, "task": stats.measured(each["task"])}
        yield Row({**cells, "ratio": stats.ratio(each["task"], best)}, table)


def ways_for(kind: str, chunksize: int) -> dict[str, Way]:
    """How to hand out the tasks; threads have no chunks."""
    found: dict[str, Way] = {
        "submit().result()": one_by_one,
        "submit, as_completed": completed,
        "submit, in order": ways.submit_all,
        "map": partial(ways.map_by, 1),
    }
    if kind == "processes":
        found[f"map, chunksize {chunksize}"] = partial(ways.map_by, chunksize)
    return found


def one_by_one(warm: Warm, function: Callable[[Any], object], items: Sequence[Any]) -> None:
    """Wait for each task before the next is submitted."""
    for item in items:
        warm.handle.submit(function, item).result(BATCH_DEADLINE)


def completed(warm: Warm, function: Callable[[Any], object], items: Sequence[Any]) -> None:
    """Submit all, take the results as they come."""
    for future in as_completed([warm.handle.submit(function, item) for item in items], BATCH_DEADLINE):
        future.result()


def give(way: Way, seconds: Sequence[float], warm: Warm) -> int:
    """Hand out a batch; its size."""
    way(warm, work.wait, seconds)
    return len(seconds)


COLUMNS: Final = (
    Column("kind", "workers"),
    Column("way", "by"),
    Column("task", "per task", "s"),
    Column("ratio", "to the best", "x", bar=True),
)

PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=90,
    weight=0.7,
    tables=(
        Table("", f"Tasks that wait, on {WORKERS} workers", COLUMNS),
        Table("more", f"Tasks that wait, on {MORE} workers", COLUMNS, detail=True),
    ),
    doc=Doc(
        title="Ways to hand out the same tasks",
        why="submit(...).result() in a loop keeps one worker at work and the others idle: the pool runs its tasks one "
        "after the other, and adds its own cost.",
        how="The same tasks, each sleeping 1 ms, on warm executors: wall time per task in interleaved rounds. The "
        "chunked map puts the tasks into two chunks.",
        reading="'to the best' is how much longer the same work takes than by the best way of the same kind. With n "
        "workers, waiting for each task costs up to n times as much; a chunksize that leaves fewer chunks than "
        "workers idles the rest.",
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.as_completed",),
    ),
)
