"""A task of a pool that ends its worker instead of returning or raising."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, names

RAISES = frozenset({"sys.exit", "exit", "quit", "SystemExit"})
CAUGHT = frozenset({"SystemExit", "BaseException"})
ENDS = "os._exit"
REMEDY = "Return a value or raise an exception, which reaches who asks for the result; exit in the main process."


def inspect(source: Source) -> Iterator[Finding]:
    """Find exits in the functions of tasks, and in what these call."""
    for function, running in source.running.items():
        tasks = [task for task in running if task.how not in ("initializer", "target", "run")]
        for node, what in exits(source, function):
            task = next((task for task in tasks if ends(source, task, what)), None)
            if task is not None and not (what in RAISES and source.caught(node, CAUGHT)):
                yield LINT.finding(source.place(node), level="error", seen=seen(task, what), do=REMEDY)


def exits(source: Source, function: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """What ends the process in a function, with its concept."""
    for call in source.tree.inside[function]:
        concept = source.concept(call.func)
        if concept == ENDS or (concept in RAISES and (concept != "SystemExit" or is_raised(source, call))):
            yield call, concept
    for name in source.tree.names["SystemExit"]:
        if is_raised(source, name) and source.function(name) is function:
            yield name, "SystemExit"


def is_raised(source: Source, node: ast.expr) -> bool:
    """Whether ``node`` is what a ``raise`` raises."""
    return isinstance(source.tree.parents[node], ast.Raise)


def ends(source: Source, task: Task, what: str) -> bool:
    """Whether an exit in a task ends more than the task: an executor, or a pool of billiard, passes SystemExit on."""
    if task.to.kind in names.POOLS:
        return not task.to.library.reports_exits and (task.in_process or what in RAISES)
    return task.to.kind == names.EXECUTOR and what == ENDS and not source.is_test


def seen(task: Task, what: str) -> str:
    """What the exit does to who waits for the task."""
    if task.to.kind == names.EXECUTOR:
        return (
            f"`{what}` ends a worker of the executor: every pending future, and every later submit(), fails with "
            "BrokenProcessPool."
        )
    worker = "process" if task.in_process else "thread"
    return (
        f"`{what}` ends the worker {worker} in the middle of a task. The pool replaces the worker, but the task's "
        "result never comes: who waits for it waits for ever."
    )


LINT: Final = Lint(
    module=__name__,
    id="MP416",
    inspect=inspect,
    doc=Doc(
        title="A task that exits never gives its result",
        why="A worker of a Pool catches what a task raises and sends it back, but not SystemExit: the worker ends, "
        "another takes its place, and the result of the task is never sent. map() and get() wait for ever.",
        how="sys.exit(), exit(), quit() and raised SystemExit in a function that a Pool runs, or that such a function "
        "calls, unless it is caught there; os._exit() in tasks of pools and of process executors. Silent for targets "
        "of Process, for sys.exit() in an executor's task, which gets to result() as SystemExit, and for pools of "
        "billiard, which tell of a task that exits.",
        bad="""
            import sys
            from multiprocessing import Pool

            def parse(line):
                if not line.isdigit():
                    sys.exit(f"no number: {line}")
                return int(line)

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.map(parse, ["1", "2", "x"]))
        """,
        good="""
            from multiprocessing import Pool

            def parse(line):
                if not line.isdigit():
                    raise ValueError(f"no number: {line}")
                return int(line)

            if __name__ == "__main__":
                with Pool() as pool:
                    try:
                        print(pool.map(parse, ["1", "2", "x"]))
                    except ValueError as error:
                        print(error)
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.AsyncResult.get",),
    ),
)
