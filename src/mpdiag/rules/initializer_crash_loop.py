"""Advice on a pool whose initializer fails in its workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases, standstill
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing
from mpdiag.units import seconds


def observed(failures: Facts, pools: Facts) -> Iterator[Finding]:
    """Find initializers that raised."""
    yield from phases.each(failures.all(kind="initializer"), lambda failure: of_failure(failure, pools))


def of_failure(failure: ideals.Row, pools: Facts) -> Finding | None:
    """Speak of one pool's initializer."""
    count, place = ideals.amount(failure, "count"), Place.of(failure)
    if not count:
        return None
    made = pools.all(id=failure.get("pool"))
    workers = ideals.at_least(made[0], "workers") if made else count
    loop = "The pool replaces them without end, and results never come. " if count > workers else ""
    raised = str(failure.get("example") or "an exception")
    return RULE.finding(
        level="error",
        place=place,
        concern=count / max(workers, 1.0),
        seen=f"The initializer failed in {count:,.0f} {'worker' if count == 1 else 'workers'}{ideals.where(place)}: "
        f"{raised}.",
        do=f"{loop}Make the initializer work in a fresh process (paths, environment, arguments through initargs), or "
        "let it catch its error and have the tasks raise it; a ProcessPoolExecutor gives up with BrokenProcessPool.",
        evidence=(
            Evidence("workers whose initializer failed", count, "1"),
            Evidence("reference: workers of the pool", workers, "1"),
            Evidence("what it raised", raised, None),
        ),
    )


def stuck(standing: Standing, look: Facts, failures: Facts, pools: Facts) -> Iterator[Finding]:
    """Find the same in a program that waits; without ledgers, workers that come and go all the time."""
    yield from observed(failures, pools)
    row = None if failures.all() else next(standing.replacing(look), None)
    if row and not row.get("unguarded"):
        born, gone = (int(look.number(key)) for key in ("born", "gone"))
        yield RULE.finding(
            **standstill.blame(row, sure=False),
            seen=f"{standstill.waits(row)} for results of a Pool whose workers end as soon as they begin: "
            f"{born} came and {gone} went within {seconds(look.number('apart_s'))}.",
            do="See what they print on standard error: an initializer that fails. The Pool replaces them without end; "
            "a ProcessPoolExecutor gives up with BrokenProcessPool.",
            evidence=(Evidence("workers that went", gone, "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP107",
    run=observed,
    hang=stuck,
    doc=Doc(
        title="The initializer fails in every worker",
        why="A Pool replaces a worker that ended; when its initializer always fails, that goes on for ever and map() "
        "waits for results that cannot come.",
        how="Initializers that raised, against the size of their pool. Stuck, seen from outside: a thread waits for "
        "results of a Pool while workers come and go between two looks, and none comes.",
        claim="'An initializer that raises breaks the pool' holds for executors; a Pool only prints the traceback.",
        bad="""
            with Pool(initializer=load) as pool:      # load(path="data.json"): not there in every folder
                pool.map(look_up, words)
        """,
        good="""
            with Pool(initializer=load, initargs=(path,)) as pool:
                pool.map(look_up, words)
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool",),
    ),
)
