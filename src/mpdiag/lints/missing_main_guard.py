"""A process or pool started while the file is imported, which children of spawn and forkserver do again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FRESH, Source, Thing, names


def inspect(source: Source) -> Iterator[Finding]:
    """Find what starts processes and runs on import; calls of functions of the same file are followed."""
    if not source.is_reimported:
        return
    for call, thing, what in started(source):
        risk = source.risk(thing, FRESH) if thing.library.needs_guard and source.on_import(call) else None
        if risk is not None:
            yield LINT.finding(
                source.place(call),
                level=risk.level,
                seen=f"{what} while the file is imported. {risk.when[:1].upper() + risk.when[1:]}, each child imports "
                "the main module first, comes here again and dies with a RuntimeError.",
                do='Put what starts the program into a function and call it under `if __name__ == "__main__":`.',
            )


def started(source: Source) -> Iterator[tuple[ast.Call, Thing, str]]:
    """What starts processes: the call, the thing that it starts, and words for it."""
    for call, thing in source.methods({names.PROCESS}, "start"):
        yield call, thing, "A process is started"
    for call, thing in source.methods({names.EXECUTOR}, "submit", "map"):
        yield call, thing, f"`{call.func.attr}` starts the executor's processes"  # type: ignore[attr-defined]
    for kind, what in ((names.POOL, "A pool starts its processes"), (names.MANAGER, "A manager starts its process")):
        for thing in source.made.get(kind, ()):
            if thing.made is not None:
                yield thing.made, thing, what


LINT: Final = Lint(
    module=__name__,
    id="MP106",
    inspect=inspect,
    doc=Doc(
        title="Processes started while the main module is imported",
        why="Children of spawn and forkserver import the main module. What its top level does they do again: they "
        "would start children without end, so Python refuses, and the child dies. A Pool replaces it for ever.",
        how="Process.start(), Pool(), Manager() and the first task of an executor at the top level of a file, or in a "
        "function that the top level calls, unless a guard stands before it. Silent in `__main__.py`, in notebooks, "
        "in pages of Streamlit where a condition decides, and where the start method is known to be fork.",
        bad="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            with Pool() as pool:
                print(pool.map(square, range(10)))
        """,
        good="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.map(square, range(10)))
        """,
        applies="spawn (the default on macOS and Windows) and forkserver (the default on Linux from Python 3.14)",
        links=("https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",),
    ),
)
