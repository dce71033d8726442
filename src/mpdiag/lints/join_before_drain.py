"""A process joined while its messages wait in a queue that is read only afterwards."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, Thing, argument, is_none, names

#: Queues that a thread of the putting process feeds; a SimpleQueue has none.
FED = frozenset({"multiprocessing.Queue", "multiprocessing.JoinableQueue"})
READS = ("get", "get_nowait")
#: The call that makes a queue, or the parameter by which one of several comes into a function.
Queue = ast.Call | ast.arg


def inspect(source: Source) -> Iterator[Finding]:
    """Find joins of processes that put into a queue, with the first reading of that queue after the join."""
    filled = dict.fromkeys((task.call, queue) for task, queue in [*puts(source), *given(source)])
    for join, process in source.methods({names.PROCESS}, "join"):
        for made, queue in filled:
            waits = made is process.made and not ended(source, join, process)
            read = read_afterwards(source, join, queue) if waits else None
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


def ended(source: Source, join: ast.Call, process: Thing) -> bool:
    """Whether the process is ended by force before the join: it leaves its messages behind."""
    ends = source.methods({names.PROCESS}, "kill", "terminate")
    return any(each.made is process.made and source.order.leads(call, join) for call, each in ends)


def consequence(source: Source, join: ast.Call) -> str:
    """What comes of a join that waits for a time only."""
    loop = source.tree.loop(join)
    asks = isinstance(loop, ast.While) and any(source.tree.within(call, loop.test) for call in source.calls("is_alive"))
    return "the loop never ends" if asks else "this waits its whole timeout in vain"


def puts(source: Source) -> Iterator[tuple[Task, Queue]]:
    """The processes whose code puts into a queue, with what tells the queue from others."""
    for put, queue in source.methods(FED, "put", "put_nowait"):
        if queue.identity is not None:
            for task in source.workers_at(put):
                yield task, queue.identity


def given(source: Source) -> Iterator[tuple[Task, Queue]]:
    """The processes of functions of other files that get a queue which nothing in this file fills."""
    filled_here = {queue.made for _, queue in source.methods(FED, "put", "put_nowait")}
    for task in source.tasks:
        if task.to.kind == names.PROCESS and source.things.definition(task.function) is None:
            for value in task.given:
                queue = source.things.thing(value)
                if queue and queue.kind in FED and queue.made and queue.made not in filled_here:
                    yield task, queue.made


def read_afterwards(source: Source, join: ast.Call, queue: Queue) -> ast.expr | None:
    """What reads the queue after the join, if nothing reads it before, elsewhere or in another process."""
    if any(may_be(thing, queue) for _, thing in source.methods(FED, "cancel_join_thread")):
        return None
    met: list[tuple[ast.expr, ast.expr]] = []
    for read, thing in source.members(FED, *READS):
        if may_be(thing, queue):
            pairs = meetings(source, join, read) if thing.identity is queue else []
            if not pairs or not all(source.order.leads(first, then) for first, then in pairs):
                return None
            met += pairs
    return None if not met or handed_on(source, [join, *(first for first, _ in met)], queue) else met[0][1]


def may_be(thing: Thing, queue: Queue) -> bool:
    """Whether something is this queue; any queue of the file may be the one that a parameter gets."""
    return thing.identity is queue or (isinstance(queue, ast.arg) and thing.kind in FED)


def meetings(source: Source, join: ast.expr, read: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """The ways in which one function comes to the join and to the reading: itself, or by calling what holds them.

    Returns:
        What stands for each in that function; nothing if the queue may be read in others, or at another time.
    """
    here, home = source.function(join), source.function(read)
    if here is home:
        return [] if home in source.workers else [(join, read)]
    pauses = isinstance(here, ast.AsyncFunctionDef) or here in source.tree.generators
    joins, reads = {here: [join]} if pauses else places(source, join), places(source, read)
    if home in source.running or not reads.keys() - {home} <= joins.keys():
        return []
    return [pair for function in joins if function in reads for pair in product(joins[function], reads[function])]


def places(source: Source, node: ast.expr) -> dict[ast.AST, list[ast.expr]]:
    """By function, what comes to ``node``: itself, and calls of its function."""
    function = source.function(node)
    found: dict[ast.AST, list[ast.expr]] = {function: [node]}
    for call in source.calls_of(function):
        found.setdefault(source.function(call), []).append(call)
    return found


def handed_on(source: Source, joins: list[ast.expr], queue: Queue) -> bool:
    """Whether something unknown gets the queue, in their functions before the joins: it may read it."""
    starts = {task.call for task in source.tasks if task.to.kind == names.PROCESS}
    starts |= {process.made for process in source.made.get(names.PROCESS, ()) if process.made}
    homes = {source.function(join) for join in joins}
    for function, calls in source.tree.inside.items():
        for call in calls if function not in source.workers else ():
            known = call in starts or source.things.definition(call.func) is not None
            if known or (function in homes and not any(source.order.leads(call, join) for join in joins)):
                continue
            things = [source.things.thing(value) for value in (*call.args, *(word.value for word in call.keywords))]
            if any(thing and may_be(thing, queue) for thing in things):
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
        how="join() of a process whose function puts into a Queue, where the queue is read only below it, in the same "
        "function, in functions of the file that it calls, or in one that calls both. Silent when anything may read it "
        "before or elsewhere, after cancel_join_thread(), and for processes that are terminated or killed first.",
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
