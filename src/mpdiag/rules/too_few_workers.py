"""Advice when the library's default pool leaves CPUs idle that computing tasks could use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from mpdiag import functions, ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule, known
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, number, seconds

#: The measured best may be this many times the default: nearer is close enough.
LIMIT = 1.5
#: Workers busy for this part of the phase are what limits it.
BUSY = 0.8
#: Tasks that use a CPU for at least this part of their time are limited by it, not by a lock or another program.
COMPUTES = 0.7
#: The part of the tasks from which on each needs the one before, when it was awaited before the next was handed out.
CHAINED = 0.5
#: The part of their time for which the main process waits, at least, while the others are what limits it.
WAITS = 0.6
#: Messages that each process took at least: what it did can be dealt out to more.
PIECES = 4
#: The part of all messages that waited at one time, from which on they are work that piles up. What goes round and
#: round, such as the numbers of free buffers, waits in its queue too, but not so much of it.
PILED = 0.1


def judge(pool_sizing: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the default sizes of process pools with the number of workers that computed fastest."""
    default = min(known(python, "pool_workers"), known(python, "executor_workers"))
    chosen = pool_sizing.rows("recommended", work="computing")[0]
    if chosen.get("workers") is None:
        raise NotJudged("the CPUs were not free while pool_sizing measured")
    best = int(pool_sizing.number("workers", "recommended", work="computing"))
    if best <= LIMIT * default:
        return
    gained = pool_sizing.measured("speedup", "recommended", work="computing")
    yield RULE.finding(
        level="warning",
        concern=best / default / LIMIT,
        seen=f"A default pool has {number(default, '1')} of the {best} workers that computed fastest here "
        f"({interval(gained, 'x')} as fast as a loop{at_default(pool_sizing, default)}).",
        do=f"Pass the number: Pool({best}), ProcessPoolExecutor(max_workers={best}); {cause(python)}.",
        evidence=(
            Evidence("workers that computed fastest", best, "1"),
            Evidence("reference: workers of a default pool", default, "1"),
            Evidence.of("speed-up of the best", gained, "x"),
        ),
    )


def at_default(facts: Facts, default: int) -> str:
    """The speed-up of as many workers as the default has, if that was measured."""
    for row in facts.tables.get("", ()):
        gain = row.get("speedup")
        if row.get("kind") == "processes" and row.get("workers") == default and isinstance(gain, Measured):
            return f", {interval(gain, 'x')} with {default}"
    return ""


def cause(python: Mapping[str, Any]) -> str:
    """Where a low default comes from."""
    if python.get("cpu_count_overridden"):
        return "or lift -X cpu_count / PYTHON_CPU_COUNT, which lowers every default of this interpreter"
    return "look why the interpreter counts fewer CPUs than it may use"


