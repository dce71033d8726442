"""A pool that a function makes and leaves to the garbage collector."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, names

#: What ends a pool, or fails where nothing has (MP117).
ENDS = frozenset({"close", "terminate", "join", "__exit__"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find pools of a local or module variable, or of none, that nothing closes and nobody else gets hold of."""
    if source.is_test:
        return
    for kind in sorted(names.POOLS):
        for pool in source.made.get(kind, ()):
            if pool.made is not None and is_left(source, pool.made):
                workers = "processes" if kind == names.POOL else "threads"
                yield LINT.finding(
                    source.place(pool.made),
                    level="warning",
                    seen=f"Nothing closes this pool. Its {workers} stay until the garbage collector comes to it, "
                    "which may be never, or hang at the end of the program.",
                    do="Use it in a `with` statement; where results are fetched later, call close() and join().",
                )


def is_left(source: Source, made: ast.Call) -> bool:
    """Whether a pool is used where it is made, or kept under a name, and never closed."""
    outer = source.tree.parents[made]
    if isinstance(outer, ast.Attribute):
        return outer.attr not in ENDS
    fate = source.order.fate(made)
    keeper = fate.keeper
    if (
        not isinstance(keeper, ast.Name)
        or not isinstance(outer, (ast.Assign, ast.AnnAssign))
        or is_global(source, keeper)
    ):
        return False
    uses = source.uses(keeper)
    return bool(uses) and not any(use.member in ENDS or use.entered or use.escapes for use in uses)


def is_global(source: Source, name: ast.Name) -> bool:
    """Whether a function binds a name of the module: its pool outlives the call on purpose."""
    return name.id in source.tree.scope(name).elsewhere


LINT: Final = Lint(
    module=__name__,
    id="MP412",
    inspect=inspect,
    aliases=("pool-not-closed-leak",),
    doc=Doc(
        title="A pool that is never closed",
        why="Its workers and threads live on, with all their memory, until the garbage collector or the end of the "
        "program finds them; the program may hang at its end.",
        how="A Pool that is used where it is made, or bound to a name, with neither close() nor terminate() nor `with` "
        "in the file. Silent when it is returned, stored, passed on or global, in tests, and for executors.",
        bad="""
            from multiprocessing import Pool

            def squares(numbers):
                pool = Pool()
                return pool.map(abs, numbers)

            if __name__ == "__main__":
                print(squares([1, -2, 3]))
        """,
        good="""
            from multiprocessing import Pool

            def squares(numbers):
                with Pool() as pool:
                    return pool.map(abs, numbers)

            if __name__ == "__main__":
                print(squares([1, -2, 3]))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool",),
    ),
)
