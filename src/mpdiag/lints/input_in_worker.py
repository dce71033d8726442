"""Standard input read in a child, where it is closed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source

ASKS = frozenset({"input", "builtins.input"})
STOPS = frozenset({"breakpoint", "pdb.set_trace"})
READS = frozenset(f"sys.stdin.{name}" for name in ("read", "readline", "readlines"))


def inspect(source: Source) -> Iterator[Finding]:
    """Find what reads from the terminal in functions that run in other processes."""
    if any(isinstance(each.ctx, ast.Store) for each in source.tree.attributes["stdin"]):
        return
    for function in source.workers:
        for call in source.tree.inside[function]:
            concept = source.concept(call.func)
            outcome = outcome_of(concept)
            if outcome and not (concept in ASKS and "EOFError" in source.order.handled(call)):
                yield LINT.finding(
                    source.place(call),
                    level="error",
                    seen=f"This runs in a child, whose standard input is closed: {outcome}.",
                    do="Take the debugger out, or run the function in the main process while you look."
                    if concept in STOPS
                    else "Ask in the main process and pass the answer as an argument.",
                )


def outcome_of(concept: str) -> str:
    """What comes of calling a function in a child; empty for all others."""
    if concept in ASKS:
        return "EOFError: EOF when reading a line"
    if concept in STOPS:
        return "the debugger stops with BdbQuit"
    return "it gives nothing, as if the input were at its end" if concept in READS else ""


LINT: Final = Lint(
    module=__name__,
    id="MP613",
    inspect=inspect,
    doc=Doc(
        title="Standard input read in a child",
        why="Every child begins with closing its standard input and opening the null device in its place: two "
        "processes reading from one terminal would take each other's lines. What asks the user there gets the end of "
        "the input.",
        how="input(), sys.stdin.read() and its kin, breakpoint() and pdb.set_trace() in a function that runs in "
        "another process, or that such a function calls. Silent where the file assigns `sys.stdin`, and where "
        "EOFError is caught.",
        bad="""
            from multiprocessing import Process

            def work():
                name = input("Your name? ")
                print("Hello", name)

            if __name__ == "__main__":
                process = Process(target=work)
                process.start()
                process.join()
        """,
        good="""
            import sys
            from multiprocessing import Process

            def work(name):
                print("Hello", name)

            if __name__ == "__main__":
                name = input("Your name? ") if sys.stdin.isatty() else "nobody"
                process = Process(target=work, args=(name,))
                process.start()
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#all-start-methods",),
    ),
)
