"""Results of a pool that are fetched when its ``with`` block has terminated it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, names

#: Methods whose results come one by one, and those whose result comes at once.
LAZY = frozenset({"imap", "imap_unordered"})
LATER = frozenset({"apply_async", "map_async", "starmap_async"})


def inspect(source: Source) -> Iterator[Finding]:
    """Look at what becomes of pending results inside the block of their pool."""
    for task in source.tasks:
        block = block_of(source, task) if task.to.kind == names.POOL and task.how in LAZY | LATER else None
        if block is None or waits(source, task, block):
            continue
        fate = source.order.fate(streamed(source, task.call))
        if fate.how == "returned" or (fate.keeper is not None and only_afterwards(source, task, block, fate.keeper)):
            yield LINT.finding(
                source.place(task.call),
                level="error",
                seen="The end of the `with` block terminates the pool. What it has not finished by then never comes: "
                + ("the iterator waits for ever." if task.how in LAZY else "get() waits for ever."),
                do=f"Fetch the results inside the block{'' if task.how in LAZY else ' with get()'}, or call close() "
                "and join() of the pool at its end.",
            )
        elif fate.how == "dropped" and is_last(source, task, block.body[-1]):
            yield LINT.finding(
                source.place(task.call),
                level="error",
                seen="The block ends right after the tasks are handed out and terminates the pool: most of them never "
                "run, and nothing says so.",
                do="Call close() and join() of the pool at the end of the block, or fetch the results in it.",
            )


def streamed(source: Source, call: ast.Call) -> ast.expr:
    """The generator expression that goes through the results of a call, else the call."""
    outer = source.tree.parents[call]
    around = source.tree.parents[outer] if isinstance(outer, ast.comprehension) else None
    return around if isinstance(around, ast.GeneratorExp) else call


def block_of(source: Source, task: Task) -> ast.With | None:
    """The ``with`` statement around a task that enters its pool."""
    for inner, outer in source.tree.around(task.call):
        if isinstance(outer, ast.With) and inner in outer.body:
            entered = [source.things.thing(item.context_expr) for item in outer.items]
            if any(thing is not None and thing.made is task.to.made for thing in entered):
                return outer
    return None


def waits(source: Source, task: Task, block: ast.With) -> bool:
    """Whether the pool is joined in the block."""
    return any(
        pool.made is task.to.made and source.tree.within(call, block)
        for call, pool in source.methods({names.POOL}, "join")
    )


def only_afterwards(source: Source, task: Task, block: ast.With, keeper: ast.expr) -> bool:
    """Whether results that a variable keeps are first looked at behind the block."""
    looks = [use for use in source.uses(keeper) if not (use.call and source.tree.within(task.call, use.call))]
    inside = [use for use in looks if source.tree.within(use.node, block)]
    return not inside and any(source.order.leads(block.body[-1], use.node) for use in looks)


def is_last(source: Source, task: Task, statement: ast.stmt) -> bool:
    """Whether a task is handed out in the last statement of a block, which does nothing else that takes time."""
    if isinstance(statement, ast.While) or not source.tree.within(task.call, statement):
        return False
    handed = [each.call for each in source.tasks if each.to.made is task.to.made and each.how in LAZY | LATER]
    calls = [each for each in ast.walk(statement) if isinstance(each, ast.Call)]
    return all(any(source.tree.within(call, outer) for outer in handed) or is_quick(source, call) for call in calls)


def is_quick(source: Source, call: ast.Call) -> bool:
    """Whether a call is over at once, as far as a builtin can tell."""
    return source.concept(call.func) in ("enumerate", "len", "print", "range", "sorted", "zip")


LINT: Final = Lint(
    module=__name__,
    id="MP411",
    inspect=inspect,
    doc=Doc(
        title="Results fetched after the pool was terminated",
        why="The `with` statement of a Pool ends with terminate(), not with close() and join(): unlike an executor, it "
        "does not wait. Tasks that are not done by then are dropped, and whoever waits for them waits for ever.",
        how="Inside `with Pool() as pool:` a pending result or iterator that is returned, or kept under a name that is "
        "first used behind the block; tasks whose results are dropped at the end of the block. Silent when the pool "
        "is joined in the block, and for executors, which wait.",
        bad="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            if __name__ == "__main__":
                with Pool() as pool:
                    results = [pool.apply_async(square, (number,)) for number in range(1000)]
                print(sum(result.get() for result in results))
        """,
        good="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            if __name__ == "__main__":
                with Pool() as pool:
                    results = [pool.apply_async(square, (number,)) for number in range(1000)]
                    print(sum(result.get() for result in results))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool.terminate",),
    ),
)
