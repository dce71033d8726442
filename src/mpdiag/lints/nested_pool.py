"""Processes started by a worker that may not start any."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, argument, names
from mpdiag.source.names import STANDARD

#: What starts processes when it is made.
MAKERS = (names.POOL, names.MANAGER, names.EXECUTOR)
#: Libraries whose daemons may have children.
FREE = frozenset({"billiard", "loky"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find pools, managers and processes that functions of daemonic workers start."""
    if source.tree.attributes["_config"]:  # where `daemon` can be taken back
        return
    for node, library, what in starts(source):
        tasks = source.workers_at(node) if library not in FREE and not source.guards.guarded(node) else ()
        task = next((task for task in tasks if is_daemon(source, task)), None)
        if task is not None:
            worker = "a daemonic process" if task.to.kind == names.PROCESS else "a worker of a Pool"
            yield LINT.finding(
                source.place(node),
                level="error",
                seen=f"This {what} in {worker}: AssertionError: daemonic processes are not allowed to have children.",
                do="Hand all tasks to one pool, or use a ProcessPoolExecutor outside: its workers may start processes.",
            )


def starts(source: Source) -> Iterator[tuple[ast.Call, str, str]]:
    """What starts processes, with its library and words for it."""
    for kind in MAKERS:
        for thing in source.made.get(kind, ()):
            if thing.made is not None:
                yield thing.made, thing.library.name, f"{kind.rpartition('.')[2]} starts processes"
    for call, process in source.methods({names.PROCESS}, "start"):
        yield call, process.library.name, "starts a process"


def is_daemon(source: Source, task: Task) -> bool:
    """Whether what runs a task may have no children."""
    if task.to.subclass is not None and task.how != "run":
        return False
    if task.to.kind == names.POOL or (task.to.kind == names.PARALLEL and task.to.library is STANDARD):
        return True
    if task.to.kind != names.PROCESS:
        return False
    given = argument(task.call, 5, "daemon")
    if isinstance(given, ast.Constant):
        return given.value is True
    return any(sets_daemon(source, each, task) for each in source.tree.attributes["daemon"])


def sets_daemon(source: Source, node: ast.Attribute, task: Task) -> bool:
    """Whether an assignment makes the process of a task daemonic."""
    statement = source.tree.parents[node]
    true = (
        isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is True
    )
    if not true or isinstance(node.ctx, ast.Load):
        return False
    thing, around = source.things.thing(node.value), source.things.class_of(node.value)
    own = around is not None and around.node is task.to.subclass
    return own or (thing is not None and thing.made is task.call)


LINT: Final = Lint(
    module=__name__,
    id="MP413",
    inspect=inspect,
    doc=Doc(
        title="A pool inside a worker",
        why="Workers of a Pool are daemonic: when the program ends they are terminated, and so that nothing is left "
        "behind they may not have children. What starts one raises an AssertionError.",
        how="Pool(), Manager(), ProcessPoolExecutor() and Process.start() in a function that a Pool or a process with "
        "`daemon=True` runs, or that such a function calls. Silent where a constant argument or a test such as "
        "`current_process().daemon` keeps the task from it, for tasks of executors, whose workers may have children, "
        "for pools of threads, and for pools of a class of one's own.",
        bad="""
            from multiprocessing import Pool

            def region(numbers):
                with Pool(2) as inner:
                    return sum(inner.map(abs, numbers))

            if __name__ == "__main__":
                with Pool(2) as outer:
                    print(outer.map(region, [[1, -2], [-3, 4]]))
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor
            from multiprocessing import Pool

            def region(numbers):
                with Pool(2) as inner:
                    return sum(inner.map(abs, numbers))

            if __name__ == "__main__":
                with ProcessPoolExecutor(2) as outer:
                    print(list(outer.map(region, [[1, -2], [-3, 4]])))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.daemon",),
    ),
)
