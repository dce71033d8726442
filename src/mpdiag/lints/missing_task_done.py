"""A JoinableQueue whose readers never say that they are done."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source

KINDS = frozenset({"multiprocessing.JoinableQueue", "proxy.JoinableQueue"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find join() of a queue that is read in this file, where nothing calls task_done()."""
    if source.tree.attributes["task_done"]:
        return
    read = {queue.made for _, queue in source.members(KINDS, "get", "get_nowait")}
    for join, queue in source.methods(KINDS, "join"):
        if queue.made is not None and queue.made in read and not goes_elsewhere(source, queue.made):
            yield LINT.finding(
                source.place(join),
                level="error",
                seen="join() of a queue waits until task_done() was called for each item that was put in. Nothing here "
                "calls it, so this waits for ever.",
                do="Call task_done() on the queue when an item from get() has been worked on, also if that failed.",
            )


def goes_elsewhere(source: Source, queue: ast.Call) -> bool:
    """Whether the queue is given to code of another file, which may call task_done()."""
    for task in source.tasks:
        if source.things.definition(task.function) is None and any(is_it(source, value, queue) for value in task.given):
            return True
    handed = {task.call for task in source.tasks}
    for call in (call for calls in source.tree.calls.values() for call in calls):
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        known = call in handed or source.things.definition(call.func) is not None
        if not known and any(is_it(source, value, queue) for value in values):
            return True
    return False


def is_it(source: Source, node: ast.expr, queue: ast.Call) -> bool:
    """Whether an expression gives the queue."""
    thing = source.things.thing(node)
    return thing is not None and thing.made is queue


LINT: Final = Lint(
    module=__name__,
    id="MP309",
    inspect=inspect,
    doc=Doc(
        title="join() of a queue without task_done()",
        why="A JoinableQueue counts what is put in, and counts down by task_done() alone: get() says that an item was "
        "taken, not that it was worked on. join() waits for zero.",
        how="join() of a JoinableQueue from which functions of the same file take, and no task_done() anywhere in the "
        "file. Silent when the queue is given to code of another file.",
        bad="""
            from multiprocessing import JoinableQueue, Process

            def work(queue):
                while True:
                    print(queue.get())

            if __name__ == "__main__":
                queue = JoinableQueue()
                Process(target=work, args=(queue,), daemon=True).start()
                for number in range(3):
                    queue.put(number)
                queue.join()
        """,
        good="""
            from multiprocessing import JoinableQueue, Process

            def work(queue):
                while True:
                    print(queue.get(), flush=True)
                    queue.task_done()

            if __name__ == "__main__":
                queue = JoinableQueue()
                Process(target=work, args=(queue,), daemon=True).start()
                for number in range(3):
                    queue.put(number)
                queue.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.JoinableQueue.task_done",),
    ),
)
