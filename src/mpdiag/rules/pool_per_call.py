"""Advice on pools that are built and torn down around little work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import number, seconds

#: Fewer pools from one place than this are steps of a program, not a habit.
MANY = 4
#: The part of the pools' lives that is not their work, from which on they were built for too little.
SHARE = 0.2
#: From this part of what is lost on, all of it comes of the pools' starts and ends: the tasks of a worker that is new
#: are slower, too, as it copies pages and finds all caches cold.
EXPLAINS = 0.33
#: What handing out a task costs at most in a pool that stays, of processes and of threads: that remains.
HANDING_S, TO_THREAD_S = 50e-6, 15e-6


def observed(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Find the places that made many pools, each for little."""
    yield from phases.each(phases.used(pools), lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge the pools made at one place; those that lived at the same time were not made in turn."""
    count, life = ideals.amount(pool, "pools"), ideals.amount(pool, "life_s")
    if count < MANY or life > run.number("wall_s"):
        return None
    around = max(life - ideals.amount(pool, "phase_s"), ideals.amount(pool, "start_s"))
    if around < SHARE * life:
        return None
    most = TO_THREAD_S if pool.get("threads") else HANDING_S
    handing = min(ideals.at_least(pool, "dispatch_s"), most) * ideals.amount(pool, "tasks")
    lost = life - phases.best(pool, phases.cores(run)) - handing
    loss = phases.loss(phases.attributed(around, lost, EXPLAINS) * (1 - 1 / count), run, "one pool would start once")
    if loss is None:
        return None
    place, tasks = Place.of(pool), ideals.amount(pool, "tasks")
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{count:,.0f} pools were made, one after the other{ideals.where(place)}, each for "
        f"{number(round(tasks / count, 1), '1')} tasks; starting and ending them took "
        f"{number(around / life, 'fraction')} of their lives, {seconds(around / count)} each.",
        do=f"Make the {pool['type']} once, outside the loop or function that contains this line, and pass it in; "
        "leave it by one with statement around everything that uses it.",
        evidence=(
            *loss.evidence,
            Evidence("pools made", count, "1"),
            Evidence("start and end of one", around / count, "s"),
            Evidence("work in one", ideals.amount(pool, "task_s") / count, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP102",
    run=observed,
    doc=Doc(
        title="A pool for every call",
        why="Each pool starts its workers, imports and prepares in them, and ends them again: milliseconds by fork, "
        "a tenth of a second by spawn, for work that may take less.",
        how=f"{MANY} or more pools made at one place, one after the other, of whose lives {SHARE:.0%} or more are not "
        "between the first submit and the last result, when that costs 5 % of the wall time.",
        claim="'A pool starts its workers once' is right, for each pool: a with statement in a function that is "
        "called often starts them at every call.",
        bad="""
            for step in range(steps):
                with Pool() as pool:
                    parts = pool.map(gradient, shards)
        """,
        good="""
            with Pool() as pool:
                for step in range(steps):
                    parts = pool.map(gradient, shards)
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#module-multiprocessing.pool",),
    ),
)
