"""Advice on pools that are neither closed nor left by a with statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import size

#: Pools left open from which on it is a leak, not an end without a closing.
LEAK = 3


def observed(pools: Facts, processes: Facts) -> Iterator[Finding]:
    """Find the places that make pools and leave them open."""
    yield from phases.each(pools.all(), lambda pool: of_pool(pool, processes))


def of_pool(pool: ideals.Row, processes: Facts) -> Finding | None:
    """Judge the pools made at one place."""
    made = ideals.amount(pool, "pools")
    left = made - ideals.amount(pool, "closed")
    if left <= 0:
        return None
    workers, place = left * ideals.amount(pool, "workers"), Place.of(pool)
    held = sum(ideals.at_least(row, "uss_peak") for row in processes.all(pool=pool.get("id")))
    memory = f", which held up to {size(held)} of their own" if held else ""
    return RULE.finding(
        level="warning" if left >= LEAK * max(1.0, ideals.at_least(pool, "owners")) else "note",
        place=place,
        concern=left / LEAK,
        seen=f"{left:,.0f} of {made:,.0f} {'pool' if made == 1 else 'pools'} made{ideals.where(place)} were never "
        f"closed: {workers:,.0f} workers lived until the end of the program or of the garbage{memory}.",
        do=f"Use it by a with statement: with {pool['type']}(…) as pool. For a Pool that ends by terminate(), so "
        "take all results inside; else close() and join(), or shutdown().",
        evidence=(Evidence("pools left open", left, "1"), Evidence("reference: a leak", LEAK, "1")),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP412",
    run=observed,
    aliases=("pool-not-closed-leak",),
    doc=Doc(
        title="A pool that is never closed",
        why="Its workers and threads live on, with all their memory, until the garbage collector or the end of the "
        "program finds them; the program may hang at its end.",
        how="Pools that were neither closed, terminated, shut down nor left by a with statement; a warning from "
        f"{LEAK} pools of one place on.",
        claim="'The garbage collector cleans pools up' is not promised: the documentation of Pool says not to rely "
        "on it.",
        bad="""
            def totals(rows):
                pool = Pool()
                return pool.map(total, rows)
        """,
        good="""
            def totals(rows):
                with Pool() as pool:
                    return pool.map(total, rows)
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool",),
    ),
)
