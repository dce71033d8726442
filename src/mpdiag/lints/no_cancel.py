"""A block that waits for tasks whose results nobody needs any more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FUNCTIONS, Source, Task, argument, names

LEAVES = (ast.Break, ast.Return)
LOOPS = (ast.For, ast.AsyncFor, ast.While)


def inspect(source: Source) -> Iterator[Finding]:
    """Find loops over futures that are left early inside the block of their executor."""
    if source.is_test:
        return
    seen: set[ast.stmt] = set()
    for task in source.tasks:
        keeper = source.order.fate(task.call).keeper if task.how == "submit" else None
        block = block_of(source, task)
        if keeper is None or block is None or cancels(source, task, block):
            continue
        for use in source.uses(keeper):
            leaving = left_early(source, use.node) if source.tree.within(use.node, block) else None
            if leaving is not None and leaving not in seen:
                seen.add(leaving)
                yield LINT.finding(
                    source.place(leaving),
                    level="warning",
                    seen="This leaves the loop, but not the `with` block: its end waits until every task that was "
                    "handed out has run, also those that nobody needs.",
                    do="Call `shutdown(cancel_futures=True)` of the executor first: tasks that have not begun are "
                    "dropped.",
                )
    yield from taken_back(source)


def block_of(source: Source, task: Task) -> ast.With | None:
    """The ``with`` statement of a task's executor."""
    for inner, outer in source.tree.around(task.call):
        if isinstance(outer, ast.With) and inner in outer.body:
            entered = [source.things.thing(item.context_expr) for item in outer.items]
            if any(thing is not None and thing.made is task.to.made for thing in entered):
                return outer if task.to.made is not None else None
    return None


def cancels(source: Source, task: Task, block: ast.With) -> bool:
    """Whether something in the block cancels futures, or only one task at a time is handed out."""
    calls = [*source.calls("cancel", "shutdown", "kill_workers", "terminate_workers")]
    return source.tree.loop(task.call) is None or any(source.tree.within(call, block) for call in calls)


def left_early(source: Source, node: ast.expr) -> ast.stmt | None:
    """The statement that leaves a loop over futures before its end, if it ends the block's work."""
    outer = source.tree.parents[node]
    if isinstance(outer, ast.Call) and source.concept(outer.func) == "concurrent.futures.as_completed":
        node, outer = outer, source.tree.parents[outer]
    if not isinstance(outer, ast.For) or outer.iter is not node:
        return None
    ends = source.tree.following(outer) is None and source.tree.loop(outer) is None
    return next((each for each in leavings(outer.body) if ends or isinstance(each, ast.Return)), None)


def leavings(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a loop's body, inner loops left out, that leave it."""
    for statement in block:
        if isinstance(statement, LEAVES):
            yield statement
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            continue
        for field in ("body", "orelse", "finalbody", "handlers"):
            inner = getattr(statement, field, [])
            parts = [part for each in inner for part in (each.body if isinstance(each, ast.ExceptHandler) else [each])]
            found = leavings(parts)
            yield from (each for each in found if isinstance(each, ast.Return) or not isinstance(statement, LOOPS))


def taken_back(source: Source) -> Iterator[Finding]:
    """Find a cancelling shutdown without waiting, in the block whose end shuts down again."""
    for call, executor in source.methods({names.EXECUTOR}, "shutdown"):
        wait, cancel = argument(call, 0, "wait"), argument(call, 9, "cancel_futures")
        told = is_false(wait) and cancel is not None and not is_false(cancel)
        entered = [source.things.thing(each) for each in source.order.held(call)]
        if told and any(thing is not None and thing.made is executor.made for thing in entered):
            yield LINT.finding(
                source.place(call),
                level="warning",
                seen="The end of the `with` block shuts down once more, which takes the cancelling back before it is "
                "done: all tasks still run.",
                do="Leave wait=False out: `shutdown(cancel_futures=True)` drops what has not begun.",
            )


def is_false(node: ast.expr | None) -> bool:
    """Whether it is a literal False."""
    return isinstance(node, ast.Constant) and node.value is False


LINT: Final = Lint(
    module=__name__,
    id="MP410",
    inspect=inspect,
    aliases=("shutdown-not-cancelling",),
    doc=Doc(
        title="Shutdown waits for tasks that nobody needs",
        why="Leaving the with block of an executor, and the end of the program, wait for every queued task, also "
        "after the answer was found or an exception ended the loop.",
        how="A loop over futures, or over as_completed(), inside the `with` block of their executor, that break or "
        "return may leave with nothing left to do in the block, and no cancel() or shutdown() in it. And "
        "shutdown(wait=False, cancel_futures=True) inside the block of a ProcessPoolExecutor. Silent in tests.",
        bad="""
            from concurrent.futures import ProcessPoolExecutor, as_completed

            def search(part):
                return sum(range(2_000_000)) > 0 and part == 1

            def found(parts):
                with ProcessPoolExecutor(2) as executor:
                    futures = [executor.submit(search, part) for part in parts]
                    for future in as_completed(futures):
                        if future.result():
                            return True
                return False

            if __name__ == "__main__":
                print(found(range(20)))
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor, as_completed

            def search(part):
                return sum(range(2_000_000)) > 0 and part == 1

            def found(parts):
                with ProcessPoolExecutor(2) as executor:
                    futures = [executor.submit(search, part) for part in parts]
                    for future in as_completed(futures):
                        if future.result():
                            executor.shutdown(cancel_futures=True)
                            return True
                return False

            if __name__ == "__main__":
                print(found(range(20)))
        """,
        applies="executors from Python 3.9; Pool has terminate()",
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.shutdown",),
    ),
)