def observed(run: Facts, pools: Facts, starts: Facts, channels: Facts) -> Iterator[Finding]:
    """Find pools, and processes fed by a queue, that are few and compute all the time while CPUs are idle."""
    checks = [partial(of_pool, run, pool) for pool in ideals.process_pools(pools)]
    checks += [partial(of_site, run, site, channels) for site in starts.all()]
    yield from phases.each(checks, lambda check: check())


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge one pool."""
    cpus, workers = phases.cores(run), ideals.amount(pool, "workers")
    items, work = ideals.amount(pool, "items"), ideals.amount(pool, "task_s")
    if workers >= int(cpus) or items <= workers or ideals.amount(pool, "busy_share") < BUSY:
        return None
    if ideals.at_least(pool, "waited_each") >= CHAINED * ideals.amount(pool, "tasks"):
        return None
    if ideals.amount(pool, "task_cpu_s") < COMPUTES * (work - ideals.at_least(pool, "task_ready_s")):
        return None
    phase = ideals.amount(pool, "phase_s")
    free = min(unused(run, ideals.amount(pool, "workers_cpu_s"), phase), items)
    piece = ideals.amount(pool, "task_max") if items == ideals.amount(pool, "tasks") else 0.0
    loss = phases.loss(phase - max(work / max(free, 1.0), piece), run, "the same tasks would run on all usable CPUs")
    if loss is None:
        return None
    place, fit = Place.of(pool), max(2, round(free))
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"The {pool['type']}{ideals.where(place)} had {workers:.0f} of the {int(cpus)} workers that can compute "
        f"here at a time; they were busy for {number(ideals.amount(pool, 'busy_share'), 'fraction')} of "
        f"{seconds(phase)}.",
        do=f"Give it {fit}: {pool['type']}({fit}), or leave the number out, which takes one for each CPU.",
        evidence=(
            *loss.evidence,
            Evidence("workers", workers, "1"),
            Evidence("CPUs it could have used", free, None),
            Evidence("work in the tasks", work, "s"),
        ),
    )


def of_site(run: Facts, site: ideals.Row, channels: Facts) -> Finding | None:
    """Judge the processes started at one place, if they share a queue that always holds more work."""
    cpus, count, span = phases.cores(run), ideals.amount(site, "count"), ideals.amount(site, "span_s")
    if count >= int(cpus) or ideals.amount(site, "alive_max") < count or run.number("main_wait_s") < WAITS * span:
        return None
    work, computed = ideals.amount(site, "work_s"), ideals.amount(site, "work_cpu_s")
    if computed < COMPUTES * (work - ideals.at_least(run.rows()[0], "ready_s")):
        return None
    feeding = [channel for channel in ideals.user_rows(channels) if feeds(channel, site)]
    if not feeding:
        return None
    free = unused(run, computed, span)
    loss = phases.loss(
        work / count - work / max(free, count), run, "more processes would share what waits in the queue"
    )
    if loss is None:
        return None
    place, queue = Place.of(site), feeding[0]
    each = number(count, "1") + (" process" if count == 1 else " processes")
    return RULE.finding(
        level="warning",
        confidence="inferred",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{each}{ideals.where(place)} computed {phases.named(site, 'target', 'its target')} for "
        f"{seconds(work / count)} each; {ideals.amount(queue, 'gets'):,.0f} messages came by the "
        f"{queue['type']}{ideals.where(Place.of(queue))}, where up to {ideals.amount(queue, 'backlog_max'):,.0f} "
        f"waited, and {number(free, None)} CPUs could have been used.",
        do=f"Start {max(2, round(free))} processes that read the queue, and send each its own sentinel at the end; or "
        "use a Pool, which is as large as the CPUs by itself.",
        evidence=(
            *loss.evidence,
            Evidence("processes", count, "1"),
            Evidence("CPUs they could have used", free, None),
            Evidence("work in them", work, "s"),
        ),
    )


def feeds(channel: ideals.Row, site: ideals.Row) -> bool:
    """Whether processes that compute may live on a channel: it kept many pieces of work ready for them.

    A queue with a bound holds its writers back, and one with a large backlog has to be bounded first; others tell.
    """
    count = ideals.amount(site, "count")
    waited, work_s = ideals.amount(channel, "get_wait_s") / count, ideals.amount(site, "work_s") / count
    read_here = all(channel.get(f"reader_{key}") == site.get(key) for key in ("file", "line"))
    return (
        read_here
        and channel.get("type") != "Pipe"
        and not channel.get("maxsize")
        and ideals.at_least(channel, "backlog_b") < ideals.BACKLOG
        and ideals.at_least(channel, "readers") == count
        and ideals.at_least(channel, "gets") >= PIECES * count
        and ideals.at_least(channel, "backlog_max") >= max(PIECES * count, PILED * ideals.at_least(channel, "gets"))
        and waited <= (1 - BUSY) * work_s
    )


def unused(run: Facts, own_s: float, span_s: float) -> float:
    """The CPUs that the rest of the program left to workers which computed for ``own_s`` in ``span_s``."""
    others = run.number("cpu_s") - run.number("serial_s") - own_s
    return int(phases.cores(run)) - max(others, 0.0) / max(span_s, 1e-9)


def of_function(sized: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge the default size of a pool by the number of processes that a function wants."""
    default, chosen = known(python, "executor_workers"), functions.chosen(sized)
    workers = int(chosen["workers"])
    if functions.waits(sized) or chosen["group"] != "processes" or workers <= LIMIT * default:
        return
    yield RULE.finding(
        level="note",
        concern=workers / default / LIMIT,
        seen=f"{functions.task(sized)['target']} ran {interval(functions.gain(chosen), 'x')} as fast as a loop on "
        f"{workers} processes; a default ProcessPoolExecutor has {number(default, '1')}.",
        do=f"Pass the number: ProcessPoolExecutor(max_workers={workers}); {cause(python)}.",
        evidence=(
            Evidence("workers that computed fastest", workers, "1"),
            Evidence("reference: workers of a default pool", default, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP407",
    judge=judge,
    run=observed,
    size=of_function,
    doc=Doc(
        title="Fewer computing workers than usable CPUs",
        why="CPUs that no worker uses are idle: computing takes longer than it has to.",
        how="Pure-Python tasks on 1 to twice the usable CPUs; the fewest workers close to the best speed-up against "
        f"the default sizes of Pool and ProcessPoolExecutor. Reported when it is more than {LIMIT:g} times the "
        "default; not judged while others use the CPUs. In a program: process pools with fewer workers than usable "
        f"CPUs, that were busy for {BUSY:.0%} of their phase or more, when more of them would win 5 % of the wall "
        "time; likewise processes that the program starts itself, where they share a queue in which work is waiting. "
        "Tasks that are awaited one by one are left alone: each may need the one before. "
        "Of a measured function that computes: when it wants that many times the workers of a default executor.",
        claim="'One worker per CPU for computing' is right for usable CPUs. From Python 3.13 the defaults count the "
        "process's CPUs and obey -X cpu_count and PYTHON_CPU_COUNT, before that all CPUs of the machine.",
        bad="""\
with ProcessPoolExecutor(max_workers=4) as pool:  # chosen on a laptop, run on 32 CPUs
    results = list(pool.map(simulate, seeds))
""",
        good="""\
with ProcessPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
    results = list(pool.map(simulate, seeds))
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",),
    ),
)
