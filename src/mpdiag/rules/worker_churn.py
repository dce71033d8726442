"""Advice on workers that are replaced so often that restarts outweigh their tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import seconds

#: Restarts should take at most this part of what a worker does between them.
RARELY = 20


def observed(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Find pools with a limit of tasks per worker whose restarts cost."""
    limited = [pool for pool in phases.used(pools) if pool.get("maxtasks")]
    yield from phases.each(limited, lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge one pool."""
    cpus, replaced = phases.cores(run), phases.replaced(pool)
    if not replaced:
        return None
    start, cost = phases.ready_s(pool), phases.restarting_s(pool, cpus)
    lost = ideals.amount(pool, "life_s") - phases.best(pool, cpus)
    loss = phases.loss(phases.attributed(min(cost, lost), lost), run, "workers that live on start once")
    if loss is None:
        return None
    place, tasks = Place.of(pool), ideals.amount(pool, "tasks")
    task = ideals.amount(pool, "task_s") / tasks
    rarely = max(2, round(RARELY * start / max(task, 1e-6)))
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{replaced:,.0f} workers of the {pool['type']}{ideals.where(place)} were replaced, after "
        f"{pool['maxtasks']} tasks of {seconds(task)} each; a new one takes {seconds(start)} to be ready.",
        do="Leave maxtasksperchild (max_tasks_per_child) out. Where workers have to be replaced because they leak "
        f"memory, do it after {rarely:,} tasks or more: then restarts take less than a twentieth.",
        evidence=(
            *loss.evidence,
            Evidence("workers replaced", replaced, "1"),
            Evidence("until a new one is ready", start, "s"),
            Evidence("work between two", task * float(str(pool["maxtasks"])), "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP103",
    run=observed,
    doc=Doc(
        title="Workers replaced after too few tasks",
        why="A worker that is replaced has to be started, to import and to prepare anew; with few tasks in between "
        "that takes longer than the tasks.",
        how="Workers started beyond the size of a pool with a limit of tasks per worker, times what a start takes, "
        "when that costs 5 % of the wall time.",
        claim="'maxtasksperchild keeps memory in check' is right for code that leaks; for all other it only costs. A "
        "task is a chunk: with chunksize 1 each item counts. An executor with max_tasks_per_child may stop replacing "
        "workers and hang while tasks are waiting (gh-115634).",
        bad="""
            with Pool(maxtasksperchild=1) as pool:
                pool.map(extract, documents, chunksize=1)
        """,
        good="""
            with Pool() as pool:
                pool.map(extract, documents)
        """,
        applies="Pool on every version; ProcessPoolExecutor from Python 3.11, without fork",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool",
            "https://github.com/python/cpython/issues/115634",
        ),
    ),
)
