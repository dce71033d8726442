"""``set_forkserver_preload()`` that preloads nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import CHOSEN, Source, argument, literal, names

OTHERS: frozenset[str | None] = frozenset({"fork", "spawn"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find preloads of a string, and those of a program that never uses the fork server."""
    for call in source.called("multiprocessing.set_forkserver_preload"):
        given = argument(call, 0, "module_names")
        named = source.things.name(call.func)
        if given is None or named is None:
            continue
        value = source.values.origin(given)
        if isinstance(value, ast.JoinedStr) or literal(value):
            yield LINT.finding(
                source.place(given),
                level="error",
                seen="A string is given in the place of a list: each of its characters is taken for a module, and what "
                "cannot be imported is left out without a word.",
                do=f"Write `[{source.code(given)}]`.",
            )
        elif methods(source) <= OTHERS and named.method not in ("forkserver", CHOSEN):
            used = " and ".join(sorted(filter(None, methods(source))))
            yield LINT.finding(
                source.place(call),
                level="warning",
                seen=f"Only a fork server preloads, but processes start by {used} here.",
                do='Start them by "forkserver", or take the call out.',
            )


def methods(source: Source) -> set[str | None]:
    """The start methods of what this file starts, and the one that it sets."""
    kinds = (names.PROCESS, names.POOL, names.EXECUTOR)
    things = [thing for kind in kinds for thing in source.made.get(kind, ())]
    found = {thing.method or source.start_method for thing in things}
    return found or {source.start_method}


LINT: Final = Lint(
    module=__name__,
    id="MP112",
    inspect=inspect,
    doc=Doc(
        title="A fork server that preloads nothing",
        why="Each worker of a fork server imports again what the server could have imported once for all.",
        how="set_forkserver_preload() with a string in the place of a list, or where everything that the file starts "
        "is known to use another start method.",
        bad="""
            import multiprocessing

            def work(number):
                return number * number

            if __name__ == "__main__":
                multiprocessing.set_forkserver_preload("json")
                with multiprocessing.get_context("forkserver").Pool() as pool:
                    print(pool.map(work, range(10)))
        """,
        good="""
            import multiprocessing

            def work(number):
                return number * number

            if __name__ == "__main__":
                multiprocessing.set_forkserver_preload(["json"])
                with multiprocessing.get_context("forkserver").Pool() as pool:
                    print(pool.map(work, range(10)))
        """,
        applies="forkserver: the default on Linux from Python 3.14, available on other POSIX systems",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.set_forkserver_preload",
            "https://github.com/python/cpython/issues/126631",
        ),
    ),
)
