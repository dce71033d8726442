"""Costly work at the top level of a file that starts processes: each spawned child does it again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import COMPREHENSIONS, FRESH, Risk, Source, names

#: Functions that read files, or wait, for long as a rule.
COSTLY = frozenset(
    {
        *(f"pandas.{name}" for name in ("read_csv", "read_excel", "read_feather", "read_parquet", "read_pickle")),
        *("joblib.load", "numpy.genfromtxt", "numpy.load", "numpy.loadtxt", "polars.read_csv", "polars.read_parquet"),
        *(
            "requests.get",
            "subprocess.run",
            "subprocess.check_output",
            "tensorflow.keras.models.load_model",
            "torch.load",
        ),
    }
)
#: Rounds of a loop that take a tenth of a second or so.
ROUNDS = 1_000_000


def inspect(source: Source) -> Iterator[Finding]:
    """Find it outside of the main guard, unless workers read what it makes."""
    risk = started(source) if source.is_reimported and not source.is_test else None
    if risk is None or not source.workers:
        return
    for statement in top_level(source):
        node = costly(source, statement)
        if node is not None and not needed(source, statement):
            yield LINT.finding(
                source.place(node),
                level="warning",
                seen=f"This runs while the file is imported: {risk.when}, each child imports the main module and does "
                "it again, though no worker reads the result.",
                do='Put it under `if __name__ == "__main__":`, or in a function that is called there.',
            )


def started(source: Source) -> Risk | None:
    """What it means for the processes started here that children import the main module; None if none are."""
    kinds = (names.PROCESS, names.POOL, names.EXECUTOR)
    things = [thing for kind in kinds for thing in source.made.get(kind, ())]
    apart = [thing for thing in things if thing.made and not source.on_import(thing.made) and thing.library.needs_guard]
    return next((risk for thing in apart if (risk := source.risk(thing, FRESH))), None)


def top_level(source: Source) -> Iterator[ast.stmt]:
    """The statements at the top level that run on import, those of ``if``, ``try`` and ``with`` among them."""
    waiting: list[ast.stmt] = [*reversed(source.tree.root.body)]
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, (ast.If, ast.Try, ast.With)):
            waiting += reversed([*statement.body, *getattr(statement, "orelse", ())])
        elif not source.guards.guarded(statement):
            yield statement


def costly(source: Source, statement: ast.stmt) -> ast.expr | None:
    """The part of a statement that takes long."""
    if isinstance(statement, ast.For):
        return statement.iter if (source.values.count(statement.iter) or 0) >= ROUNDS else None
    value = getattr(statement, "value", None)
    if isinstance(value, ast.Call) and source.concept(value.func) in COSTLY:
        return value
    if isinstance(value, COMPREHENSIONS) and not isinstance(value, ast.GeneratorExp):
        return value if (source.values.count(value) or 0) >= ROUNDS else None
    return None


def needed(source: Source, statement: ast.stmt) -> bool:
    """Whether a worker reads a name that the statement binds."""
    module = source.tree.module
    bound = {name for name, each in module.bindings.items() if any(one.node is statement for one in each)}
    read = (each for function in source.workers for each in ast.walk(function) if isinstance(each, ast.Name))
    return any(each.id in bound and source.tree.scope(each).owner(each.id) is module for each in read)


LINT: Final = Lint(
    module=__name__,
    id="MP105",
    inspect=inspect,
    aliases=("heavy-import-spawn",),
    doc=Doc(
        title="Imports run again in every worker",
        why="Children of spawn and forkserver start with an empty interpreter: they run the main module's top level "
        "again and import whatever it imports, in each worker.",
        how="At the top level of a file that starts processes, outside of the main guard: what loads tables, arrays "
        "and models, and loops of a million rounds, unless a worker reads the result. Silent in notebooks and tests.",
        bad="""
            from multiprocessing import Pool

            SQUARES = [number * number for number in range(1_000_000)]

            def negative(number):
                return -number

            if __name__ == "__main__":
                with Pool() as pool:
                    print(sum(pool.map(negative, SQUARES)))
        """,
        good="""
            from multiprocessing import Pool

            def negative(number):
                return -number

            if __name__ == "__main__":
                squares = [number * number for number in range(1_000_000)]
                with Pool() as pool:
                    print(sum(pool.map(negative, squares)))
        """,
        applies="spawn (the default on macOS and Windows) and forkserver (the default on Linux from Python 3.14)",
        links=("https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",),
    ),
)
