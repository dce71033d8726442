"""What handing one task to a warm pool costs, and how much work a task must hold for the pool to pay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Callable, Final, Optional

from mpdiag import stats, work
from mpdiag.bench import Bench, Case, Quantities, Samples, steady
from mpdiag.model import Cell, Column, Doc, Measured, Probe, Row, Table
from mpdiag.rigs import pools as ways
from mpdiag.rigs import scaling
from mpdiag.rigs.pools import EXECUTOR, POOL, THREADS, Pools, Warm, Way

#: Batches of the chunksize sweep: chunks in each, so that both workers have some all the time.
CHUNKS = 4
#: Arguments: each task's is pickled anew, whether it is the same object or not.
PAYLOADS: dict[str, object] = {"small int": 1, **{f"{kb} KB bytes": bytes(kb * 1000) for kb in (10, 100, 1000)}}
#: Task durations, in break-evens, at which the computed break-even is tried out.
AROUND = (0.3, 1.0, 3.0, 10.0)
#: Speed-up per worker above which a pool counts as well used.
WELL_USED = 0.75
#: Part of the expected speed-up below which the CPUs cannot have been free.
SHORTFALL = 0.75
#: Busy tasks in a batch, at least, and the seconds it lasts in a loop: a scheduler may take 10 ms to spread workers.
TRIED, LASTING = 24, 0.03
#: Iterations from which the speed of the busy loop is taken.
CALIBRATION = 20_000


def run(bench: Bench) -> Iterator[Row]:
    """Yield the cost per task by way, payload and chunksize, then the break-even computed and tried out."""
    with Pools(bench) as pools:
        by_way = bench.measure({name: batch(bench, pools, name) for name in WAYS}, share=0.3)
        for name, samples in by_way.items():
            yield Row({"way": name, **costs(samples)})
        yield from by_payload(bench, pools)
        by_chunk = chunk_samples(bench, pools)
        yield from chunk_rows(by_chunk)
        overheads = {name: by_way[name] for name in (FIRST, "Pool.imap") if name in by_way}
        overheads.update(
            {f"{kind}.map, chunksize {size}": each for (kind, size), each in by_chunk.items() if size == 100}
        )
        yield from break_even(bench, overheads)
        if FIRST in by_way and bench.cpus > 1 and bench.pick(False, True):
            yield from tried_out(bench, pools, by_way)


# --- by way


FIRST = f"{EXECUTOR}.map"
#: The kind of pool and the function; process pools come first, so that they fork before threads are started.
WAYS: dict[str, tuple[str, Way]] = {
    FIRST: (EXECUTOR, partial(ways.map_by, 1)),
    f"{EXECUTOR}.submit": (EXECUTOR, ways.submit_all),
    "Pool.apply": (POOL, ways.apply_each),
    "Pool.apply_async": (POOL, ways.apply_all),
    "Pool.imap": (POOL, partial(ways.iterate, "imap")),
    "Pool.imap_unordered": (POOL, partial(ways.iterate, "imap_unordered")),
    "Pool.map, chunksize 1": (POOL, partial(ways.map_by, 1)),
    "Pool.map": (POOL, partial(ways.map_by, None)),
    f"{THREADS}.submit": (THREADS, ways.submit_all),
}


def batch(
    bench: Bench, pools: Pools, name: str, items: Sequence[Any] = (), function: Callable[[Any], object] = work.take
) -> Case:
    """A case that hands ``items`` (small ints when none are given) to ``function``, which by default does nothing."""
    kind, way = WAYS[name]
    return pools.batches(kind, usable(bench), partial(give, way, function, items or range(bench.pick(25, 100))))


def give(way: Way, function: Callable[[Any], object], items: Sequence[Any], warm: Warm) -> int:
    """Hand out a batch; its size."""
    way(warm, function, items)
    return len(items)


def usable(bench: Bench) -> int:
    """Workers of each pool here: two show what dispatch costs, more would only wait for it."""
    return min(2, bench.cpus)


def costs(samples: Samples) -> dict[str, Cell]:
    """The cells that tell what one task costs."""
    workers = samples.get("workers")
    return {
        "task": stats.measured(samples["task"]),
        "parent": stats.measured(samples["parent"]),
        "workers": stats.measured(workers) if workers else None,
    }


# --- by payload and by chunksize


def by_payload(bench: Bench, pools: Pools) -> Iterator[Row]:
    """One row for each size of argument."""
    columns = {"executor": f"{EXECUTOR}.submit", "pool": "Pool.imap", "threads": f"{THREADS}.submit"}
    payloads = bench.pick(("small int", "100 KB bytes"), tuple(PAYLOADS)[:3], tuple(PAYLOADS))
    cases: dict[Any, Case] = {
        (column, payload): batch(bench, pools, way, [PAYLOADS[payload]] * bench.pick(16, 40))
        for payload in payloads
        for column, way in columns.items()
    }
    samples = bench.measure(cases, share=0.2)
    for payload in payloads:
        cells = {column: each["task"] for (column, key), each in samples.items() if key == payload}
        yield Row({"payload": payload, **{name: stats.measured(each) for name, each in cells.items()}}, "payload")


def chunk_samples(bench: Bench, pools: Pools) -> dict[Any, Samples]:
    """The cost per task by kind of pool and chunksize."""
    sizes = bench.pick((1, 10, 100, 1000), (1, 3, 10, 30, 100, 300, 1000))
    cases: dict[Any, Case] = {}
    for kind in (EXECUTOR, POOL):
        for size in sizes:
            items = range(max(CHUNKS * size, 40))
            hand_out = partial(give, partial(ways.map_by, size), work.take, items)
            cases[kind, size] = pools.batches(kind, usable(bench), hand_out)
    return bench.measure(cases, share=0.2)


def chunk_rows(samples: dict[Any, Samples]) -> Iterator[Row]:
    """One row for each chunksize."""
    for size in sorted({size for _, size in samples}):
        columns = {"executor": samples.get((EXECUTOR, size)), "pool": samples.get((POOL, size))}
        yield Row(
            {"chunksize": size, **{key: stats.measured(each["task"]) for key, each in columns.items() if each}},
            "chunksize",
        )


# --- where it pays


def overhead(samples: Samples) -> list[float]:
    """What one task costs beyond its work: CPU seconds of parent and workers; wall time where those are unknown."""
    if "workers" not in samples:
        return samples["task"]
    return [parent + workers for parent, workers in zip(samples["parent"], samples["workers"])]


def break_even(bench: Bench, by_way: dict[str, Samples]) -> Iterator[Row]:
    """One row for each way: the task from which a pool of all usable CPUs pays, and from which it pays well."""
    if bench.cpus == 1:
        bench.notes.append("with one usable CPU no pool pays for CPU-bound tasks, however long they are")
    for name, samples in by_way.items():
        costs = list(zip(overhead(samples), samples["parent"]))

        def tasks(share: float, costs: list[tuple[float, float]] = costs) -> Optional[Measured]:
            if bench.cpus == 1:
                return None
            return stats.measured([scaling.least_task(share, bench.cpus, *cost) for cost in costs])

        yield Row(
            {
                "way": name,
                "overhead": stats.measured([each for each, _ in costs]),
                "task": tasks(1 / bench.cpus),
                "good": tasks(WELL_USED),
                "fed": 1e-3 / stats.median(samples["parent"]) if stats.median(samples["parent"]) > 0 else None,
            },
            "break_even",
        )


def tried_out(bench: Bench, pools: Pools, by_way: dict[str, Samples]) -> Iterator[Row]:
    """Real busy tasks around the break-even: the speed-up that a pool of `usable` workers gives."""
    per_iteration = bench.once("speed of a busy loop", partial(iteration_cost, bench))
    if not per_iteration:
        return
    cost, parent = stats.median(overhead(by_way[FIRST])), stats.median(by_way[FIRST]["parent"])
    workers = usable(bench)
    even = scaling.least_task(1 / workers, workers, cost, parent)
    counts = [max(1, round(factor * even / per_iteration)) for factor in AROUND]
    batches = {count: [count] * max(TRIED, round(LASTING / (count * per_iteration))) for count in counts}
    cases: dict[Any, Case] = {("serial", count): steady(partial(alone, bench, batches[count])) for count in counts}
    for key, way in (("executor", FIRST), ("imap", "Pool.imap")):
        cases.update({(key, count): batch(bench, pools, way, batches[count], work.busy) for count in counts})
    samples = bench.measure(cases, share=0.3)
    for count in counts:
        serial = samples["serial", count]["task"]
        gains = {
            key: stats.ratio(serial, samples[key, count]["task"])
            for key in ("executor", "imap")
            if (key, count) in samples
        }
        task = stats.median(serial)
        yield Row({"task": task, "expected": scaling.pool_speedup(task, workers, cost, parent), **gains}, "tried_out")
    note_shortfall(bench, scaling.pool_speedup(task, workers, cost, parent), gains.get("executor"))


def note_shortfall(bench: Bench, expected: float, gained: Optional[Measured]) -> None:
    """Say aloud when even the longest tasks gained far less than they should: the CPUs are not free."""
    if gained and gained.at_most < SHORTFALL * expected:
        bench.notes.append(
            f"the longest busy tasks gained {gained.median:.2f}x where {expected:.2f}x was expected: "
            "something else uses the CPUs, so trust the CPU times and not the speed-ups"
        )


def iteration_cost(bench: Bench) -> float:
    """Seconds for one turn of the busy loop: the best of a few, as its only use is to size tasks."""

    def once() -> float:
        begun = bench.clock()
        work.busy(CALIBRATION)
        return (bench.clock() - begun) / CALIBRATION

    return min(once() for _ in range(5))


def alone(bench: Bench, tasks: Sequence[int]) -> Quantities:
    """The tasks one by one in this process."""
    begun = bench.clock()
    for iterations in tasks:
        work.busy(iterations)
    return {"task": (bench.clock() - begun) / len(tasks)}


PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=70,
    weight=1.4,
    tables=(
        Table(
            "",
            "Handing one task to a warm pool",
            (
                Column("way", "by"),
                Column("task", "per task", "s", bar=True),
                Column("parent", "CPU of the parent", "s"),
                Column("workers", "CPU of the workers", "s", wide=True),
            ),
        ),
        Table(
            "break_even",
            "The task from which a pool pays",
            (
                Column("way", "by"),
                Column("overhead", "overhead", "s"),
                Column("task", "pays above", "s"),
                Column("good", "well above", "s"),
                Column("fed", "workers fed at 1 ms", "1", wide=True),
            ),
        ),
        Table(
            "tried_out",
            "Speed-up of busy tasks around the break-even",
            (
                Column("task", "task", "s"),
                Column("expected", "expected", "x"),
                Column("executor", "ProcessPoolExecutor.map", "x", bar=True),
                Column("imap", "Pool.imap", "x"),
            ),
        ),
        Table(
            "payload",
            "Per task, by the size of its argument",
            (
                Column("payload", "argument"),
                Column("executor", "executor.submit", "s", bar=True),
                Column("pool", "Pool.imap", "s"),
                Column("threads", "threads", "s"),
            ),
        ),
        Table(
            "chunksize",
            "Per task, by chunksize",
            (
                Column("chunksize", "chunksize", "1"),
                Column("executor", "executor.map", "s", bar=True),
                Column("pool", "Pool.map", "s", bar=True),
            ),
        ),
    ),
    doc=Doc(
        title="What handing a task to a pool costs",
        why="Each task is pickled, queued, picked up and answered; below some duration that outweighs the task, "
        "and the pool is slower than a plain loop.",
        how="Batches of tasks that do nothing, on warm pools of two workers (one where only one CPU is usable): wall "
        "time per task, and CPU time of the parent (all its threads) and of the workers. From these: a pool of w "
        "workers speeds tasks of duration d up by w·d / (d + overhead), as long as the parent can feed it. At the "
        "default level real busy tasks around the break-even try that out, on two workers.",
        reading="'pays above' is the task for which a pool of all usable CPUs is as fast as a loop, 'well above' the "
        "one for which it reaches three quarters of its CPUs' speed. A shorter task wants a larger chunksize.",
        links=(
            "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool.map",
        ),
    ),
)
