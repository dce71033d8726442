"""Advice on tasks that wait and are given no more workers than there are CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag import functions, ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule, known
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, number, seconds

#: A gain below this is not worth more workers.
LIMIT = 1.5
#: As many waiting tasks as one program commonly keeps in flight; the probe finds gains up to there.
IN_FLIGHT = 64
#: Tasks for each worker from which more workers have something to do.
MORE = 2
#: Workers busy for this part of the phase are what limits it.
BUSY = 0.7


def judge(pool_sizing: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare as many waiting workers as an executor of processes has by default with the best number."""
    default, threads = known(python, "executor_workers"), known(python, "thread_workers")
    best = pool_sizing.measured("speedup", "recommended", work="waiting")
    workers = int(pool_sizing.number("workers", "recommended", work="waiting"))
    fewer, few = as_many_as(pool_sizing, default)
    gain = best.at_least / few.at_most
    if gain <= LIMIT:
        return
    yield RULE.finding(
        level="note",
        concern=best.median / few.median / LIMIT,
        seen=f"Tasks that wait ran {interval(few, 'x')} as fast as in a loop on {fewer} workers and "
        f"{interval(best, 'x')} on {workers}; by default a ProcessPoolExecutor has {number(default, '1')} here, "
        f"a ThreadPoolExecutor {number(threads, '1')}.",
        do=f"Keep as many waiting tasks in flight as the other side bears, by threads or asyncio: "
        f"ThreadPoolExecutor(max_workers={workers}) still pays on this machine. The tasks measured only sleep, so "
        "connection and rate limits are yours to observe.",
        evidence=(
            Evidence("speed-up : speed-up at the CPU count", best.median / few.median, "x"),
            Evidence("reference: a gain worth more workers", LIMIT, "x"),
            Evidence.of(f"speed-up of {workers} workers", best, "x"),
            Evidence.of(f"speed-up of {fewer} workers", few, "x"),
        ),
    )


def as_many_as(facts: Facts, limit: int) -> tuple[int, Measured]:
    """The most waiting threads tried that are no more than ``limit``, and their speed-up."""
    gains = {
        count: gain
        for row in facts.rows("waiting", kind="threads")
        if isinstance(count := row.get("workers"), int) and isinstance(gain := row.get("speedup"), Measured)
    }
    counts = [count for count in gains if count <= limit]
    if not counts:
        raise NotJudged(f"pool_sizing did not try {limit} or fewer waiting threads")
    return max(counts), gains[max(counts)]


def observed(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Find pools sized for computing whose workers all wait for something outside the program."""
    yield from phases.each(phases.used(pools), lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge the tasks of one pool."""
    cpus, tasks, workers = phases.cores(run), ideals.amount(pool, "tasks"), ideals.amount(pool, "workers")
    if not phases.sized_for_computing(pool, cpus) or tasks < MORE * workers:
        return None
    if ideals.amount(pool, "busy_share") < BUSY or phases.waiting(pool) < phases.WAITING:
        return None
    phase, flight = ideals.amount(pool, "phase_s"), min(IN_FLIGHT, ideals.amount(pool, "items"))
    computing = ideals.amount(pool, "task_cpu_s") / cpus
    work = ideals.amount(pool, "task_s")
    recoverable = phase - max(computing, work / flight, work / ideals.amount(pool, "items"))
    loss = phases.loss(recoverable, run, f"{flight:.0f} tasks would wait at the same time, on idle CPUs")
    if loss is None:
        return None
    place, share = Place.of(pool), phases.waiting(pool)
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"The {tasks:,.0f} tasks of the {pool['type']}{ideals.where(place)} waited for "
        f"{number(share, 'fraction')} of their time, {seconds(work / tasks)} each, and no more than {workers:.0f} at "
        "a time: the CPUs were idle meanwhile.",
        do="Keep more of them in flight, as many as the other side bears: "
        f"ThreadPoolExecutor(max_workers={flight:.0f}), or asyncio. Waiting threads hold no GIL, and nothing has to "
        "be pickled.",
        evidence=(
            *loss.evidence,
            Evidence("share of the tasks' time spent waiting", share, "fraction"),
            Evidence("workers", workers, "1"),
            Evidence("CPU time of the tasks", ideals.amount(pool, "task_cpu_s"), "s"),
        ),
    )


def of_function(sized: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge a function that waits by how many of its calls default pools keep in flight."""
    default, task, chosen = known(python, "executor_workers"), functions.task(sized), functions.chosen(sized)
    gained, workers = functions.gain(chosen), int(chosen["workers"])
    if not functions.waits(sized) or gained.at_least <= LIMIT * default:
        return
    yield RULE.finding(
        level="note",
        concern=gained.median / default / LIMIT,
        seen=f"{task['target']} waits for {number(task['waiting'], 'fraction')} of its time: {workers} "
        f"{chosen['kind']} made it {interval(gained, 'x')} as fast as a loop, and a ProcessPoolExecutor has "
        f"{number(default, '1')} workers by default.",
        do=f"Keep {workers} calls in flight, if the other side bears that: ThreadPoolExecutor(max_workers={workers}), "
        "or asyncio.",
        evidence=(
            Evidence.of(f"speed-up of {workers} {chosen['kind']}", gained, "x"),
            Evidence("reference: workers of a default executor", default, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP403",
    judge=judge,
    run=observed,
    size=of_function,
    doc=Doc(
        title="Too few workers for tasks that wait",
        why="A task that waits needs no CPU: with one worker per CPU almost all of the time is spent waiting for one "
        "reply after the other.",
        how="Tasks that sleep on 1 to 64 warm workers against a plain loop. Reported when the best number is more "
        f"than {LIMIT:g} times as fast as the default size of a ProcessPoolExecutor. In a program: pools of up to "
        f"{phases.COMPUTING_SIZE} workers for each usable CPU, whose tasks wait for at least {phases.WAITING:.0%} of "
        "their time on the outside world, when more in flight could win 5 % of the wall time. "
        "Of a measured function that waits for half its time: when the best number of workers gained more than that.",
        claim='Often read: "I/O with cpu_count() workers suffers from context switches, 4 to 8 are steadier". Wrong: '
        "such pools are too small; time falls with the number of workers up to the limit of the other side, and the "
        "number of context switches does not grow with it.",
        bad="""\
with ThreadPoolExecutor(os.cpu_count()) as pool:
    pages = list(pool.map(download, urls))
""",
        good="""\
with ThreadPoolExecutor(max_workers=64) as pool:  # as many as the server allows
    pages = list(pool.map(download, urls))
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",),
    ),
)
