"""Advice on pools that are made inside the workers of another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from mpdiag import ideals, phases, standstill
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing
from mpdiag.units import seconds

#: What a worker of Pool raises when it tries to start a process.
DAEMONIC = "daemonic processes are not allowed to have children"


def observed(run: Facts, pools: Facts, failures: Facts) -> Iterator[Finding]:
    """Find workers that may not have children, and pools of processes that workers made."""
    checks = [partial(refused, failure) for failure in failures.all()]
    checks += [partial(of_pool, run, pool) for pool in ideals.process_pools(pools) if pool.get("role") == "worker"]
    yield from phases.each(checks, lambda check: check())


def refused(failure: ideals.Row) -> Finding | None:
    """Speak of tasks that failed because their worker is daemonic."""
    if DAEMONIC not in str(failure.get("example")):
        return None
    count, place = ideals.amount(failure, "count"), Place.of(failure)
    return RULE.finding(
        level="error",
        place=place,
        concern=count,
        seen=f"{count:,.0f} {'task' if count == 1 else 'tasks'} failed{ideals.where(place)}: {DAEMONIC}.",
        do="Divide the work in one level, in the parent: one pool with more and smaller tasks. Where a task really "
        "needs processes, run it in a ProcessPoolExecutor, whose workers may have children, or use threads inside.",
        evidence=(
            Evidence("tasks that failed of it", count, "1"),
            Evidence("reference: tasks that may", 0, "1"),
        ),
    )


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find pools of which every worker waits for results of the pool itself."""
    for pool, rows in standing.self_waiting():
        if "Executor" in str(pool["type"]):
            continue
        row = rows[0]
        asked = standstill.count(pool, "asked")
        yield RULE.finding(
            **standstill.blame(row),
            seen=f"{standstill.waits(row, rows)} for {standing.pool(row)}, and is itself one of its {asked:,} workers: "
            "no worker is left to run what it waits for.",
            do="Do not wait inside a task for tasks of the same pool: return what is to be done next and hand it out "
            "outside, or use a second pool for the inner tasks.",
            evidence=(
                Evidence("workers that wait for the pool they are in", len(rows), "1"),
                Evidence("workers of the pool", asked, "1"),
            ),
        )


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge the pools that workers made at one place by what starting and ending them took."""
    made = ideals.amount(pool, "pools")
    around = max(ideals.amount(pool, "start_s"), ideals.amount(pool, "life_s") - ideals.amount(pool, "phase_s"))
    at_once = min(made, phases.cores(run))
    loss = phases.loss(around / at_once, run, "one level of workers would start once")
    if loss is None:
        return None
    place, started = Place.of(pool), ideals.amount(pool, "started")
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"Workers made {made:,.0f} pools of their own{ideals.where(place)}, of {started:,.0f} processes in all; "
        f"starting and ending them took {seconds(around)}.",
        do="Divide the work in one level, in the parent: one pool with more and smaller tasks, of as many workers as "
        "CPUs.",
        evidence=(
            *loss.evidence,
            Evidence("pools inside workers", made, "1"),
            Evidence("their processes", started, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP413",
    run=observed,
    hang=stuck,
    doc=Doc(
        title="A pool inside a worker",
        why="Workers of Pool are daemonic and may not start processes at all; other workers may, and then there are "
        "as many processes as the product of both sizes, started again for each task.",
        how="Tasks that failed because daemonic processes may not have children; pools of processes made by workers, "
        "when starting them costs 5 % of the wall time. Stuck: workers wait for results of the very pool they are in.",
        claim="'More levels use more CPUs' is wrong: one level of as many workers as CPUs uses them all.",
        bad="""
            def region(name):
                with ProcessPoolExecutor() as inner:
                    return sum(inner.map(count, towns(name)))

            with ProcessPoolExecutor() as outer:
                totals = list(outer.map(region, names))
        """,
        good="""
            with ProcessPoolExecutor() as pool:
                counts = pool.map(count, [town for name in names for town in towns(name)])
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.daemon",),
    ),
)
