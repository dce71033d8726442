"""A shared-memory segment that nothing unlinks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, argument

SEGMENT, LIST = "multiprocessing.SharedMemory", "multiprocessing.ShareableList"


def inspect(source: Source) -> Iterator[Finding]:
    """Find segments that are created in a file without any unlink()."""
    if source.is_test or source.tree.attributes["unlink"]:
        return
    for kind in (SEGMENT, LIST):
        for segment in source.made.get(kind, ()):
            made = segment.made
            if made is not None and creates(made, kind) and not leaves(source, made):
                yield LINT.finding(
                    source.place(made),
                    level="warning",
                    seen="Nothing in this file unlinks the segment. It stays in memory when all have closed it, until "
                    "the resource tracker comes to it at the end of the program; for ever, if that is killed too.",
                    do="Call unlink() once, where the last one is done with it (a `finally`), or let a "
                    "SharedMemoryManager do it.",
                )


def creates(made: ast.Call, kind: str) -> bool:
    """Whether a call makes a segment, and does not attach to one."""
    if kind == LIST:
        return argument(made, 0, "sequence") is not None
    create = argument(made, 1, "create")
    return isinstance(create, ast.Constant) and create.value is True


def leaves(source: Source, made: ast.Call) -> bool:
    """Whether a segment goes to who may unlink it: it is returned, or its variable is."""
    fate = source.order.fate(made)
    if fate.how in ("returned", "used"):
        return True
    uses = source.uses(fate.keeper) if isinstance(fate.keeper, ast.Name) else []
    return any(isinstance(source.tree.parents[use.node], (ast.Return, ast.Yield, ast.Tuple)) for use in uses)


LINT: Final = Lint(
    module=__name__,
    id="MP508",
    inspect=inspect,
    doc=Doc(
        title="Shared-memory segments are left behind",
        why="A segment is a file in memory: close() only lets go of it, it stays until someone unlinks it. Programs "
        "that leave segments fill /dev/shm for everyone; the resource tracker clears up, with a warning, when the "
        "program ends, if it still lives then.",
        how="SharedMemory(create=True) or a new ShareableList in a file without any unlink(). Silent when it is "
        "returned or passed on where it is made, in tests, and with a SharedMemoryManager.",
        bad="""
            from multiprocessing.shared_memory import SharedMemory

            if __name__ == "__main__":
                segment = SharedMemory(create=True, size=1000)
                segment.buf[0] = 1
                print(segment.buf[0])
                segment.close()
        """,
        good="""
            from multiprocessing.shared_memory import SharedMemory

            if __name__ == "__main__":
                segment = SharedMemory(create=True, size=1000)
                try:
                    segment.buf[0] = 1
                    print(segment.buf[0])
                finally:
                    segment.close()
                    segment.unlink()
        """,
        applies="Linux, macOS and other POSIX systems; Windows drops a segment with its last handle",
        links=("https://docs.python.org/3/library/multiprocessing.shared_memory.html",),
    ),
)
