"""A process joined while its messages wait in a queue that is read only afterwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, argument, is_none, names

#: Queues that a thread of the putting process feeds; a SimpleQueue has none.
FED = frozenset({"multiprocessing.Queue", "multiprocessing.JoinableQueue"})
READS = ("get", "get_nowait")


def inspect(source: Source) -> Iterator[Finding]:
    """Find joins of processes that put into a queue, with the first reading of that queue after the join."""
    filled = {(task.call, queue) for task, queue in [*puts(source), *given(source)]}
    for join, process in source.methods({names.PROCESS}, "join"):
        for made, queue in filled:
            read = read_afterwards(source, join, queue) if made is process.made else None
            if read is not None:
                timeout = argument(join, 0, "timeout")
                limited = timeout is not None and not is_none(timeout)
                yield LINT.finding(
                    source.place(join),
                    level="warning" if limited else "error",
                    seen="The process cannot end before its messages are out of the queue, which is read only "
                    f"afterwards, in line {read.lineno}. Once they exceed what the pipe holds, 64 KiB on Linux, "
                    f"{consequence(source, join) if limited else 'both wait for ever'}.",
                    do="Read the queue first, as many messages as the processes send, then join.",
                )
                break


def consequence(source: Source, join: ast.Call) -> str:
    """What comes of a join that waits for a time only."""
    loop = source.tree.loop(join)
    asks = isinstance(loop, ast.While) and any(source.tree.within(call, loop.test) for call in source.calls("is_alive"))
    return "the loop never ends" if asks else "this waits its whole timeout in vain"


def puts(source: Source) -> Iterator[tuple[Task, ast.Call]]:
    """The processes whose code puts into a queue, with the call that makes the queue."""
    for put, queue in source.methods(FED, "put", "put_nowait"):
        if queue.made is not None:
            for task in source.workers_at(put):
                yield task, queue.made


def given(source: Source) -> Iterator[tuple[Task, ast.Call]]:
    """The processes of functions of other files that get a queue which nothing in this file fills."""
    filled_here = {queue.made for _, queue in source.methods(FED, "put", "put_nowait")}
    for task in source.tasks:
        if task.to.kind == names.PROCESS and source.things.definition(task.function) is None:
            for value in task.given:
                queue = source.things.thing(value)
                if queue and queue.kind in FED and queue.made and queue.made not in filled_here:
                    yield task, queue.made


def read_afterwards(source: Source, join: ast.Call, queue: ast.Call) -> ast.expr | None:
    """What reads the queue after the join, if nothing reads it before, elsewhere or in another process."""
    if any(thing.made is queue for _, thing in source.methods(FED, "cancel_join_thread")):
        return None
    here = source.function(join)
    after: list[ast.expr] = []
    for read, thing in source.members(FED, *READS):
        if thing.made is not queue:
            continue
        home = source.function(read)
        places: list[ast.expr] = [read]
        if home is not here:
            places = [call for call in source.tree.inside[here] if source.things.definition(call.func) is home]
        if not places or home in source.workers or not all(source.order.leads(join, place) for place in places):
            return None
        after += places
    return None if not after or handed_on(source, join, queue) else after[0]


def handed_on(source: Source, join: ast.Call, queue: ast.Call) -> bool:
    """Whether something unknown gets the queue before the join: it may read it."""
    starts = {task.call for task in source.tasks if task.to.kind == names.PROCESS}
    starts |= {process.made for process in source.made.get(names.PROCESS, ()) if process.made}
    for call in source.tree.inside[source.function(join)]:
        known = call in starts or source.things.definition(call.func) is not None
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        things = [source.things.thing(value) for value in values]
        if not known and source.order.leads(call, join) and any(thing and thing.made is queue for thing in things):
            return True
    return False


LINT: Final = Lint(
    module=__name__,
    id="MP601",
    inspect=inspect,
    aliases=("queue-join-deadlock",),
    doc=Doc(
        title="Joined before its queue was drained",
        why="put() hands a message to a thread of its process, which feeds it into a pipe. The process ends when that "
        "thread is done, so it waits for a reader; who waits for the process in join() and would read only afterwards "
        "waits for ever. With small messages all goes well, until they grow.",
        how="join() of a process whose function puts into a Queue, in a function that reads the queue only below it, "
        "directly or through a function of the same file. Silent when anything may read it before or elsewhere, and "
        "after cancel_join_thread().",
        bad="""
            from multiprocessing import Process, Queue

            def work(queue):
                queue.put("x" * 1_000_000)

            if __name__ == "__main__":
                queue = Queue()
                process = Process(target=work, args=(queue,))
                process.start()
                process.join()
                print(len(queue.get()))
        """,
        good="""
            from multiprocessing import Process, Queue

            def work(queue):
                queue.put("x" * 1_000_000)

            if __name__ == "__main__":
                queue = Queue()
                process = Process(target=work, args=(queue,))
                process.start()
                print(len(queue.get()))
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#joining-processes-that-use-queues",),
    ),
)
