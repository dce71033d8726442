"""A program that attaches to the shared memory of another one, whose end destroys it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Thing, argument

SEGMENT, LIST = "multiprocessing.SharedMemory", "multiprocessing.ShareableList"
#: From this Python on a segment need not be tracked.
UNTRACKED = (3, 13)


def inspect(source: Source) -> Iterator[Finding]:
    """Find segments that the main process attaches to by name, in a file that creates none."""
    segments = [thing for kind in (SEGMENT, LIST) for thing in source.made.get(kind, ())]
    if source.is_test or any(not attaches(thing) for thing in segments):
        return
    for thing in segments:
        if thing.made is not None and argument(thing.made, 99, "track") is None and is_program(source, thing.made):
            yield LINT.finding(
                source.place(thing.made),
                level="warning",
                seen="This program attaches to a segment that it has not made. If it was not started by "
                "multiprocessing from the one that made it, its own resource tracker takes the segment for its own "
                "and unlinks it when this ends, under the feet of the others.",
                do="Pass track=False, from Python 3.13 on"
                + ("; " if source.target.versions[0] < UNTRACKED else ", or ")
                + "start this as a Process of the program that makes the segment.",
            )


def attaches(thing: Thing) -> bool:
    """Whether a call attaches to a segment by name."""
    if thing.made is None:
        return False
    if thing.kind == LIST:
        return argument(thing.made, 0, "sequence") is None
    return argument(thing.made, 1, "create") is None and argument(thing.made, 0, "name") is not None


def is_program(source: Source, made: ast.Call) -> bool:
    """Whether a program, not a library, comes to a call: under its main guard, also through functions."""
    waiting: list[ast.AST] = [source.tree.root]
    seen: set[ast.AST] = {source.tree.root}
    home = source.function(made)
    if home in source.running or not any(source.guards.guarded(call) for call in source.tree.inside[source.tree.root]):
        return False
    while waiting:
        function = waiting.pop()
        for call in source.tree.inside[function]:
            called = source.things.definition(call.func)
            started = function is not source.tree.root or source.guards.guarded(call)
            if called is not None and started and called not in seen:
                seen.add(called)
                waiting.append(called)
    return home in seen and (home is not source.tree.root or source.guards.guarded(made))


LINT: Final = Lint(
    module=__name__,
    id="MP510",
    inspect=inspect,
    doc=Doc(
        title="Attaching to a segment destroys it at the end",
        why="Each program that is not a child by multiprocessing has a resource tracker of its own. It notes a "
        "segment that was only attached to like one that was made, and unlinks it when the program ends: the next one "
        "that wants to attach finds nothing.",
        how="SharedMemory(name=…) or ShareableList(name=…) without track=, in a file that creates no segment, where "
        "the main guard comes to it. Silent in functions that run in workers, in tests, and in files without a main "
        "guard.",
        bad="""
            import sys
            from multiprocessing.shared_memory import SharedMemory

            def show(name):
                segment = SharedMemory(name=name)
                print(bytes(segment.buf[:4]))
                segment.close()

            if __name__ == "__main__" and len(sys.argv) > 1:
                show(sys.argv[1])
        """,
        good="""
            import sys
            from multiprocessing.shared_memory import SharedMemory

            def show(name):
                segment = SharedMemory(name=name, track=False)
                print(bytes(segment.buf[:4]))
                segment.close()

            if __name__ == "__main__" and len(sys.argv) > 1:
                show(sys.argv[1])
        """,
        applies="Linux, macOS and other POSIX systems; track= from Python 3.13",
        links=(
            "https://docs.python.org/3/library/multiprocessing.shared_memory.html",
            "https://github.com/python/cpython/issues/82300",
        ),
    ),
)
