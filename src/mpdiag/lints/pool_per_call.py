"""A pool made anew in each round of a loop, there or in a function that the loop calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FUNCTIONS, Source, names


def inspect(source: Source) -> Iterator[Finding]:
    """Find pools and executors of processes in for loops."""
    if source.is_test:
        return
    for kind in (names.EXECUTOR, names.POOL):
        for pool in source.made.get(kind, ()):
            loop = repeated(source, pool.made) if pool.made and pool.subclass is None else None
            if pool.made and loop is not None and not varies(source, pool.made, loop):
                what = "pool" if kind == names.POOL else "executor"
                yield LINT.finding(
                    source.place(pool.made),
                    level="warning",
                    seen=f"Each round of the loop in line {loop.lineno} makes a new {what}: it starts the workers, "
                    "waits until they are ready, and ends them again.",
                    do=f"Make the {what} once, before the loop, and hand it in.",
                )


def repeated(source: Source, made: ast.Call) -> ast.For | None:
    """The for loop that makes a pool in every round, also through functions of the file that nothing else calls."""
    if made_once(source, made):
        return None
    for _ in range(3):
        loop = source.tree.loop(made)
        if isinstance(loop, ast.For):
            return loop if goes_on(source, loop) else None
        function = source.tree.scope(made).function.node
        if loop is not None or not isinstance(function, FUNCTIONS):
            return None
        callers = [call for call in source.calls(function.name) if source.things.definition(call.func) is function]
        if len(callers) != 1:
            return None
        made = callers[0]
    return None


def made_once(source: Source, made: ast.Call) -> bool:
    """Whether a condition on the variable itself decides if a pool is made: there is none yet."""
    statement = source.tree.statement(made)
    targets = {ast.unparse(each) for each in statement.targets} if isinstance(statement, ast.Assign) else set()
    outer: ast.AST | None = statement
    while outer is not None and not isinstance(outer, FUNCTIONS):
        asked = ast.walk(outer.test) if isinstance(outer, ast.If) else ()
        if any(isinstance(each, (ast.Name, ast.Attribute)) and ast.unparse(each) in targets for each in asked):
            return True
        outer = source.tree.parents.get(outer)
    return False


def goes_on(source: Source, loop: ast.For) -> bool:
    """Whether the loop has more than a few rounds, as far as known, and none that ends it early."""
    few = (source.values.count(loop.iter) or 9) <= 3
    return not few and not any(isinstance(each, (ast.Break, ast.Return)) for each in ast.walk(loop))


def varies(source: Source, made: ast.Call, loop: ast.For) -> bool:
    """Whether the pool depends on the round: on the loop's variable, or through parameters on anything."""
    changing = {each.id for each in ast.walk(loop) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    given = {each.id for each in ast.walk(made) if isinstance(each, ast.Name)}
    if source.tree.loop(made) is not loop:
        function = source.tree.scope(made).function
        return any(name in function.bindings for name in given)
    return bool(given & changing)


LINT: Final = Lint(
    module=__name__,
    id="MP102",
    inspect=inspect,
    doc=Doc(
        title="A pool for every call",
        why="Each pool starts its workers, imports and prepares in them, and ends them again: milliseconds by fork, a "
        "tenth of a second by spawn, for work that may take less.",
        how="Pool() or ProcessPoolExecutor() in a for loop, or in a function that only such a loop calls. Silent when "
        "the pool is only made if there is none, when it depends on the round, when the loop may end early or has few "
        "rounds, and in tests.",
        bad="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            def squares(batches):
                for batch in batches:
                    with Pool() as pool:
                        print(pool.map(square, batch))

            if __name__ == "__main__":
                squares([range(number) for number in range(9)])
        """,
        good="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            def squares(batches):
                with Pool() as pool:
                    for batch in batches:
                        print(pool.map(square, batch))

            if __name__ == "__main__":
                squares([range(number) for number in range(9)])
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#module-multiprocessing.pool",),
    ),
)
