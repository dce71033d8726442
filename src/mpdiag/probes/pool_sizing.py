"""How much faster more workers are here, for tasks that compute and tasks that wait, and how many to choose."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Callable, Final, Optional

from mpdiag import stats, work
from mpdiag.bench import Bench, Case, Quantities, Samples, steady
from mpdiag.model import Cell, Column, Doc, Measured, Probe, Row, Table
from mpdiag.rigs import scaling
from mpdiag.rigs.pools import BATCH_DEADLINE, EXECUTOR, THREADS, Pools, Warm, opened

KINDS = {"processes": EXECUTOR, "threads": THREADS}
#: The key of the plain loop, which every speed-up refers to.
LOOP = ("no pool", 1)
#: Turns of the busy loop that make one computing task.
TASK = 50_000
#: Seconds until the scheduler has spread workers that woke on one CPU: before that, two run as slowly as one.
SPREAD = 0.02
#: Numbers of workers tried on waiting tasks.
WAITERS = (1, 2, 4, 8, 16, 32, 64)
#: The part of the budget that starting processes for the waiting tasks may take.
START_SHARE = 0.15
#: Threads started at once to learn what one takes.
THREADS_STARTED = 8
#: Speed-ups of this part of the best count as equal to it: fewer workers cost less.
ALIKE = 0.9
#: A peak at more than this many times the workers tried is a guess, and not shown.
FORESIGHT = 4
#: Effective over usable CPUs below which speed-ups tell of the neighbours, not of this machine.
CROWDED = 0.75
#: What `ProcessPoolExecutor` allows on Windows, and the default of `ThreadPoolExecutor`: min(32, CPUs + 4).
WINDOWS_WORKERS, MOST_THREADS, EXTRA_THREADS = 61, 32, 4
#: Samples by kind of worker and their number.
Curve = dict[tuple[str, int], Samples]


def run(bench: Bench) -> Iterator[Row]:
    """Yield the speed-up curves, the numbers to choose, the laws of the curves and what a worker costs."""
    with Pools(bench) as pools:
        start = bench.once("starting processes", partial(start_of, bench, pools))
        before = bench.once("effective CPUs before", partial(effective_cpus, bench, pools))
        computing: Curve = bench.measure(computing_cases(bench, pools), share=0.45)
        again = bench.pick([], ["effective CPUs after"])
        after = [bench.once(key, partial(effective_cpus, bench, pools)) for key in again]
        yield from curve_rows(computing, "")
        waiting: Curve = bench.measure(waiting_cases(bench, pools, start), share=0.3)
        yield from curve_rows(waiting, "waiting")
        threads = bench.once("starting threads", partial(thread_start, bench))
    effective = min((each for each in (before, *after) if each is not None), default=None)
    free = {} if is_crowded(bench, effective) else within(computing, bench.cpus)
    yield recommended("computing", free, effective)
    yield recommended("waiting", waiting, None)
    yield from law_rows("computing", computing, bench.cpus)
    yield from law_rows("waiting", waiting, max(WAITERS))
    yield Row({"kind": "processes", **dict(zip(("start", "memory"), start or (None, None)))}, "start")
    yield Row({"kind": "threads", "start": threads}, "start")


# --- before the curves


def start_of(bench: Bench, pools: Pools) -> tuple[float, Optional[int]]:
    """Seconds that one worker of a new pool takes until it answers, and the memory that is its own."""
    warm = pools.warm(EXECUTOR, 2 * bench.cpus)
    with warm.guarded():
        rss, uss = warm.handle.submit(work.own_memory).result(BATCH_DEADLINE)
    return warm.start_s / warm.workers, uss or rss


def thread_start(bench: Bench) -> float:
    """Seconds that one thread of a new pool takes until it answers: the best of three, as they are soon disturbed."""
    starts = []
    for _ in range(3):
        with opened(bench, THREADS, THREADS_STARTED) as warm:
            starts.append(warm.start_s / THREADS_STARTED)
    return min(starts)


def effective_cpus(bench: Bench, pools: Pools) -> float:
    """CPU seconds per second that as many busy processes get as there are usable CPUs.

    A quota shows when three of its periods (usually 0.1 s) are covered; in a quick run it does not.
    """
    warm = pools.warm(EXECUTOR, 2 * bench.cpus)
    with warm.guarded():
        begun = bench.clock()
        got: list[float] = warm.map(work.burn, [bench.pick(0.05, 0.3, 0.6)] * bench.cpus)
        return sum(got) / (bench.clock() - begun)


def is_crowded(bench: Bench, effective: Optional[float]) -> bool:
    """Whether others use the CPUs so much that no number of workers can be recommended; said aloud."""
    if effective is None or effective >= CROWDED * bench.cpus:
        return False
    bench.notes.append(
        f"{bench.cpus} busy processes got {effective:.2f} CPUs of {bench.cpus}: others use them, or a limit that "
        "cannot be seen; no number of workers is recommended for computing, measure again when the machine is idle"
    )
    return True


# --- the curves


def computing_cases(bench: Bench, pools: Pools) -> dict[Any, Case]:
    """As many busy workers as 1 to twice the usable CPUs, beside a plain loop."""
    few = worker_counts(bench.cpus, few=True)
    processes = bench.pick(few[-2:], worker_counts(bench.cpus, few=False))
    sizes = {"processes": processes, "threads": bench.pick([bench.cpus], few)}
    cases: dict[Any, Case] = {LOOP: steady(partial(through_window, bench, work.compute))}
    for kind, name in KINDS.items():
        for size in sizes[kind]:
            cases[kind, size] = together(bench, pools, name, size)
    return cases


def together(bench: Bench, pools: Pools, name: str, size: int) -> Case:
    """``size`` workers of a warm pool compute at once: the others sleep, as if they were not there."""

    def rounds() -> AbstractContextManager[Callable[[], Quantities]]:
        warm = pools.warm(name, 2 * bench.cpus)

        def compute(window: tuple[float, float]) -> int:
            with warm.guarded():
                return sum(warm.map(work.compute, [window] * size))

        return nullcontext(partial(through_window, bench, compute))

    return rounds


def through_window(bench: Bench, compute: Callable[[tuple[float, float]], int]) -> Quantities:
    """Seconds per task, from the turns that were done in a window of time once all were at work."""
    begin = bench.clock() + bench.pick(SPREAD / 2, SPREAD)
    span = bench.pick(0.01, 0.03)
    turns = compute((begin, begin + span))
    return {"task": span * TASK / max(turns, 1)}


def worker_counts(cpus: int, few: bool) -> list[int]:
    """1 to twice the CPUs: each of them up to eight, then powers of two; or a ``few``."""
    if few:
        return sorted({1, cpus, 2 * cpus})
    if 2 * cpus <= 8:
        return list(range(1, 2 * cpus + 1))
    return sorted({cpus, 2 * cpus, *(2**power for power in range((2 * cpus).bit_length()))})


def waiting_cases(bench: Bench, pools: Pools, start: Optional[tuple[float, Optional[int]]]) -> dict[Any, Case]:
    """1 to 64 workers that wait, as many processes as are affordable to start, beside a plain loop."""
    seconds = bench.pick(0.005, 0.01)
    sizes: dict[str, list[int]] = {"threads": bench.pick([bench.cpus, 8, max(WAITERS)], list(WAITERS))}
    most = affordable(bench, start[0] if start else 0.0)
    sizes["processes"] = [size for size in bench.pick([bench.cpus, most], list(WAITERS)) if size <= most]
    cases: dict[Any, Case] = {LOOP: steady(partial(loop, bench, work.wait, seconds))}
    for kind, name in reversed(list(KINDS.items())):
        workers = max(WAITERS) if kind == "threads" else max(most, 2 * bench.cpus)
        for size in sorted({*sizes[kind]}):
            cases[kind, size] = pools.batches(name, workers, partial(fill, work.wait, seconds, size))
    return cases


def affordable(bench: Bench, start_s: float) -> int:
    """The most processes to try on waiting tasks, given what starting one takes."""
    enough = bench.pick(8, max(WAITERS))
    sizes = [size for size in WAITERS if size <= enough and size * start_s <= START_SHARE * bench.plan.budget_s]
    most = max([*sizes, min(2 * bench.cpus, enough)])
    if most < enough:
        bench.notes.append(f"waiting tasks were tried on {most} processes at most: starting more takes too long here")
    return most


def fill(function: Callable[[Any], object], argument: object, size: int, warm: Warm) -> int:
    """Keep ``size`` workers of a warm pool busy with one task each: the others sleep, as if they were not there."""
    warm.map(function, [argument] * size)
    return size


def loop(bench: Bench, function: Callable[[Any], object], argument: object) -> Quantities:
    """Two tasks one after the other in this process."""
    begun = bench.clock()
    function(argument)
    function(argument)
    return {"task": (bench.clock() - begun) / 2}


def curve_rows(curve: Curve, table: str) -> Iterator[Row]:
    """One row for each kind and number of workers: the time per task and how much faster than a loop that is."""
    for (kind, workers), samples in curve.items():
        speedup = gain(curve, (kind, workers))
        cells: dict[str, Cell] = {"kind": kind, "workers": workers, "task": stats.measured(samples["task"])}
        efficiency = stats.scaled(speedup, 1 / workers)
        yield Row({**cells, "speedup": speedup, "efficiency": efficiency}, table)


def gain(curve: Curve, key: tuple[str, int]) -> Measured:
    """How much faster than a plain loop, in the same rounds."""
    return stats.ratio(curve[LOOP]["task"], curve[key]["task"])


# --- what follows from them


def within(curve: Curve, cpus: int) -> Curve:
    """The part of a curve with no more workers than CPUs: more of them compute nothing sooner."""
    return {key: samples for key, samples in curve.items() if key[1] <= cpus}


def recommended(what: str, curve: Curve, effective: Optional[float]) -> Row:
    """The fewest workers that come close to the best, and what the library would pick; no pool if none gains."""
    cells: dict[str, Cell] = {"work": what, "kind": None, "workers": None, "speedup": None}
    if LOOP in curve:
        kind, workers = choose({key: gain(curve, key).median for key in curve})
        cells.update(kind=kind, workers=workers, speedup=gain(curve, (kind, workers)))
    return Row({**cells, **default_workers(), "effective": effective}, "recommended")


def choose(gains: dict[tuple[str, int], float]) -> tuple[str, int]:
    """The cheapest kind and number of workers whose gain is close to the best: no pool, then threads, then few."""
    kinds = [LOOP[0], "threads", "processes"]
    good = [key for key in gains if gains[key] >= ALIKE * max(gains.values())]
    return min(good, key=lambda key: (kinds.index(key[0]), key[1]))


def default_workers() -> dict[str, Cell]:
    """What ``Pool()``, ``ProcessPoolExecutor()`` and ``ThreadPoolExecutor()`` pick in this interpreter."""
    count: Callable[[], Optional[int]] = getattr(os, "process_cpu_count", os.cpu_count)
    cpus = count() or 1
    executor = min(cpus, WINDOWS_WORKERS) if sys.platform == "win32" else cpus
    return {"pool": cpus, "executor": executor, "threads": min(MOST_THREADS, cpus + EXTRA_THREADS)}


def law_rows(what: str, curve: Curve, cpus: int) -> Iterator[Row]:
    """The laws that fit the curve of each kind; Amdahl's counts no more workers than CPUs, the other all."""
    for kind in KINDS:
        sizes = sorted(size for name, size in curve if name == kind)
        base = gain(curve, (kind, 1)).median if 1 in sizes else 1.0
        points = [(float(size), gain(curve, (kind, size)).median / base) for size in sizes]
        amdahl = scaling.amdahl([(min(size, cpus), speedup) for size, speedup in points])
        universal = scaling.universal(points)
        if amdahl is None:
            continue
        cells: dict[str, Cell] = {"curve": f"{what}, {kind}", "serial": amdahl.sigma, "error": amdahl.error}
        if universal:
            cells.update(contention=universal.sigma, coherency=universal.kappa, usl_error=universal.error)
            cells["peak"] = universal.peak if universal.peak and universal.peak <= FORESIGHT * sizes[-1] else None
        yield Row(cells, "laws")


