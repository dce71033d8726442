"""Advice when the library's default pool has far more workers than computing tasks can use here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from mpdiag import functions, ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule, known
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, number, seconds, size

#: Defaults up to this many times the measured best are close enough.
LIMIT = 1.5
#: The part of the CPU time that fell to processes which compute, as far as there were CPUs for them.
COMPUTES = 0.3
#: From so many times the least that is worth a warning: a start that is shorter by less is seldom noticed.
WORTH = 2.0


def judge(pool_sizing: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare the default sizes of process pools with the number of workers that computed fastest."""
    default = max(known(python, "pool_workers"), known(python, "executor_workers"))
    chosen = pool_sizing.rows("recommended", work="computing")[0]
    if chosen.get("workers") is None:
        raise NotJudged("the CPUs were not free while pool_sizing measured")
    best = int(pool_sizing.number("workers", "recommended", work="computing"))
    if default <= LIMIT * best:
        return
    gained = pool_sizing.measured("speedup", "recommended", work="computing")
    yield RULE.finding(
        level="warning",
        concern=default / best / LIMIT,
        seen=f"A default pool has {number(default, '1')} workers here; {plateau(best, gained)}"
        f"{price(pool_sizing, default - best)}.",
        do=f"Pass the number yourself for computing tasks: {advice(best)}. More workers do not compute slower, so "
        "this saves their start and memory, not CPU time.",
        evidence=(
            Evidence("workers of a default pool", default, "1"),
            Evidence("reference: workers that computed fastest", best, "1"),
            Evidence.of("their speed-up", gained, "x"),
        ),
    )


def plateau(best: int, gained: Measured) -> str:
    """What the best number gains, in words."""
    if best == 1:
        return "computing gained nothing from more than one"
    return f"computing ran {interval(gained, 'x')} as fast as in a loop on {best}, and no faster on more"


def advice(best: int) -> str:
    """What to write."""
    return "use a plain loop" if best == 1 else f"Pool({best}), ProcessPoolExecutor(max_workers={best})"


def price(facts: Facts, extra: int) -> str:
    """What so many superfluous workers cost, as far as it was measured."""
    try:
        row = facts.rows("start", kind="processes")[0]
    except NotJudged:
        return ""
    start, memory = row.get("start"), row.get("memory")
    costs = [f"{seconds(extra * start)} to start"] if isinstance(start, (int, float)) else []
    costs += [f"{size(extra * memory)} of memory"] if isinstance(memory, (int, float)) else []
    return f"; the other {extra} cost {' and '.join(costs)}" if costs else ""


def observed(run: Facts, pools: Facts, starts: Facts, channels: Facts, machine: Mapping[str, Any]) -> Iterator[Finding]:
    """Find more computing processes than CPUs, whose surplus took long to start and end."""
    counted = machine.get("logical_cpus")
    checks = [partial(of_pool, run, pool, counted) for pool in ideals.process_pools(pools)]
    crews = [site for site in starts.all() if phases.crew(site) or phases.sharing(site, channels)]
    checks += [partial(of_site, run, site, counted) for site in crews]
    yield from phases.each(checks, lambda check: check())


def of_pool(run: Facts, pool: ideals.Row, counted: Any) -> Finding | None:
    """Judge one pool."""
    cpus, workers = phases.cores(run), ideals.amount(pool, "workers")
    if not crowded(workers, cpus, counted) or phases.waiting(pool) > 1 - phases.WAITING:
        return None
    surplus = 1 - cpus / workers
    lost = surplus * (ideals.amount(pool, "life_s") - phases.best(pool, cpus))
    own = ideals.amount(pool, "workers_cpu_s") - ideals.amount(pool, "task_cpu_s") - sum(ideals.carried_s(pool))
    spent = max(own, 0.0) * surplus / cpus
    basis = "fewer processes would start, and the CPUs be as busy with the tasks"
    loss = phases.loss(phases.attributed(spent, lost), run, basis)
    if loss is None:
        return None
    place, fit = Place.of(pool), max(1, int(cpus))
    return RULE.finding(
        level="warning" if loss.concern >= WORTH else "note",
        place=place,
        # What the CPU time took is due to other programs, and no reason to speak of it.
        gain=ideals.bound(phases.attributed(spent * ideals.stretch(run), lost), run, basis),
        concern=loss.concern,
        seen=f"{workers:.0f} workers of the {pool['type']}{ideals.where(place)} computed on {number(cpus, '1')} "
        f"usable CPUs; starting, preparing and ending them took {seconds(max(own, 0.0))} of CPU time, the tasks "
        f"{seconds(ideals.amount(pool, 'task_cpu_s'))}.",
        do=f"Give it {fit}: {pool['type']}({fit}), or len(os.sched_getaffinity(0)) where that exists.",
        evidence=(
            *loss.evidence,
            Evidence("workers", workers, "1"),
            Evidence("usable CPUs", cpus, None),
            Evidence("CPU time of the workers outside tasks", own, "s"),
        ),
    )


