"""A program made for freezing that starts processes and never calls ``freeze_support()``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FRESH, Source, Thing, names

#: What starts processes.
STARTERS = (names.PROCESS, names.POOL, names.EXECUTOR, names.MANAGER)


def inspect(source: Source) -> Iterator[Finding]:
    """Find files that ask whether they are frozen, have a main guard and start processes."""
    asked = frozen(source)
    guard = main_guard(source) if asked else None
    if guard is None or source.called("multiprocessing.freeze_support"):
        return
    things = [thing for kind in STARTERS for thing in source.made.get(kind, ())]
    risk = next((risk for thing in things if (risk := risk_of(source, thing))), None)
    if risk is not None:
        yield LINT.finding(
            source.place(guard.test),
            level="note",
            seen=f"The program is made to be frozen (line {asked}) and starts processes, but never calls "
            f"freeze_support(): {risk}, each child of the frozen program is the whole program again.",
            do="Call multiprocessing.freeze_support() first thing under the main guard.",
        )


def risk_of(source: Source, thing: Thing) -> str | None:
    """When a frozen child goes wrong."""
    risk = source.risk(thing, FRESH)
    return risk.when if risk else None


def frozen(source: Source) -> int | None:
    """The line that asks whether the program is frozen."""
    attributes = [*source.tree.attributes.get("frozen", ()), *source.tree.attributes.get("_MEIPASS", ())]
    asked = [each.lineno for each in attributes if source.concept(each.value) == "sys"]
    for call in source.calls("getattr", "hasattr"):
        word = call.args[1] if len(call.args) > 1 else None
        if isinstance(word, ast.Constant) and word.value in ("frozen", "_MEIPASS"):
            asked += [call.lineno] if source.concept(call.args[0]) == "sys" else []
    return min(asked, default=None)


def main_guard(source: Source) -> ast.If | None:
    """The main guard at the top level."""
    return next(
        (each for each in source.tree.root.body if isinstance(each, ast.If) and source.guards.says(each.test) > 0), None
    )


LINT: Final = Lint(
    module=__name__,
    id="MP111",
    inspect=inspect,
    doc=Doc(
        title="A frozen program needs freeze_support()",
        why="spawn starts sys.executable again with arguments for the child. In a frozen program that is the program "
        "itself: unless freeze_support() takes the arguments, every child starts the whole program, which starts "
        "children.",
        how="A file that looks at sys.frozen or sys._MEIPASS, has a main guard, starts processes by spawn or "
        "forkserver, and nowhere calls freeze_support().",
        bad="""
            import sys
            from multiprocessing import Pool
            from pathlib import Path

            HOME = Path(sys._MEIPASS if getattr(sys, "frozen", False) else __file__)

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.map(abs, range(10)))
        """,
        good="""
            import sys
            from multiprocessing import Pool, freeze_support
            from pathlib import Path

            HOME = Path(sys._MEIPASS if getattr(sys, "frozen", False) else __file__)

            if __name__ == "__main__":
                freeze_support()
                with Pool() as pool:
                    print(pool.map(abs, range(10)))
        """,
        applies="programs frozen by PyInstaller, cx_Freeze, Nuitka or py2exe, under spawn or forkserver",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.freeze_support",),
    ),
)
