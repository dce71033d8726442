"""Advice on shutting down a pool whose queued tasks nobody needs any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import seconds

#: Tasks that an executor hands to its workers ahead: those cannot be cancelled, like those that run.
PREFETCHED = 1


def observed(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Find pools whose shutdown waited for tasks that were begun after the last result was taken."""
    yield from phases.each(phases.used(pools), lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge one pool; tasks whose results nobody ever takes are done for what they do."""
    unwanted, tasks = ideals.amount(pool, "unwanted"), ideals.amount(pool, "tasks")
    avoidable = unwanted - ideals.amount(pool, "workers") - PREFETCHED
    if avoidable <= 0 or unwanted >= tasks or not ideals.amount(pool, "fetched"):
        return None
    waited = ideals.amount(pool, "unwanted_s")
    loss = phases.loss(
        waited * avoidable / unwanted, run, "after the last result that was taken nothing would be begun"
    )
    if loss is None:
        return None
    place = Place.of(pool)
    return RULE.finding(
        level="warning",
        confidence="inferred",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"The last result of the {pool['type']}{ideals.where(place)} that anyone took came {seconds(waited)} "
        f"before its end; {unwanted:,.0f} of its {tasks:,.0f} tasks were begun after that.",
        do="When the answer or an error is known: executor.shutdown(cancel_futures=True) before leaving the with "
        "block (not wait=False with it: leaving the block waits all the same), pool.terminate() for a Pool. Running "
        "tasks still end; let long ones look at an Event. Do not wait() for cancelled futures.",
        evidence=(
            *loss.evidence,
            Evidence("tasks begun after the last result taken", unwanted, "1"),
            Evidence("tasks", tasks, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP410",
    run=observed,
    aliases=("shutdown-not-cancelling",),
    doc=Doc(
        title="Shutdown waits for tasks that nobody needs",
        why="Leaving the with block of an executor, and the end of the program, wait for every queued task, also "
        "after the answer was found or an exception ended the loop.",
        how="Tasks begun after the last result that anyone took, and the time until the pool had ended, when that is "
        "5 % of the wall time. Inferred: pools of whose tasks no result is ever taken are left out.",
        claim="'shutdown(wait=False) and future.cancel()' is outdated: cancel_futures=True exists since Python 3.9. A "
        "started task cannot be cancelled, and a few more than there are workers count as started.",
        bad="""
            with ProcessPoolExecutor() as executor:
                futures = [executor.submit(search, part) for part in parts]
                for future in as_completed(futures):
                    if future.result():
                        return future.result()
        """,
        good="""
            with ProcessPoolExecutor() as executor:
                futures = [executor.submit(search, part) for part in parts]
                for future in as_completed(futures):
                    if future.result():
                        executor.shutdown(cancel_futures=True)
                        return future.result()
        """,
        applies="executors from Python 3.9; Pool has terminate()",
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.shutdown",),
    ),
)
