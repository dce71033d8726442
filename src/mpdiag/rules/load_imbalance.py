"""Advice on work divided so that one worker is busy long after the others ran out of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import seconds

#: An end of the phase that loses less of it is what the last tasks always leave.
BALANCED = 0.1
#: To know which tasks are the longest is an effort: it has to win this part of the phase.
ORDERED = 0.2
#: Equal work takes up to so many times as long on one CPU as on another: neighbours share a core, cores differ.
UNEQUAL = 1.4
#: A process that computes for this part of its life is what the end is waiting for.
BUSY = 0.7
#: What processes do that wait for each other, and the part of the time that some compute less than the slowest which
#: they have to spend so: else they merely have less to do.
MEETING, MEETS = ("sync", "lock"), 0.5

IN_TURN: Final = (
    "Deal the items out in turn (items[k::n]) instead of in blocks when they differ in length, or take them from one "
    "queue or pool, a few at a time."
)


def observed(
    run: Facts, pools: Facts, tasks: Facts, starts: Facts, processes: Facts, sites: Facts
) -> Iterator[Finding]:
    """Find pools and groups of processes of which some have to wait for the others' work."""
    checks = [partial(of_pool, run, pool, tasks) for pool in phases.used(pools)]
    checks += [partial(of_site, run, site, processes) for site in starts.all()]
    checks += [partial(of_meeting, run, site, processes, sites) for site in starts.all()]
    yield from phases.each(checks, lambda check: check())


def of_pool(run: Facts, pool: ideals.Row, tasks: Facts) -> Finding | None:
    """Judge the tail of one pool's phase; of a task's length it is unavoidable."""
    cpus, phase = phases.cores(run), ideals.amount(pool, "phase_s")
    together = phases.computing(pool, cpus) if phases.waiting(pool) < phases.WAITING else ideals.amount(pool, "workers")
    if together < 2:
        return None
    lots = are_lots(pool, tasks, together)
    tail, lost = of_lots(pool, cpus) if lots else of_tasks(pool, cpus)
    cost = min(tail * (1 - 1 / together), lost)
    if cost < BALANCED * phase:
        return None
    loss = phases.loss(phases.attributed(cost, lost), run, "evenly dealt, all workers would end at about the same time")
    if loss is None:
        return None
    place = Place.of(pool)
    return RULE.finding(
        level="warning",
        place=ideals.line_of(pool, "submit"),
        gain=loss.gain,
        concern=loss.concern,
        seen=f"For the last {seconds(ideals.amount(pool, 'tail_s'))} of {seconds(phase)} the "
        f"{pool['type']}{ideals.where(place)} had less than its {ideals.amount(pool, 'workers'):.0f} workers busy: "
        f"its longest task took {seconds(ideals.amount(pool, 'task_max'))}, the median "
        f"{seconds(ideals.amount(pool, 'task_median'))}.",
        do=IN_TURN if lots else dealt(together_went(pool)),
        evidence=(
            *loss.evidence,
            Evidence("last stretch with idle workers", ideals.amount(pool, "tail_s"), "s"),
            Evidence("longest task", ideals.amount(pool, "task_max"), "s"),
            Evidence("median task", ideals.amount(pool, "task_median"), "s"),
        ),
    )


def of_tasks(pool: ideals.Row, cpus: float) -> tuple[float, float]:
    """How long the end was uneven that need not have been, and what the phase took beyond an even one."""
    longest, pools, chunk = phases.longest(pool, cpus), ideals.amount(pool, "pools"), together_went(pool)
    tail, phase = min(ideals.amount(pool, "tail_s"), longest * pools), ideals.amount(pool, "phase_s")
    in_order = pool.get("in_order_s")  # what the same tasks take with the longest first
    gained = phase - max(ideals.at_least(pool, "in_order_s"), phases.best(pool, cpus, 0.0))
    if chunk == 1 and in_order is not None and phases.waiting(pool) < phases.WAITING and gained > ORDERED * phase:
        return tail, gained
    # Workers take the next task when they are free: none is left to work alone for longer than one task. Where tasks
    # cannot be divided, all of the long ones but the last are usual: they have to end some time.
    usual = max(ideals.amount(pool, "task_median"), ideals.at_least(pool, "task_p99") if chunk == 1 else 0.0)
    return tail - usual * pools, phase - phases.best(pool, cpus, longest / chunk)


