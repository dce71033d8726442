"""Advice when children ran the start of the program again because the main module has no guard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases, standstill
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing

REMEDY: Final = (
    "Put what starts the program into a function and call it under if __name__ == '__main__': children of spawn and "
    "forkserver import the main module, to find the functions they are to run."
)


def observed(failures: Facts) -> Iterator[Finding]:
    """Find children that tried to start processes while they imported the main module."""
    yield from phases.each(failures.all(kind="guard"), of_failure)


def of_failure(failure: ideals.Row) -> Finding | None:
    """Speak of one line of the main module."""
    count, place = ideals.amount(failure, "count"), Place.of(failure)
    if not count:
        return None
    return RULE.finding(
        level="error",
        place=place,
        concern=count,
        seen=f"{count:,.0f} {'child' if count == 1 else 'children'} died because importing the main module started "
        f"processes again{ideals.where(place)}.",
        do=REMEDY,
        evidence=(
            Evidence("children that died of it", count, "1"),
            Evidence("reference: children that may", 0, "1"),
            Evidence("what they raised", str(failure.get("example") or "RuntimeError"), None),
        ),
    )


def stuck(failures: Facts, standing: Standing, look: Facts) -> Iterator[Finding]:
    """Find the same in a program that waits; without ledgers, by the line that workers come to, which come and go."""
    yield from observed(failures)
    row = None if failures.all() else next((each for each in standing.replacing(look) if each.get("unguarded")), None)
    if row:
        yield RULE.finding(
            **standstill.blame(row, sure=False),
            seen=f"{standstill.waits(row)} for results of a Pool whose workers end as soon as they begin: they import "
            "the main module, and come to the line that starts processes.",
            do=REMEDY,
            evidence=(Evidence("workers that went", look.number("gone"), "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP106",
    run=observed,
    hang=stuck,
    doc=Doc(
        title="Processes started while the main module is imported",
        why="Children of spawn and forkserver import the main module. What its top level does they do again: they "
        "would start children without end, so Python refuses, and the child dies. A Pool replaces it for ever.",
        how="Children that raised the RuntimeError about the bootstrapping phase, and the line that they died at.",
        claim="'It works without the guard' is true of fork only. Linux uses forkserver by default from Python 3.14 "
        "on.",
        bad="""
            with Pool() as pool:
                print(pool.map(square, range(10)))
        """,
        good="""
            def main():
                with Pool() as pool:
                    print(pool.map(square, range(10)))

            if __name__ == "__main__":
                main()
        """,
        applies="spawn (the default on macOS and Windows) and forkserver (the default on Linux from Python 3.14)",
        links=("https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",),
    ),
)
