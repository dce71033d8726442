"""Advice when imports are a large part of what a spawned worker costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import seconds

#: Imports that cost less than this per worker are not worth a change.
LIMIT_S = 0.010
#: Children of these run the main module's top level again.
METHODS = ("spawn", "forkserver")
#: Where needless work is this part of a start, what else a start takes is mostly its aftermath.
MOST = 0.7


def judge(start_method: Facts) -> Iterator[Finding]:
    """Take the bundle of imports that costs a spawned worker most."""
    rows = start_method.rows("imports", method="spawn")
    costs = {
        str(row["imports"]): start_method.number("extra", "imports", method="spawn", imports=row["imports"])
        for row in rows
    }
    imports, extra = max(costs.items(), key=lambda item: item[1])
    if extra <= LIMIT_S:
        return
    start = start_method.measured("joined", method="spawn")
    yield RULE.finding(
        level="note",
        concern=extra / LIMIT_S,
        seen=f"Importing {imports} adds {seconds(extra)} to every worker started by spawn, which takes "
        f"{seconds(start.median)} without; forkserver children pay it too, forked ones do not.",
        do="Import inside the functions that need it, or under the main guard what only the parent needs; with "
        f"forkserver, set_forkserver_preload({imports.split()!r}) pays once for all workers.",
        evidence=(
            Evidence(f"import of {imports} in each worker", extra, "s"),
            Evidence("reference: not worth a change below", LIMIT_S, "s"),
        ),
    )


def observed(run: Facts, pools: Facts, starts: Facts) -> Iterator[Finding]:
    """Find the workers and processes that ran the main module again, or imported what they did not use."""
    rows = [of_pool(pool) for pool in pools.all() if again(pool)]
    rows += [of_site(site) for site in starts.all() if again(site)]
    yield from phases.each(rows, lambda row: of_children(run, row))


def again(row: ideals.Row) -> bool:
    """Whether the children start with an empty interpreter."""
    return row.get("start_method") in METHODS and not row.get("threads")


def of_pool(pool: ideals.Row) -> ideals.Row:
    """A pool's means, as a place of starts would tell them."""
    return {**pool, "count": pool.get("started"), "at_once": pool.get("workers"), "each": True}


def of_site(site: ideals.Row) -> ideals.Row:
    """A place of starts, likewise."""
    keys = {"child_main_s": "main_s", "child_unused_s": "unused_s", "child_start_s": "born_s", "at_once": "alive_max"}
    return {**site, **{new: site.get(old) for new, old in keys.items()}, "each": False}


def of_children(run: Facts, row: ideals.Row) -> Finding | None:
    """Judge the children of one place."""
    count = ideals.amount(row, "count")
    per = 1.0 if row["each"] else max(count, 1.0)
    needless = (ideals.amount(row, "child_main_s") + ideals.at_least(row, "child_unused_s")) / per
    start = ideals.amount(row, "child_start_s") / per
    recoverable = phases.attributed(needless, start, MOST) * count / max(1.0, ideals.amount(row, "at_once"))
    loss = phases.loss(recoverable, run, "the children would be ready without what only the parent needs")
    if loss is None or needless < LIMIT_S:
        return None
    place = Place.of(row)
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"Each of the {count:,.0f} children started by {row['start_method']}{ideals.where(place)} spent "
        f"{seconds(needless)} of the {seconds(start)} to its first task on the main module's own top level"
        f"{' and on imports it did not use' if row.get('child_unused_s') else ''}.",
        do="Move what the top level of the main module prepares into a function that is called under "
        "if __name__ == '__main__', and imports that only the parent needs with it. What workers do need belongs into "
        "the pool's initializer, or with forkserver into set_forkserver_preload([…]).",
        evidence=(
            *loss.evidence,
            Evidence("needless in each child", needless, "s"),
            Evidence("children", count, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP105",
    aliases=("heavy-import-spawn",),
    judge=judge,
    run=observed,
    doc=Doc(
        title="Imports run again in every worker",
        why="Children of spawn and forkserver start with an empty interpreter: they run the main module's top level "
        "again and import whatever it imports, in each worker.",
        how="First line of a worker with and without the imports named by --import (else an example). Reported above "
        f"{LIMIT_S * 1e3:g} ms per worker. In a program: the main module's own statements, and imports that nothing "
        "in the worker refers to, when they cost 5 % of the wall time.",
        claim="It is often advised to put heavy preparation outside the `if __name__ == '__main__'` guard, 'for the "
        "main process only'. It is the other way round: outside, it runs in every spawn and forkserver child; inside, "
        "it runs once. Outside is right only with fork.",
        bad="""
            import pandas                      # every worker imports it

            TABLE = pandas.read_csv('big.csv')  # and reads it
        """,
        good="""
            def main():
                import pandas
                table = pandas.read_csv('big.csv')
                ...

            if __name__ == '__main__':
                main()
        """,
        applies="spawn (the default on macOS and Windows) and forkserver (the default on Linux from Python 3.14)",
        links=("https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",),
    ),
)