def are_lots(pool: ideals.Row, tasks: Facts, together: float) -> bool:
    """Whether a worker has one task at most, of one function that computes: the program has divided its work itself."""
    count, pools = ideals.amount(pool, "tasks"), ideals.amount(pool, "pools")
    functions = {row.get("function") for row in tasks.all(pool=pool.get("id"))}
    fitting = together <= count / pools <= ideals.amount(pool, "workers")
    return fitting and len(functions) == 1 and phases.waiting(pool) < phases.WAITING


def of_lots(pool: ideals.Row, cpus: float) -> tuple[float, float]:
    """The same where tasks can be divided differently: other programs may hold one up, so CPU time is what counts."""
    computed, pools = ideals.amount(pool, "task_cpu_s"), ideals.amount(pool, "pools")
    uneven = pools * ideals.at_least(pool, "task_cpu_max") - computed / phases.computing(pool, cpus)
    return ideals.amount(pool, "tail_s"), min(uneven, ideals.amount(pool, "phase_s") - phases.best(pool, cpus, 0.0))


def together_went(pool: ideals.Row) -> float:
    """How many items a task has."""
    return max(1.0, ideals.amount(pool, "items") / ideals.amount(pool, "tasks"))


def dealt(chunk: float) -> str:
    """How to deal the items out."""
    if chunk > 1:
        return (
            f"Use smaller chunks ({chunk:.0f} items went together): imap_unordered(…) or map(…, chunksize=1), the "
            "longest items first."
        )
    return "Hand out the longest tasks first, and divide the longest one if it takes more than a worker's share."


def of_site(run: Facts, site: ideals.Row, processes: Facts) -> Finding | None:
    """Judge the ends of the processes of one place that were all alive at once."""
    rows, together = crew(run, site, processes)
    if together < 2:
        return None
    rows.sort(key=lambda row: ideals.amount(row, "ended_s"))
    last, earlier, span = rows[-1], rows[-together], ideals.amount(site, "span_s")
    tail = ideals.amount(last, "ended_s") - ideals.amount(earlier, "ended_s")
    # Equal work may end at different times where other programs took a CPU away: what counts is who had more of it.
    if ideals.amount(last, "cpu_s") < UNEQUAL * ideals.amount(earlier, "cpu_s"):
        return None
    lost = span - sum(ideals.amount(row, "cpu_s") for row in rows) / together
    cost = min(tail * (1 - 1 / together), lost)
    if cost < BALANCED * span or not computes(last):
        return None
    loss = phases.loss(phases.attributed(cost, lost), run, "evenly dealt, all processes would end together")
    return of_crew(
        site,
        loss,
        f"the last computed for {seconds(ideals.amount(last, 'cpu_s'))}, the first to end for "
        f"{seconds(ideals.amount(rows[0], 'cpu_s'))}: CPUs were idle for {seconds(tail)}.",
        IN_TURN,
        Evidence("last stretch with idle CPUs", tail, "s"),
    )


def of_meeting(run: Facts, site: ideals.Row, processes: Facts, sites: Facts) -> Finding | None:
    """Judge processes of one place that meet again and again, at a barrier or the like: all wait for the slowest."""
    rows, together = crew(run, site, processes)
    if together < 2:
        return None
    rows.sort(key=lambda row: ideals.amount(row, "cpu_s"))
    computed = [ideals.amount(row, "cpu_s") for row in rows]
    met = sum(ideals.amount(row, "s") for row in sites.all(role="process") if row.get("kind") in MEETING)
    lost = computed[-1] - sum(computed) / together
    if met < MEETS * sum(computed[-1] - each for each in computed) or lost < BALANCED * ideals.amount(site, "span_s"):
        return None
    if computed[-1] < UNEQUAL * computed[-together] or not computes(rows[-1]):
        return None
    loss = phases.loss(ideals.stretch(run) * lost, run, "evenly dealt, all processes would come to a meeting together")
    return of_crew(
        site,
        loss,
        f"one computed for {seconds(computed[-1])}, another for {seconds(computed[0])}; where they wait for each "
        f"other (a barrier, condition or event), they did so for {seconds(met)} in all.",
        "Give each about the same to compute between two meetings: deal the work out by what it takes, not by number. "
        "Or let those that are done take over parts, from one queue or pool.",
        Evidence("waited for each other, all processes together", met, "s"),
    )


