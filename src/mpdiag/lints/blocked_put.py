"""A bounded queue filled before anybody has been started who reads it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Loop, Source, argument, names

BOUNDED = frozenset({"multiprocessing.Queue", "multiprocessing.JoinableQueue", "proxy.Queue", "proxy.JoinableQueue"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find put() without a timeout in a loop that comes before the start of all readers."""
    for put, queue in source.methods(BOUNDED, "put"):
        size = argument(queue.made, 0, "maxsize") if queue.made is not None else None
        room = source.values.number(size) if size is not None else None
        loop = source.tree.loop(put)
        if room is None or room <= 0 or loop is None or queue.made is None or not waits(put):
            continue
        messages = rounds(source, loop)
        if (messages is None or messages > room) and comes_first(source, put, queue.made):
            yield LINT.finding(
                source.place(put),
                level="warning" if messages is None else "error",
                seen=f"The queue has room for {room}, and who reads it is started only afterwards: "
                + (
                    f"the put of number {room + 1} waits for ever."
                    if messages
                    else "one more, and put() waits for ever."
                ),
                do="Start the readers first, then put; or make the queue without maxsize, if all of it may wait in "
                "memory.",
            )


def waits(put: ast.Call) -> bool:
    """Whether a put waits without a limit."""
    return argument(put, 1, "block") is None and argument(put, 2, "timeout") is None


def rounds(source: Source, loop: Loop) -> int | None:
    """How often a loop goes round, if it tells."""
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        return source.values.count(loop.iter)
    return source.values.count(loop) if isinstance(loop, ast.expr) else None


def comes_first(source: Source, put: ast.Call, queue: ast.Call) -> bool:
    """Whether all who read the queue are processes that the same function starts below ``put``."""
    starts: list[ast.Call] = []
    for get in [node for node, thing in source.members(BOUNDED, "get", "get_nowait") if thing.made is queue]:
        tasks = source.running_at(get)
        if not tasks or any(task.to.kind != names.PROCESS for task in tasks):
            return False
        made = {task.call for task in tasks}
        starts += [call for call, process in source.methods({names.PROCESS}, "start") if process.made in made]
    return bool(starts) and all(source.order.leads(put, start) for start in starts)


LINT: Final = Lint(
    module=__name__,
    id="MP602",
    inspect=inspect,
    aliases=("bounded-queue-dead-consumer",),
    doc=Doc(
        title="put() waits for a consumer that is gone",
        why="put() on a full queue waits until somebody takes a message. When the consumer has died, or was never "
        "started, it waits for ever: a queue does not know who reads it.",
        how="put() without a timeout, in a loop, on a queue with a literal maxsize that is smaller than the number of "
        "rounds or where that is unknown, when all who read it are processes that the function starts further down. "
        "Whether a consumer dies does not show in the source.",
        bad="""
            from multiprocessing import Process, Queue

            def work(queue):
                while (number := queue.get()) is not None:
                    print(number)

            if __name__ == "__main__":
                queue = Queue(maxsize=4)
                worker = Process(target=work, args=(queue,))
                for number in range(10):
                    queue.put(number)
                queue.put(None)
                worker.start()
                worker.join()
        """,
        good="""
            from multiprocessing import Process, Queue

            def work(queue):
                while (number := queue.get()) is not None:
                    print(number)

            if __name__ == "__main__":
                queue = Queue(maxsize=4)
                worker = Process(target=work, args=(queue,))
                worker.start()
                for number in range(10):
                    queue.put(number)
                queue.put(None)
                worker.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue.put",),
    ),
)
