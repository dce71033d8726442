"""A queue without a bound, fed in a loop that has no end in sight."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Loop, Source, argument, names

KINDS = frozenset({"multiprocessing.Queue", "multiprocessing.JoinableQueue"})
#: What gives its caller time, or waits for someone.
PAUSES = frozenset({"get", "join", "recv", "recv_bytes", "result", "sleep", "wait", "acquire", "poll"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find put() in loops without a known end, on a queue without maxsize that another process reads."""
    for put, queue in source.methods(KINDS, "put"):
        loop = source.tree.loop(put)
        if queue.made is None or loop is None or has_bound(source, queue.made) or not is_long(source, loop):
            continue
        if is_read_elsewhere(source, put, queue.made) and not pauses(source, loop):
            yield LINT.finding(
                source.place(put),
                level="note",
                seen="The queue has no bound. Whenever its reader is slower than this loop, the backlog grows in the "
                "memory of this process, and the process cannot end before all of it was read.",
                do="Give it a maxsize, some times the number of readers; put() then waits for them.",
            )


def has_bound(source: Source, made: ast.Call) -> bool:
    """Whether a queue is made with a maxsize, or with what may be one."""
    size = argument(made, 0, "maxsize")
    return size is not None and source.values.number(size) != 0


def is_long(source: Source, loop: Loop) -> bool:
    """Whether a loop goes on for ever, or over what may be of any length."""
    if isinstance(loop, ast.While):
        return isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    if not isinstance(loop, (ast.For, ast.AsyncFor)):
        return False
    over = source.values.origin(loop.iter)
    thing = source.things.thing(over)
    if thing is not None and thing.kind == names.FILE:
        return True
    called = over if isinstance(over, ast.Call) else None
    if called is None:
        return False
    return source.things.definition(called.func) in source.tree.generators or source.concept(called.func) in (
        "itertools.count",
        "itertools.cycle",
    )


def pauses(source: Source, loop: Loop) -> bool:
    """Whether something in a loop waits."""
    return any(source.tree.within(call, loop) for name in PAUSES for call in source.tree.calls.get(name, ()))


def is_read_elsewhere(source: Source, put: ast.Call, queue: ast.Call) -> bool:
    """Whether another function reads the queue, in another process than the one that puts."""
    here = source.function(put)
    gets = [call for call, thing in source.methods(KINDS, "get") if thing.made is queue]
    homes = {source.function(call) for call in gets} - {here}
    return any((home in source.workers) != (here in source.workers) for home in homes)


LINT: Final = Lint(
    module=__name__,
    id="MP303",
    inspect=inspect,
    default=False,
    doc=Doc(
        title="A queue without a bound holds what its reader cannot take",
        why="put() on a Queue without maxsize never waits: a feeder thread keeps what the pipe does not take, in the "
        "writer's memory and without limit. A writer that is faster than its reader so grows until it ends or is "
        "killed, and it cannot end before all of it has been read.",
        how="put() on a queue made without maxsize, in a `while True` loop, or one over a file or a generator of the "
        "same file, in which nothing waits, when another process reads the queue. Off unless selected: which of the "
        "two is faster does not show in the source.",
        bad="""
            from multiprocessing import Process, Queue

            def frames():
                for number in range(100):
                    yield bytes(1000)

            def work(queue):
                while queue.get() is not None:
                    pass
                print("done")

            if __name__ == "__main__":
                queue = Queue()
                worker = Process(target=work, args=(queue,))
                worker.start()
                for frame in frames():
                    queue.put(frame)
                queue.put(None)
                worker.join()
        """,
        good="""
            from multiprocessing import Process, Queue

            def frames():
                for number in range(100):
                    yield bytes(1000)

            def work(queue):
                while queue.get() is not None:
                    pass
                print("done")

            if __name__ == "__main__":
                queue = Queue(maxsize=8)
                worker = Process(target=work, args=(queue,))
                worker.start()
                for frame in frames():
                    queue.put(frame)
                queue.put(None)
                worker.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Queue",),
    ),
)
