"""``set_start_method()`` that importing the file runs, or that a program comes to twice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Level, Lint
from mpdiag.model import Doc
from mpdiag.source import FRESH, Source, argument, literal

DO = (
    'Call it once, under `if __name__ == "__main__":` of the program; a library asks for a context of its own with '
    "get_context() and leaves the program's alone."
)


def inspect(source: Source) -> Iterator[Finding]:
    """Find calls on import, and a second one in the same run of statements."""
    if source.is_test or not source.is_reimported:
        return
    calls = source.called("multiprocessing.set_start_method")
    for call in calls:
        if source.on_import(call):
            level, seen = consequence(source, call)
            yield LINT.finding(source.place(call), level=level, seen=seen, do=DO)
        elif any(precedes(source, other, call) for other in calls) and not forced(call):
            yield LINT.finding(
                source.place(call),
                level="error",
                seen="The start method has been set before: a second call raises RuntimeError.",
                do="Set it once, in the function that starts the program.",
            )


def consequence(source: Source, call: ast.Call) -> tuple[Level, str]:
    """How grave a call on import is, and why."""
    method = literal(source.values.origin(argument(call, 0, "method") or call)) or ""
    if source.tree.caught(call):
        return (
            "note",
            "The start method is set while the file is imported, and the error when it was set before is lost.",
        )
    if method in FRESH and not forced(call):
        return "error", (
            f"The start method is set while the file is imported. Under {method} each child imports the main module, "
            "and this file with it, comes here again and dies: RuntimeError: context has already been set."
        )
    return "warning", "The start method of the whole program is set by importing this file, whoever imports it."


def forced(call: ast.Call) -> bool:
    """Whether an earlier call makes no difference."""
    return argument(call, 1, "force") is not None


def precedes(source: Source, first: ast.Call, second: ast.Call) -> bool:
    """Whether one call comes before the other in the same block, whatever happens."""
    one, other = source.tree.statement(first), source.tree.statement(second)
    block = source.tree.block(other)
    return one is not other and one in block and block.index(one) < block.index(other)


LINT: Final = Lint(
    module=__name__,
    id="MP110",
    inspect=inspect,
    doc=Doc(
        title="The start method is set in the wrong place",
        why="At import, each spawned child sets it again and dies; a second call raises RuntimeError; and a library "
        "that sets it decides for the whole program.",
        how="set_start_method() at the top level of a file or in a function that the top level calls, unless a main "
        "guard stands before it; two calls in one block. Only a note where RuntimeError is caught; silent in "
        "`__main__.py`, notebooks and tests.",
        bad="""
            import multiprocessing

            multiprocessing.set_start_method("spawn")

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                process = multiprocessing.Process(target=work, args=(3,))
                process.start()
                process.join()
        """,
        good="""
            import multiprocessing

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                multiprocessing.set_start_method("spawn")
                process = multiprocessing.Process(target=work, args=(3,))
                process.start()
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.set_start_method",),
    ),
)