CURVE: Final = (
    Column("kind", "workers"),
    Column("workers", "at work", "1"),
    Column("task", "per task", "s"),
    Column("speedup", "speed-up", "x", bar=True),
    Column("efficiency", "of ideal", "fraction", wide=True),
)

PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=80,
    weight=1.8,
    tables=(
        Table("", "Speed-up of computing by workers", CURVE),
        Table("waiting", "Speed-up of waiting by workers", CURVE),
        Table(
            "recommended",
            "Workers to choose, and the library's defaults",
            (
                Column("work", "tasks that"),
                Column("workers", "workers", "1"),
                Column("kind", "of"),
                Column("speedup", "speed-up", "x"),
                Column("pool", "Pool()", "1"),
                Column("executor", "executor", "1"),
                Column("threads", "threads", "1"),
                Column("effective", "effective CPUs"),
            ),
        ),
        Table(
            "laws",
            "Laws of scalability fitted to the curves",
            (
                Column("curve", "curve"),
                Column("serial", "Amdahl: serial", "fraction"),
                Column("error", "error", "x"),
                Column("contention", "USL: contention", "fraction"),
                Column("coherency", "coherency", "fraction"),
                Column("usl_error", "error", "x"),
                Column("peak", "peak at", "1", wide=True),
            ),
        ),
        Table(
            "start",
            "What one worker costs to have",
            (Column("kind", "worker"), Column("start", "start", "s"), Column("memory", "own memory", "B")),
        ),
    ),
    doc=Doc(
        title="How many workers pay",
        why="Computing tasks gain up to the CPUs that are really free, waiting tasks far beyond: one number does not "
        "fit both, and the defaults know neither quotas nor neighbours.",
        how="As many equal tasks as workers are given to a warm pool at once; time per task against a plain loop, in "
        "the same rounds. Computing is pure Python, counted once the scheduler has spread the workers; waiting is "
        "sleep(), behind which stands no peer that could be overrun. Effective CPUs: the CPU time that as many busy "
        "processes get as there are usable CPUs, the less of before and after. The laws are least-squares fits (the "
        "universal one of three numbers of workers above 1, or more); their error is the root of the squared "
        "differences per degree of freedom, in speed-ups, and blank where the law has to fit.",
        reading="Choose the fewest workers on the plateau. For waiting tasks the peer's limit comes first: this curve "
        "only shows that the machine is not the limit.",
        links=(
            "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ProcessPoolExecutor",
            "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor",
        ),
    ),
)
