"""A task that hands tasks to the executor or pool that runs it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, names

#: Methods that wait for the task by themselves.
WAITING = frozenset({"apply", "map", "starmap"})
ASKS = frozenset({"result", "exception", "get", "wait"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find tasks of an executor whose function uses the same executor."""
    for inner in source.tasks:
        if inner.to.made is None or inner.to.kind not in names.POOLS | names.EXECUTORS or inner.how == "initializer":
            continue
        outer = next((task for task in source.running_at(inner.call) if runs_both(task, inner)), None)
        if outer is not None and (outer.in_process or waits(source, inner)):
            threads = f"the {names.described(inner.to.kind).partition(' ')[2]}'s threads"
            yield LINT.finding(
                source.place(inner.call),
                level="error" if outer.in_process else "warning",
                seen="A task hands this to the executor that runs it. A worker process has but a dead copy of that, or "
                "none: the task never comes to run."
                if outer.in_process
                else f"A task waits here for another task of the same executor. When {threads} all do, none is left "
                "for what they wait for.",
                do="Let the task return what has to be done next, and hand that out in the parent"
                + ("." if outer.in_process else ", or use a second executor for the inner tasks."),
            )


def runs_both(outer: Task, inner: Task) -> bool:
    """Whether a task runs in the executor that gets another one."""
    return outer.to.made is inner.to.made and outer.how not in ("target", "initializer", "run")


def waits(source: Source, task: Task) -> bool:
    """Whether a function waits for a task that it hands out."""
    if task.how in WAITING and task.to.kind in names.POOLS:
        return True
    outer = source.tree.parents[task.call]
    if isinstance(outer, ast.Attribute):
        return outer.attr in ASKS
    if task.how == "map":
        return source.order.fate(task.call).how == "used"
    keeper = source.order.fate(task.call).keeper
    uses = source.uses(keeper) if keeper is not None else []
    home = source.function(task.call)
    return any(use.member in ASKS or use.escapes for use in uses if source.function(use.node) is home)


LINT: Final = Lint(
    module=__name__,
    id="MP419",
    inspect=inspect,
    doc=Doc(
        title="A worker uses the executor that it runs in",
        why="A worker process has no use of its executor: under fork it holds a copy whose threads are gone, under "
        "spawn it has none or makes another one. Threads do share theirs, but those who wait for a task of their own "
        "executor hold the threads that it needs.",
        how="submit(), map(), apply() and their kin on an executor or pool, in a function that the same one runs. Of "
        "threads only if the function waits for the result.",
        bad="""
            from concurrent.futures import ThreadPoolExecutor

            executor = ThreadPoolExecutor(2)

            def area(side):
                return executor.submit(pow, side, 2).result()

            if __name__ == "__main__":
                print(list(executor.map(area, [1, 2, 3, 4])))
        """,
        good="""
            from concurrent.futures import ThreadPoolExecutor

            executor = ThreadPoolExecutor(2)

            def area(side):
                return pow(side, 2)

            if __name__ == "__main__":
                print(list(executor.map(area, [1, 2, 3, 4])))
        """,
        links=("https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",),
    ),
)
