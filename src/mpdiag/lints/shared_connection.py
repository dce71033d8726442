"""One end of a pipe that several processes write to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, Thing, names

SENDS = ("send", "send_bytes")


def inspect(source: Source) -> Iterator[Finding]:
    """Find send() without a lock on a connection that more than one process was given."""
    for send, end in source.methods({names.CONNECTION}, *SENDS):
        alone = end.made is None or source.tree.loop(end.made) is not None or source.order.locked(send)
        tasks = [] if alone else source.workers_at(send)
        writers = {task.call: task for task in tasks if gets(source, task, end)}
        if len(writers) > 1 or any(is_repeated(source, task) for task in writers.values()):
            yield LINT.finding(
                source.place(send),
                level="warning" if goes_on(source, send) else "note",
                seen="Several processes write to this end of the pipe, without a lock. Messages of more than some "
                "kilobytes are written in parts, the parts of two writers mix, and the reader fails with garbage.",
                do="Use a SimpleQueue, which is a pipe with locks; or give each process a pipe of its own and read "
                "them with multiprocessing.connection.wait().",
            )


def gets(source: Source, task: Task, end: Thing) -> bool:
    """Whether a task is given the end of a pipe."""
    things = [source.things.thing(value) for value in task.given]
    return any(thing is not None and thing.made is end.made and thing.end == end.end for thing in things)


def goes_on(source: Source, send: ast.Call) -> bool:
    """Whether a process sends more than once."""
    after = source.tree.following(source.tree.statement(send))
    return source.tree.loop(send) is not None and not isinstance(after, (ast.Return, ast.Break))


def is_repeated(source: Source, task: Task) -> bool:
    """Whether a loop, or a pool, gives the same to several processes."""
    return task.to.kind != names.PROCESS or source.tree.loop(task.call) is not None


LINT: Final = Lint(
    module=__name__,
    id="MP308",
    inspect=inspect,
    doc=Doc(
        title="One end of a pipe is written by several processes",
        why="A Connection has no lock. The system writes small messages in one piece; larger ones it takes in parts, "
        "and those of two writers mix. The reader then takes bytes of the one for the length of the other.",
        how="send() or send_bytes(), with no lock around it, in a function of several processes that were given the "
        "same end of the same pipe; a note where each sends but once. Silent when the pipe is made anew for each of "
        "them.",
        bad="""
            from multiprocessing import Pipe, Process

            def work(conn):
                conn.send(b"x" * 100)

            if __name__ == "__main__":
                reader, writer = Pipe(duplex=False)
                for _ in range(4):
                    Process(target=work, args=(writer,)).start()
                for _ in range(4):
                    print(len(reader.recv()))
        """,
        good="""
            from multiprocessing import Process, SimpleQueue

            def work(queue):
                queue.put(b"x" * 100)

            if __name__ == "__main__":
                queue = SimpleQueue()
                for _ in range(4):
                    Process(target=work, args=(queue,)).start()
                for _ in range(4):
                    print(len(queue.get()))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Pipe",),
    ),
)
