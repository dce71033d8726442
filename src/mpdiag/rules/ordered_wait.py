"""Advice on results awaited in order while later ones are ready and the parent has work to do with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import seconds


def observed(run: Facts, pools: Facts) -> Iterator[Finding]:
    """Find pools for whose results the parent waited in order, with work of its own to do on each."""
    yield from phases.each(phases.used(pools), lambda pool: of_pool(run, pool))


def of_pool(run: Facts, pool: ideals.Row) -> Finding | None:
    """Judge one pool: waiting is lost only where handling a later result could have filled it."""
    waited, handled = ideals.amount(pool, "ordered_wait_s"), ideals.amount(pool, "handled_s")
    loss = phases.loss(
        min(waited, handled), run, "handling results that are ready would fill the waiting for the others"
    )
    if loss is None:
        return None
    place = Place.of(pool)
    return RULE.finding(
        level="warning",
        place=ideals.line_of(pool, "result"),
        gain=loss.gain,
        concern=loss.concern,
        seen=f"For {seconds(waited)} the parent waited for one result of the {pool['type']}{ideals.where(place)} "
        f"while a later one was ready; handling the results took it {seconds(handled)}.",
        do="Take results as they come: as_completed(futures), or imap_unordered(…) in place of imap(…) and map(…); "
        "put them in order afterwards by an index that the task returns.",
        evidence=(
            *loss.evidence,
            Evidence("waited while another was ready", waited, "s"),
            Evidence("handling the results", handled, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP414",
    run=observed,
    doc=Doc(
        title="Results awaited in order while later ones are ready",
        why="While the parent waits for a long task it could handle what the others have returned.",
        how="The time the parent waited for one result while a later one was ready, as far as handling results could "
        "have filled it, and no more than it still had to do when the last had come, when that is 5 % of the wall "
        "time. Of a pool's map(), whose results come as one, and of threads it is not told.",
        claim="'as_completed() is faster than results in order' is mostly wrong: the tasks end no sooner. It helps "
        "only where the parent has work to do with each result.",
        bad="""
            for future in futures:
                index(future.result())
        """,
        good="""
            for future in as_completed(futures):
                index(future.result())
        """,
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.as_completed",),
    ),
)
