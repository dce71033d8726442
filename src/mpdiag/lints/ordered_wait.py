"""The first good result sought in the order in which the tasks were handed out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, names

ASKS = {names.FUTURE: "result", names.ASYNC_RESULT: "get"}
LEAVES = (ast.Break, ast.Return)


def inspect(source: Source) -> Iterator[Finding]:
    """Find loops over futures that end with the first result that a test accepts."""
    if source.is_test:
        return
    for kind, method in ASKS.items():
        for ask, _ in source.methods({kind}, method):
            loop = source.tree.loop(ask)
            if isinstance(loop, ast.For) and is_in_order(source, loop, ask) and decides(source, loop, ask):
                yield LINT.finding(
                    source.place(ask),
                    level="note",
                    seen="This waits for the tasks in the order in which they were handed out. The one that ends the "
                    "loop may be ready long before it is asked.",
                    do="Go through as_completed(…), or imap_unordered() of a pool, if any of them will do; keep it if "
                    "the first in order is meant.",
                )


def is_in_order(source: Source, loop: ast.For, ask: ast.Call) -> bool:
    """Whether a loop takes futures out of a list, and asks the one that it takes."""
    owner = ask.func.value if isinstance(ask.func, ast.Attribute) else None
    taken = isinstance(owner, ast.Name) and isinstance(loop.target, ast.Name) and owner.id == loop.target.id
    return taken and isinstance(source.values.origin(loop.iter), (ast.Name, ast.List, ast.ListComp))


def decides(source: Source, loop: ast.For, ask: ast.Call) -> bool:
    """Whether a test of the result leaves the loop."""
    statement = source.tree.statement(ask)
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        name = statement.targets[0].id
        after = source.tree.following(statement)
        tests = isinstance(after, ast.If) and any(
            isinstance(each, ast.Name) and each.id == name for each in ast.walk(after.test)
        )
        return tests and isinstance(after, ast.If) and leaves(after, loop)
    return isinstance(statement, ast.If) and source.tree.within(ask, statement.test) and leaves(statement, loop)


def leaves(test: ast.If, loop: ast.For) -> bool:
    """Whether what a test guards ends the loop, and nothing else in the loop is done for each result."""
    return isinstance(test.body[-1], LEAVES) and not test.orelse and loop.body[-1] is test


LINT: Final = Lint(
    module=__name__,
    id="MP414",
    inspect=inspect,
    doc=Doc(
        title="Results awaited in order while later ones are ready",
        why="While the parent waits for a long task it could handle what the others have returned.",
        how="A loop over a list of futures or AsyncResults that does nothing but ask each for its result and leave "
        "with the first that a test accepts. Waiting for all of them in order is no mistake, and is not reported: the "
        "tasks end no sooner in another order. A note, for the first in order may be meant. Silent in tests.",
        bad="""
            from concurrent.futures import ProcessPoolExecutor

            def search(part):
                return sum(range(10_000_000 if part == 0 else 1_000)) > 0 and part == 1

            def found(parts):
                with ProcessPoolExecutor(2) as executor:
                    futures = [executor.submit(search, part) for part in parts]
                    result = None
                    for future in futures:
                        if future.result():
                            result = futures.index(future)
                            break
                    executor.shutdown(cancel_futures=True)
                return result

            if __name__ == "__main__":
                print(found([0, 1, 2, 3]))
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor, as_completed

            def search(part):
                return sum(range(10_000_000 if part == 0 else 1_000)) > 0 and part == 1

            def found(parts):
                with ProcessPoolExecutor(2) as executor:
                    futures = [executor.submit(search, part) for part in parts]
                    result = None
                    for future in as_completed(futures):
                        if future.result():
                            result = futures.index(future)
                            break
                    executor.shutdown(cancel_futures=True)
                return result

            if __name__ == "__main__":
                print(found([0, 1, 2, 3]))
        """,
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.as_completed",),
    ),
)
