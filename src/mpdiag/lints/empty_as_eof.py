"""An empty queue taken for the end of the data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, argument, names

LEAVES = (ast.Break, ast.Return)


def inspect(source: Source) -> Iterator[Finding]:
    """Find loops that end when a queue is empty, and qsize() where macOS is among the systems."""
    if source.is_test:
        return
    for call, queue in source.methods(names.QUEUES, "empty", "get_nowait", "get"):
        if queue.made is not None and ends_loop(source, call) and has_writer(source, call, queue.made):
            yield LINT.finding(
                source.place(call),
                level="warning",
                seen="A queue is empty whenever its writer is a little slower, or has not begun. This takes it for "
                "the end, and what comes later is never read.",
                do="Let the writer put a sentinel, such as None, for each reader, and read with `iter(queue.get, "
                "None)`.",
            )
    for call, _ in source.methods(names.QUEUES, "qsize"):
        if "macOS" in source.target.systems and not source.order.handled(call) & {"NotImplementedError", "Exception"}:
            yield LINT.finding(
                source.place(call),
                level="warning",
                seen="macOS cannot tell: qsize() raises NotImplementedError there. Elsewhere it is a guess.",
                do="Count what goes in and out in a Value, or let the writer say when it is done.",
            )


def ends_loop(source: Source, call: ast.Call) -> bool:
    """Whether an empty queue ends the loop around a call."""
    assert isinstance(call.func, ast.Attribute)
    loop = source.tree.loop(call)
    if not isinstance(loop, ast.While) or comes_back(source, loop):
        return False
    if call.func.attr == "empty":
        return is_test_of(call, loop) or leaves_if(source, call)
    if call.func.attr == "get":
        block = argument(call, 0, "block")
        if not isinstance(block, ast.Constant) or block.value:
            return False
    return any(leaves(handler.body) for handler in handlers(source, call)) or is_around(source, loop)


def comes_back(source: Source, loop: ast.While) -> bool:
    """Whether an outer loop, in the same function or around a call of it, begins the loop again."""
    home = source.function(loop)
    calls = source.calls_of(home)
    return len(calls) > 1 or any(source.tree.loop(each) is not None for each in (loop, *calls))


def is_test_of(call: ast.Call, loop: ast.While) -> bool:
    """Whether a loop goes on as long as the queue is not empty, whatever else."""
    test = loop.test
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    return any(isinstance(part, ast.UnaryOp) and part.operand is call for part in parts)


def leaves_if(source: Source, call: ast.Call) -> bool:
    """Whether ``if queue.empty():`` leaves the loop."""
    outer = source.tree.parents[call]
    return isinstance(outer, ast.If) and outer.test is call and leaves(outer.body)


def handlers(source: Source, call: ast.Call) -> list[ast.ExceptHandler]:
    """The handlers of Empty around a call in its loop."""
    loop = source.tree.loop(call)
    for inner, outer in source.tree.around(call):
        if outer is loop:
            break
        if isinstance(outer, ast.Try) and inner in outer.body:
            return [each for each in outer.handlers if each.type is None or "Empty" in ast.unparse(each.type)]
    return []


def is_around(source: Source, loop: ast.While) -> bool:
    """Whether Empty is caught around a loop without another end."""
    forever = isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    return forever and "Empty" in source.order.handled(loop)


def leaves(block: list[ast.stmt]) -> bool:
    """Whether a block does nothing but leave the loop, with a word perhaps."""
    return isinstance(block[-1], LEAVES) and all(isinstance(each, (ast.Expr, *LEAVES)) for each in block)


def has_writer(source: Source, call: ast.Call, queue: ast.Call) -> bool:
    """Whether another process may still fill the queue.

    A worker reads it beside its writers, or the parent does so before it has waited for them.
    """
    here = source.function(call)
    puts = [put for put, thing in source.methods(names.QUEUES, "put", "put_nowait") if thing.made is queue]
    if here in source.workers:
        tasks = {task.call for task in source.workers[here]}
        starts = [start for start, process in source.methods({names.PROCESS}, "start") if process.made in tasks]
        return any(
            source.function(put) is not here and not any(source.order.leads(put, start) for start in starts)
            for put in puts
        )
    writers = {task.call for put in puts for task in source.workers_at(put)}
    waits = [join for join, process in source.methods({names.PROCESS}, "join") if process.made in writers]
    alive = [asked for asked, process in source.methods({names.PROCESS}, "is_alive") if process.made in writers]
    places = [call, *source.calls_of(here)]
    joined = any(source.order.leads(join, place) for join in waits for place in places)
    return bool(writers) and not alive and not joined


LINT: Final = Lint(
    module=__name__,
    id="MP306",
    inspect=inspect,
    doc=Doc(
        title="An empty queue is taken for the end of the data",
        why="A queue is empty whenever its writer is a little slower, or has not begun: what was put has yet to pass a "
        "feeder thread and a pipe. A reader that leaves then leaves the rest unread, and nothing says so.",
        how="A loop that ends with empty(), or with Empty from get_nowait(): in a worker, when another process fills "
        "the queue and has not done so before the worker's start; in the parent, before it has joined the processes "
        "that fill it. Silent when an outer loop comes back. And qsize(), unless NotImplementedError is caught.",
        bad="""
            import time
            from multiprocessing import Process, Queue

            def work(queue):
                time.sleep(1)
                while not queue.empty():
                    print(queue.get())

            if __name__ == "__main__":
                queue = Queue()
                process = Process(target=work, args=(queue,))
                process.start()
                for number in range(3):
                    queue.put(number)
                    time.sleep(1)
                queue.cancel_join_thread()
                process.join()
        """,
        good="""
            import time
            from multiprocessing import Process, Queue

            def work(queue):
                time.sleep(1)
                for number in iter(queue.get, None):
                    print(number)

            if __name__ == "__main__":
                queue = Queue()
                process = Process(target=work, args=(queue,))
                process.start()
                for number in range(3):
                    queue.put(number)
                    time.sleep(1)
                queue.put(None)
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue.empty",),
    ),
)
