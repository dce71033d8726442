"""A queue or lock that is gone before the child has opened it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FRESH, FUNCTIONS, Source, Task, names

KINDS = names.SYNC | names.QUEUES | {"multiprocessing.Value", "multiprocessing.Array"}


def inspect(source: Source) -> Iterator[Finding]:
    """Find functions that end right after they have given a child something that only they hold."""
    for task in source.tasks:
        risk = source.risk(task.to, FRESH) if task.to.kind == names.PROCESS and task.how == "target" else None
        start = started(source, task) if risk is not None else None
        if risk is None or start is None:
            continue
        for value in task.given:
            thing = source.things.thing(value)
            kept = thing is None or thing.kind not in KINDS or not is_dropped(source, value, task, start)
            if thing is not None and not kept:
                yield LINT.finding(
                    source.place(value),
                    level="warning",
                    seen=f"{risk.when[:1].upper()}{risk.when[1:]}, the child opens this by its name when it begins to "
                    "run. The function that holds it ends right after start(), it is collected, and the child dies "
                    "with FileNotFoundError.",
                    do="Keep it until the child has ended: return it with the process, store it, or join the process "
                    "here.",
                )


def started(source: Source, task: Task) -> ast.Call | None:
    """The only start() of the process, if the function that makes it does not wait for it."""
    home = source.function(task.call)
    if not isinstance(home, FUNCTIONS) or home in source.tree.generators:
        return None
    calls = {
        name: [
            call
            for call, process in source.methods({names.PROCESS}, name)
            if process.made is task.call and source.function(call) is home
        ]
        for name in ("start", "join")
    }
    return calls["start"][0] if len(calls["start"]) == 1 and not calls["join"] else None


def is_dropped(source: Source, value: ast.expr, task: Task, start: ast.Call) -> bool:
    """Whether a local name holds a value for the process alone, and the function is over after the start."""
    if not isinstance(value, ast.Name):
        return isinstance(value, ast.Call)
    home = source.function(task.call)
    bindings = source.things.bindings(value)
    local = all(each.scope.node is home and each.how == "value" for each in bindings)
    owner = source.tree.scope(value).owner(value.id)
    uses = source.uses(value)
    others = [use for use in uses if not source.tree.within(use.node, task.call)]
    later = [call for call in source.tree.inside[home] if source.order.leads(start, call)]
    passing = any(use.escapes or source.function(use.node) is not home for use in others)
    return (
        local and owner is not None and owner.node is home and not passing and not later and not in_loop(source, start)
    )


def in_loop(source: Source, start: ast.Call) -> bool:
    """Whether the function goes on for more rounds after the start."""
    return source.tree.loop(start) is not None


LINT: Final = Lint(
    module=__name__,
    id="MP512",
    inspect=inspect,
    doc=Doc(
        title="A queue or lock that is dropped too early",
        why="A child that is started anew opens the semaphores of queues and locks by name, some time after start() "
        "has returned. If nobody in the parent holds them by then, they are unlinked, and the child fails.",
        how="A function that makes a queue, lock, Value or the like for a local name or none, gives it to a process, "
        "starts that and ends, without a join, and without returning, storing or passing on what it made.",
        bad="""
            from multiprocessing import Process, Queue

            def work(queue):
                queue.put(1)
                print("put")

            def start():
                queue = Queue()
                process = Process(target=work, args=(queue,))
                process.start()
                return process

            if __name__ == "__main__":
                process = start()
                process.join()
        """,
        good="""
            from multiprocessing import Process, Queue

            def work(queue):
                queue.put(1)
                print("put")

            def start():
                queue = Queue()
                process = Process(target=work, args=(queue,))
                process.start()
                return process, queue

            if __name__ == "__main__":
                process, queue = start()
                process.join()
        """,
        applies="spawn and forkserver on Linux and macOS",
        links=("https://docs.python.org/3/library/multiprocessing.html#all-start-methods",),
    ),
)