def of_site(run: Facts, site: ideals.Row, counted: Any) -> Finding | None:
    """Judge the processes started at one place, if all were there together, each with its part of the work."""
    cpus, count = phases.cores(run), ideals.amount(site, "count")
    if not crowded(count, cpus, counted):
        return None
    work, computed = ideals.amount(site, "work_s"), ideals.amount(site, "work_cpu_s")
    queueing = ideals.at_least(run.rows()[0], "ready_s") * work / max(ideals.amount(site, "life_s"), work)
    if computed < COMPUTES * max(work - queueing, 0.0) * cpus / ideals.amount(site, "alive_max"):
        return None
    around = phases.around(site)
    lost = (1 - cpus / count) * (ideals.amount(site, "span_s") - computed / cpus)
    spent = around / (around + work) * ideals.amount(site, "span_s") * (1 - cpus / count)
    loss = phases.loss(phases.attributed(min(spent, lost), lost), run, "fewer processes would start")
    if loss is None:
        return None
    place, fit, target = Place.of(site), max(1, int(cpus)), phases.named(site, "target", "their target")
    return RULE.finding(
        level="warning" if loss.concern >= WORTH else "note",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{count:,.0f} processes{ideals.where(place)} computed {target} at the same time on {number(cpus, '1')} "
        f"usable CPUs; starting and ending them took {number(around / (around + work), 'fraction')} of their lives.",
        do=f"Start {fit}, and deal the work out to these; or hand it to a Pool, which is as large as the CPUs by "
        "itself.",
        evidence=(
            *loss.evidence,
            Evidence("processes", count, "1"),
            Evidence("usable CPUs", cpus, None),
            Evidence("CPU time of their work", computed, "s"),
        ),
    )


def crowded(workers: float, cpus: float, counted: Any) -> bool:
    """Whether that is too many; a number that follows the machine's CPUs, not the usable ones, is another mistake."""
    return workers > LIMIT * cpus and not (isinstance(counted, int) and cpus < counted and workers <= counted)


def of_function(sized: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Judge the default size of a pool by the number of processes that a function wants."""
    default, chosen = known(python, "executor_workers"), functions.chosen(sized)
    workers = int(chosen["workers"])
    if functions.waits(sized) or chosen["group"] != "processes" or default <= LIMIT * workers:
        return
    yield RULE.finding(
        level="note",
        concern=default / workers / LIMIT,
        seen=f"A default ProcessPoolExecutor has {number(default, '1')} workers here; of "
        f"{functions.task(sized)['target']}, {plateau(workers, functions.gain(chosen))}.",
        do=f"Pass the number yourself: {advice(workers)}. The others cost their start and memory.",
        evidence=(
            Evidence("workers of a default pool", default, "1"),
            Evidence("reference: workers that are as fast", workers, "1"),
            functions.speed("their speed-up", chosen),
        ),
    )


def of_cluster(cluster: Facts, hosts: Facts) -> Iterator[Finding]:
    """Find hosts of a cluster whose workers have more threads than CPUs, which their tasks computed on."""
    yield from phases.each(hosts.all(), lambda row: of_host(cluster, row))


def of_host(cluster: Facts, row: ideals.Row) -> Finding | None:
    """Judge the threads of one host's workers."""
    threads, cpus, fit = ideals.amount(row, "threads"), ideals.amount(row, "usable_cpus"), ideals.amount(row, "workers")
    used = ideals.amount(row, "cpu_s") / max(cluster.number("wall_s") * cpus, 1e-9)
    if threads <= LIMIT * cpus or used < COMPUTES:
        return None
    each = max(1, int(cpus / fit))
    return RULE.finding(
        level="note",
        concern=threads / cpus / LIMIT,
        seen=f"The workers on {row['host']} have {threads:.0f} threads for tasks, and {number(cpus, None)} CPUs can be "
        f"used there; tasks computed on {number(used, 'fraction')} of these.",
        do=f"Start it with --nthreads {each} for each of its {fit:.0f} workers, or with fewer workers. Tasks that wait "
        "may have more threads than CPUs; those that compute then hold their inputs in memory for longer.",
        evidence=(Evidence("threads for tasks", threads, "1"), Evidence("reference: usable CPUs", cpus, None)),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP405",
    judge=judge,
    run=observed,
    size=of_function,
    fleet=of_cluster,
    aliases=("cpu-oversubscription",),
    doc=Doc(
        title="More computing workers than CPUs to compute on",
        why="Workers beyond the CPUs that are really free wait for their turn: each costs its start and its memory "
        "and computes nothing sooner.",
        how="Pure-Python tasks on 1 to twice the usable CPUs; the fewest workers close to the best speed-up against "
        f"the default sizes of Pool and ProcessPoolExecutor. Reported above {LIMIT:g} times as many; not judged "
        f"while others use the CPUs. In a program: process pools with more than {LIMIT:g} times as many computing "
        "workers as usable CPUs, when the surplus costs 5 % of the wall time; likewise processes that the program "
        "starts itself, all at once and each for more work than its start takes. "
        "Of a measured function that computes: when a default executor has that many times the workers it needs. On a "
        f"cluster: hosts whose workers have more than {LIMIT:g} times as many threads as usable CPUs, when tasks "
        "compute there.",
        claim="'max_workers = os.cpu_count() for computing' holds for usable CPUs only. That oversubscribing slows "
        "computing down is mostly wrong: the same work takes the same CPU time on 16 times as many workers as CPUs.",
        bad="""\
with ProcessPoolExecutor(max_workers=64) as pool:  # on a machine with 8 CPUs
    results = list(pool.map(simulate, seeds))
""",
        good="""\
with ProcessPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
    results = list(pool.map(simulate, seeds))
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",),
    ),
)
