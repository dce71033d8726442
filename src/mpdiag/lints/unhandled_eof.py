"""A loop of recv() that only an EOFError ends, which nobody catches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Thing, names

READS = ("recv", "recv_bytes", "recv_bytes_into")
CAUGHT = frozenset({"EOFError", "OSError", "Exception", "BaseException"})
LEAVES = (ast.Break, ast.Return, ast.Raise, ast.Yield)


def inspect(source: Source) -> Iterator[Finding]:
    """Find endless loops of a worker that read a connection whose other end another function closes."""
    for read, end in source.methods({names.CONNECTION}, *READS):
        loop = source.tree.loop(read)
        home = source.function(read)
        if not isinstance(loop, ast.While) or not is_endless(loop) or home not in source.workers:
            continue
        closed = next((call for call in closings(source, end) if source.function(call) is not home), None)
        if closed is not None and not source.caught(read, CAUGHT):
            after = source.tree.following(loop)
            lost = f" What begins in line {after.lineno} never runs." if after is not None else ""
            yield LINT.finding(
                source.place(read),
                level="warning",
                seen=f"The other end is closed in line {closed.lineno}. recv() then raises EOFError, which alone ends "
                f"this loop, and the process with a traceback.{lost}",
                do="Put `try` around the loop and `except EOFError` behind it, or send a message that says it is the "
                "last.",
            )


def is_endless(loop: ast.While) -> bool:
    """Whether nothing in a loop leaves it."""
    forever = isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    return forever and not any(isinstance(each, LEAVES) for each in ast.walk(loop))


def closings(source: Source, end: Thing) -> Iterator[ast.Call]:
    """Where the other end of a connection is closed."""
    for call, thing in source.methods({names.CONNECTION}, "close"):
        if thing.made is end.made and end.end is not None and thing.end not in (None, end.end):
            yield call


LINT: Final = Lint(
    module=__name__,
    id="MP305",
    inspect=inspect,
    doc=Doc(
        title="The end of a connection is not expected",
        why="When every copy of the other end is closed, recv() raises EOFError. A process that does not catch it ends "
        "with a traceback, often before it has sent its result, and whoever waits for that ends in the same way.",
        how="recv() in a `while True` loop of a worker that has no break, return or raise, while another function "
        "closes the other end and nothing in the task catches EOFError.",
        bad="""
            from multiprocessing import Pipe, Process

            def work(reader, writer):
                writer.close()
                total = 0
                while True:
                    total += reader.recv()
                print(total)

            if __name__ == "__main__":
                reader, writer = Pipe(duplex=False)
                process = Process(target=work, args=(reader, writer))
                process.start()
                for number in range(3):
                    writer.send(number)
                writer.close()
                process.join()
        """,
        good="""
            from multiprocessing import Pipe, Process

            def work(reader, writer):
                writer.close()
                total = 0
                try:
                    while True:
                        total += reader.recv()
                except EOFError:
                    print(total)

            if __name__ == "__main__":
                reader, writer = Pipe(duplex=False)
                process = Process(target=work, args=(reader, writer))
                process.start()
                for number in range(3):
                    writer.send(number)
                writer.close()
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.recv",),
    ),
)
