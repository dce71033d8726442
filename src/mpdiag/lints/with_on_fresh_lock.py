"""A lock that nobody else can have: it locks nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FUNCTIONS, Source, Thing

NAMES = ("BoundedSemaphore", "Condition", "Lock", "RLock", "Semaphore")


def inspect(source: Source) -> Iterator[Finding]:
    """Find locks that are entered where they are made, and those of a local variable that never leaves its function."""
    for kind in (f"{library}.{name}" for library in ("multiprocessing", "proxy") for name in NAMES):
        for lock in source.made.get(kind, ()):
            where = held(source, lock)
            if where is not None and lock.made is not None:
                name = kind.rpartition(".")[2]
                yield LINT.finding(
                    source.place(lock.made),
                    level="error",
                    seen=f"Each time the program comes here it makes a new {name}, which {where} and no other process "
                    "ever sees: it keeps nobody out.",
                    do=f"Make one {name} in the parent and give it to all processes: as an argument of Process, or by "
                    "initializer= and initargs= of a pool.",
                )


def held(source: Source, lock: Thing) -> str | None:
    """Who alone can hold a lock; None if someone else may have it."""
    assert lock.made is not None
    outer = source.tree.parents[lock.made]
    if isinstance(outer, ast.withitem):
        return "this `with` statement holds"
    if isinstance(outer, ast.Attribute):
        return "is dropped right away," if outer.attr == "acquire" else None
    keeper = source.order.fate(lock.made).keeper
    home = source.function(lock.made)
    if not isinstance(keeper, ast.Name) or not isinstance(outer, ast.Assign) or not isinstance(home, FUNCTIONS):
        return None
    if keeper.id in source.tree.scope(keeper).elsewhere:
        return None
    uses = source.uses(keeper)
    inside = all(source.function(use.node) is home and not use.escapes for use in uses)
    locks = any(use.entered or use.member == "acquire" for use in uses)
    return f"`{keeper.id}` holds during one call of `{home.name}`" if inside and locks else None


LINT: Final = Lint(
    module=__name__,
    id="MP511",
    inspect=inspect,
    doc=Doc(
        title="A lock made where it is used locks nothing",
        why="A lock keeps out those who use the same lock. One that is made in the `with` statement, or in the "
        "function that uses it, is another one each time, so everyone comes in at once.",
        how="`with Lock():`, `Lock().acquire()`, and a Lock, RLock, Semaphore or Condition (also a manager's) bound to "
        "a local name of a function which does not pass, return or store it.",
        bad="""
            from multiprocessing import Lock, Pool

            def work(number):
                with Lock():
                    print(number)

            if __name__ == "__main__":
                with Pool() as pool:
                    pool.map(work, range(10))
        """,
        good="""
            from multiprocessing import Lock, Pool

            def prepare(shared):
                global lock
                lock = shared

            def work(number):
                with lock:
                    print(number)

            if __name__ == "__main__":
                with Pool(initializer=prepare, initargs=(Lock(),)) as pool:
                    pool.map(work, range(10))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#synchronization-between-processes",),
    ),
)
