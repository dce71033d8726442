"""A reader that expects an end of file, while a copy of the writing end stays open."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, Thing, names

READS = ("recv", "recv_bytes", "recv_bytes_into")
FORK = frozenset({"fork"})


def inspect(source: Source) -> Iterator[Finding]:
    """Look at what reads a connection and catches EOFError, in a parent and in a child."""
    for read, end in source.methods({names.CONNECTION}, *READS):
        if end.made is None or end.end is None or "EOFError" not in source.order.handled(read):
            continue
        home = source.function(read)
        tasks = [task for task in source.workers.get(home, ()) if task.to.kind == names.PROCESS]
        if tasks:
            yield from in_child(source, read, end, tasks[0])
        elif source.function(end.made) is home and stays_open(source, end):
            yield LINT.finding(
                source.place(read),
                level="warning",
                seen="This process still holds the end that it gave to the other one. When that ends, recv() waits for "
                "ever: EOFError comes only when every copy is closed.",
                do="Close that end here, right after start().",
            )


def in_child(source: Source, read: ast.Call, end: Thing, task: Task) -> Iterator[Finding]:
    """Whether the child that reads holds the end whose closing it waits for."""
    closes = list(closings(source, end))
    by_parent = [call for call in closes if source.function(call) not in source.workers]
    if not by_parent or len(by_parent) < len(closes) or source.order.leads(by_parent[0], task.call):
        return
    risk = source.risk(task.to, FORK)
    if any(is_other(source, value, end) for value in task.given):
        yield LINT.finding(
            source.place(read),
            level="warning",
            seen="The child was given the other end too and does not close it: EOFError, which this waits for, never "
            "comes, though the parent closes its copy.",
            do="Close the other end first thing in the child.",
        )
    elif risk is not None:
        yield LINT.finding(
            source.place(read),
            level=risk.level,
            seen=f"{risk.when[:1].upper()}{risk.when[1:]}, the child has a copy of the other end, as has every process "
            "that is forked later. EOFError, which this waits for, never comes, though the parent closes its copy.",
            do="Give the child the other end too and let it close that first thing, or send a message that says it is "
            "the last.",
        )


def stays_open(source: Source, end: Thing) -> bool:
    """Whether the parent gives the other end to a process and keeps it, and nothing unknown may close it."""
    handed = any(
        is_other(source, value, end)
        for tasks in source.workers.values()
        for task in tasks
        if task.to.kind == names.PROCESS
        for value in task.given
    )
    home = source.function(end.made) if end.made is not None else None
    unknown = any(
        source.function(call) is home
        and isinstance(call.func, ast.Attribute)
        and not source.things.thing(call.func.value)
        for call in source.calls("close")
    )
    deleted = any(
        isinstance(name.ctx, ast.Del) and is_other(source, name, end)
        for each in source.tree.names.values()
        for name in each
    )
    closed = any(source.function(each) not in source.workers for each in closings(source, end))
    return handed and not unknown and not deleted and not closed


def closings(source: Source, end: Thing) -> Iterator[ast.expr]:
    """What closes the other end of a connection: close(), or a ``with`` statement."""
    for call, thing in source.methods({names.CONNECTION}, "close"):
        if thing.made is end.made and thing.end != end.end:
            yield call
    for name in (each for nodes in source.tree.names.values() for each in nodes):
        if isinstance(source.tree.parents[name], ast.withitem) and is_other(source, name, end):
            yield name


def is_other(source: Source, node: ast.expr, end: Thing) -> bool:
    """Whether an expression gives the other end of a connection."""
    thing = source.things.thing(node)
    return thing is not None and thing.made is end.made and thing.kind == names.CONNECTION and thing.end != end.end


LINT: Final = Lint(
    module=__name__,
    id="MP604",
    inspect=inspect,
    doc=Doc(
        title="An end of file that cannot come",
        why="A reader gets EOFError when every copy of the writing end is closed. Each process that inherited or was "
        "given a copy holds it until it ends or closes it: the parent, the reader itself, and under fork every sibling "
        "that was started later.",
        how="recv() inside `try` with `except EOFError`: in the function that makes the pipe, gives the other end to a "
        "process and never closes it; and in a process that was given the other end, or has a copy under fork, while "
        "the parent closes its own. Silent where the child closes its copy too.",
        bad="""
            from multiprocessing import Pipe, Process

            def work(writer):
                writer.send("done")

            if __name__ == "__main__":
                reader, writer = Pipe(duplex=False)
                process = Process(target=work, args=(writer,))
                process.start()
                try:
                    while True:
                        print(reader.recv())
                except EOFError:
                    process.join()
        """,
        good="""
            from multiprocessing import Pipe, Process

            def work(writer):
                writer.send("done")

            if __name__ == "__main__":
                reader, writer = Pipe(duplex=False)
                process = Process(target=work, args=(writer,))
                process.start()
                writer.close()
                try:
                    while True:
                        print(reader.recv())
                except EOFError:
                    process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.recv",),
    ),
)
