"""One sentinel for several workers, all but one of which wait for ever."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, argument, is_none, names

QUEUES = names.QUEUES | {"proxy.Queue", "proxy.JoinableQueue"}
PUTS = ("put", "put_nowait")


def inspect(source: Source) -> Iterator[Finding]:
    """Find the only constant that is put into a queue which several workers empty until they see one."""
    for put, queue in source.methods(QUEUES, *PUTS):
        alone = source.tree.loop(put) is None and is_constant(put) and queue.made is not None
        if not alone or queue.made is None or source.function(put) in source.workers:
            continue
        task = next(waiting_tasks(source, queue.made), None)
        if task is not None and is_only(source, put, queue.made) and is_joined(source, task):
            number = workers(source, task)
            yield LINT.finding(
                source.place(put),
                level="warning" if number is None else "error",
                seen=f"This ends one worker, that which takes it. {'The others' if number is None else number - 1} "
                "wait for one in get() for ever, and whoever joins them with them.",
                do="Put as many as there are workers, or let a worker put it back before it ends.",
            )


def is_constant(put: ast.Call) -> bool:
    """Whether a literal is put, as a sign of the end."""
    return isinstance(argument(put, 0, "obj"), ast.Constant)


def waiting_tasks(source: Source, queue: ast.Call) -> Iterator[Task]:
    """The processes of which a loop starts several, that take from a queue in a loop and put nothing back."""
    for home in takers(source, queue):
        if home in source.workers and not gives_back(source, home, queue):
            for task in source.workers[home]:
                repeated = source.tree.loop(task.call) is not None
                if task.to.kind == names.PROCESS and repeated and workers(source, task) != 1:
                    yield task


def takers(source: Source, queue: ast.Call) -> Iterator[ast.AST]:
    """The functions that call get() of a queue in a loop without a timeout, or as in ``iter(queue.get, None)``."""
    for node, thing in source.members(QUEUES, "get"):
        call = source.tree.parents[node]
        if thing.made is not queue or not isinstance(call, ast.Call):
            continue
        passed = call.func is not node and source.concept(call.func) == "iter"
        called = call.func is node and not call.args and not call.keywords
        if passed or (called and isinstance(source.tree.loop(call), ast.While)):
            yield source.function(node)


def gives_back(source: Source, home: ast.AST, queue: ast.Call) -> bool:
    """Whether a worker puts something into the queue that it takes from."""
    puts = [call for call, thing in source.methods(QUEUES, *PUTS) if thing.made is queue]
    return any(source.function(call) is home for call in puts)


def is_only(source: Source, put: ast.Call, queue: ast.Call) -> bool:
    """Whether no other constant, and nothing from elsewhere, goes into the queue after or beside ``put``."""
    others = [call for call, thing in source.methods(QUEUES, *PUTS) if thing.made is queue and call is not put]
    return not any(
        is_constant(call) or source.order.leads(put, call) or source.function(call) is not source.function(put)
        for call in others
    )


def is_joined(source: Source, task: Task) -> bool:
    """Whether someone waits for the processes of a task, and nobody terminates them."""
    asked = {
        name: [call for call, thing in source.methods({names.PROCESS}, name) if thing.made is task.call]
        for name in ("join", "terminate", "kill")
    }
    waits = [call for call in asked["join"] if not call.args or is_none(call.args[0])]
    return bool(waits) and not asked["terminate"] and not asked["kill"] and not any(call.keywords for call in waits)


def workers(source: Source, task: Task) -> int | None:
    """How many processes the loop starts."""
    loop = source.tree.loop(task.call)
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        return source.values.count(loop.iter)
    return source.values.count(loop) if isinstance(loop, ast.expr) else None


LINT: Final = Lint(
    module=__name__,
    id="MP611",
    inspect=inspect,
    doc=Doc(
        title="Workers wait for work that nobody will send",
        why="A message is taken by one worker. If it says that there is no more to come, that one ends; the others "
        "wait in get() for a message that nobody sends, and join() waits with them.",
        how="A literal, such as None, that is put into a queue once, outside of any loop, while a loop starts several "
        "processes that take from the queue in a loop without a timeout and put nothing back, and that are joined. "
        "Silent when anything else is put in after it or elsewhere, and when the processes are terminated.",
        bad="""
            from multiprocessing import Process, Queue

            def work(queue):
                while True:
                    number = queue.get()
                    if number is None:
                        break

            if __name__ == "__main__":
                queue = Queue()
                workers = [Process(target=work, args=(queue,)) for _ in range(3)]
                for worker in workers:
                    worker.start()
                for number in range(10):
                    queue.put(number)
                queue.put(None)
                for worker in workers:
                    worker.join()
                print("done")
        """,
        good="""
            from multiprocessing import Process, Queue

            def work(queue):
                while True:
                    number = queue.get()
                    if number is None:
                        break

            if __name__ == "__main__":
                queue = Queue()
                workers = [Process(target=work, args=(queue,)) for _ in range(3)]
                for worker in workers:
                    worker.start()
                for number in range(10):
                    queue.put(number)
                for worker in workers:
                    queue.put(None)
                for worker in workers:
                    worker.join()
                print("done")
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue.get",),
    ),
)
