"""Advice when children ran the start of the program again because the main module has no guard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc


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
        do="Put what starts the program into a function and call it under if __name__ == '__main__': children of "
        "spawn and forkserver import the main module, to find the functions they are to run.",
        evidence=(
            Evidence("children that died of it", count, "1"),
            Evidence("reference: children that may", 0, "1"),
            Evidence("what they raised", str(failure.get("example") or "RuntimeError"), None),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP106",
    run=observed,
    hang=observed,
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
