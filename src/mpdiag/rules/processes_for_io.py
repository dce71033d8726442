"""Advice on processes for tasks that only wait, where threads do the same for less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import functions, ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule
from mpdiag.model import Cell, Doc, Measured
from mpdiag.units import interval, number, seconds, size

#: Threads that reach this part of the processes' speed-up do the same.
ALIKE = 0.9
#: A start this many times as dear is worth a change.
LIMIT = 3.0


def judge(pool_sizing: Facts) -> Iterator[Finding]:
    """Compare as many waiting threads and processes, in speed and in what they cost to have."""
    workers, threads, processes = most_of_both(pool_sizing)
    start = pool_sizing.number("start", "start", kind="processes")
    light = pool_sizing.number("start", "start", kind="threads")
    dearer = start / light if light > 0 else 0.0
    if threads.median < ALIKE * processes.median or dearer <= LIMIT:
        return
    memory: Cell = pool_sizing.rows("start", kind="processes")[0].get("memory")
    own = f" and {size(memory)} of its own" if isinstance(memory, (int, float)) else ""
    yield RULE.finding(
        level="note",
        concern=dearer / LIMIT,
        seen=f"{workers} threads ran tasks that wait {interval(threads, 'x')} as fast as a loop, as many processes "
        f"{interval(processes, 'x')}; but a process takes {seconds(start)} to start{own}, a thread {seconds(light)}.",
        do="Use threads (ThreadPoolExecutor) or asyncio for tasks that only wait for disks, networks or other "
        "programs; keep processes for tasks that compute.",
        evidence=(
            Evidence("start of a process : start of a thread", dearer, "x"),
            Evidence("reference: a start worth a change", LIMIT, "x"),
            Evidence.of(f"speed-up of {workers} threads", threads, "x"),
            Evidence.of(f"speed-up of {workers} processes", processes, "x"),
        ),
    )


def most_of_both(facts: Facts) -> tuple[int, Measured, Measured]:
    """The highest number of waiting workers tried with both kinds, and their speed-ups."""
    gains: dict[Cell, dict[int, Measured]] = {"threads": {}, "processes": {}}
    for row in facts.rows("waiting"):
        count, gain = row.get("workers"), row.get("speedup")
        if isinstance(count, int) and isinstance(gain, Measured):
            gains.get(row.get("kind"), {})[count] = gain
    both = gains["threads"].keys() & gains["processes"].keys()
    if not both:
        raise NotJudged("pool_sizing did not try as many waiting processes as threads")
    return max(both), gains["threads"][max(both)], gains["processes"][max(both)]


def observed(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Find large pools of processes whose tasks wait, and whose start costs."""
    yield from phases.each(ideals.process_pools(pools), lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge one pool; small ones have too few workers before anything else."""
    cpus, workers = phases.cores(run), ideals.amount(pool, "workers")
    if phases.sized_for_computing(pool, cpus) or phases.waiting(pool) < phases.WAITING:
        return None
    phase = ideals.amount(pool, "phase_s")
    cost = max(ideals.amount(pool, "start_s"), ideals.amount(pool, "life_s") - phase)
    recoverable = phases.attributed(cost, ideals.amount(pool, "life_s") - phases.best(pool, cpus))
    loss = phases.loss(recoverable, run, "as many threads wait as well and start in microseconds")
    if loss is None:
        return None
    place, share = Place.of(pool), phases.waiting(pool)
    what = "interpreters" if pool.get("start_method") == "interpreter" else "processes"
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"The {workers:.0f} {what} of the {pool['type']}{ideals.where(place)} took {seconds(cost)} to start "
        f"and end; their tasks waited for {number(share, 'fraction')} of their time.",
        do=f"Use threads: ThreadPoolExecutor(max_workers={workers:.0f}), or asyncio.",
        evidence=(
            *loss.evidence,
            Evidence("share of the tasks' time spent waiting", share, "fraction"),
            Evidence(f"{what} started", ideals.amount(pool, "started"), "1"),
        ),
    )


def of_function(sized: Facts) -> Iterator[Finding]:
    """Judge a function that waits by what threads and processes make of it."""
    threads, processes = functions.fastest(sized, "threads"), functions.fastest(sized, "processes")
    if not functions.waits(sized) or threads is None or processes is None:
        return
    start, light = ideals.at_least(processes, "start"), ideals.at_least(threads, "start")
    dearer = start / light if light > 0 else 0.0
    fast = functions.gain(threads).median * ALIKE > 1.0
    alike = functions.gain(threads).median >= ALIKE * functions.gain(processes).median
    if not fast or not alike or dearer <= LIMIT:
        return
    own = processes.get("memory")
    memory = f" and hold {size(own)} each" if isinstance(own, (int, float)) else ""
    yield RULE.finding(
        level="note",
        concern=dearer / LIMIT,
        seen=f"{functions.task(sized)['target']} mostly waits: {threads['workers']} threads made it "
        f"{interval(functions.gain(threads), 'x')} as fast as a loop, {processes['workers']} processes "
        f"{interval(functions.gain(processes), 'x')}; these take {seconds(start)} to start{memory}, the threads "
        f"{seconds(light)}.",
        do="Use threads (ThreadPoolExecutor) or asyncio for it.",
        evidence=(
            Evidence("start of the processes : start of the threads", dearer, "x"),
            Evidence("reference: a start worth a change", LIMIT, "x"),
            functions.speed("speed-up of threads", threads),
            functions.speed("speed-up of processes", processes),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP404",
    judge=judge,
    run=observed,
    size=of_function,
    aliases=("io-bound-oversized-pool",),
    doc=Doc(
        title="Processes for tasks that only wait",
        why="A waiting task holds no GIL, so threads run as many of them at once as processes do, without starting "
        "an interpreter for each, without its memory and without pickling.",
        how="Tasks that sleep, on equally many warm threads and processes; start and own memory of a worker apart. "
        f"Reported when threads are as fast (within {1 - ALIKE:.0%}) and a process takes more than {LIMIT:g} times "
        f"as long to start. In a program: pools of more than {phases.COMPUTING_SIZE} processes for each usable CPU, "
        f"whose tasks wait for at least {phases.WAITING:.0%} of their time, when starting them costs 5 % of the wall "
        "time. "
        "Of a measured function that waits for half its time: when threads were faster than a loop, as fast as "
        "processes, and start as much sooner.",
        claim='Often read: "processes for I/O thrash in context switches". Wrong: they do not switch more than '
        "threads; what they cost is their start and some megabytes each.",
        bad="""\
with ProcessPoolExecutor(max_workers=64) as pool:
    pages = list(pool.map(download, urls))
""",
        good="""\
with ThreadPoolExecutor(max_workers=64) as pool:
    pages = list(pool.map(download, urls))
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",),
    ),
)