def crew(run: Facts, site: ideals.Row, processes: Facts) -> tuple[list[ideals.Row], int]:
    """The processes of one place, and how many of them can compute at a time; 0 if they were not all there at once."""
    count = ideals.amount(site, "count")
    rows = processes.all(file=site.get("file"), line=site.get("line"), target=site.get("target"))
    whole = len(rows) == count <= ideals.amount(site, "alive_max")
    return rows, int(min(count, phases.cores(run))) if whole else 0


def computes(row: ideals.Row) -> bool:
    """Whether a process computed for most of its life, or would have with a CPU of its own."""
    computing = ideals.amount(row, "cpu_s") + ideals.at_least(row, "ready_s")
    return computing >= BUSY * ideals.amount(row, "life_s")


def of_crew(site: ideals.Row, loss: phases.Loss | None, seen: str, do: str, evidence: Evidence) -> Finding | None:
    """The finding on the processes of one place, if there is something to win."""
    if loss is None:
        return None
    place, count = Place.of(site), ideals.amount(site, "count")
    target = phases.named(site, "target", "the target")
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"Of {count:.0f} processes that ran {target}{ideals.where(place)} {seen}",
        do=do,
        evidence=(*loss.evidence, evidence, Evidence("processes", count, "1")),
    )


def of_cluster(cluster: Facts, groups: Facts) -> Iterator[Finding]:
    """Find tasks of a cluster of which the last ones kept few threads busy."""
    yield from phases.each(groups.all(), lambda row: of_group(cluster, row))


def of_group(cluster: Facts, row: ideals.Row) -> Finding | None:
    """Judge the end of the tasks of one name, once all had begun; of a task's length it is unavoidable."""
    tail, idle, phase = (ideals.amount(row, key) for key in ("tail_s", "tail_idle_s", "phase_s"))
    usual = ideals.amount(row, "task_median") * idle / tail if tail > 0 else 0.0
    cost = idle - usual
    loss = phases.loss(cost, cluster, "evenly dealt, all threads would end at about the same time")
    if loss is None or cost < BALANCED * phase or ideals.amount(row, "tasks") < 2:
        return None
    return RULE.finding(
        level="warning",
        gain=loss.gain,
        concern=loss.concern,
        seen=f"For the last {seconds(tail)} of {seconds(phase)}, all tasks called {row['name']} had begun and fewer "
        f"than the {cluster.number('lanes'):,.0f} threads were busy: the longest task took "
        f"{seconds(ideals.amount(row, 'task_max'))}, the median {seconds(ideals.amount(row, 'task_median'))}.",
        do="Make the longest ones smaller (repartition, rechunk), or submit them first, with a higher priority.",
        evidence=(
            *loss.evidence,
            Evidence("longest task", ideals.amount(row, "task_max"), "s"),
            Evidence("median task", ideals.amount(row, "task_median"), "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP409",
    run=observed,
    fleet=of_cluster,
    doc=Doc(
        title="One worker still busy when the others are done",
        why="The phase takes as long as its last worker: CPUs whose workers have run out of tasks are idle until then.",
        how="The stretch at the end of a pool's phase with fewer workers busy than it has, beyond what the longest "
        "tasks first would leave (or a median task, where not all are known; where each worker has one task of the "
        "same function, all of it), and "
        f"the same of processes started together, when it costs {BALANCED:.0%} of the phase and 5 % of the wall time; "
        "likewise processes that wait for each other in between, of which one has more to compute. "
        "On a cluster likewise: the threads without a task once the last task of a name had begun.",
        claim="'Pool.map divides the work evenly' holds for the number of items: it makes four chunks for each "
        "worker, so items that get longer and longer end up in the last chunk.",
        bad="""
            with Pool() as pool:
                results = pool.map(check, sorted(files, key=size))
        """,
        good="""
            with Pool() as pool:
                results = list(pool.imap_unordered(check, sorted(files, key=size, reverse=True)))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool.imap_unordered",),
    ),
)
