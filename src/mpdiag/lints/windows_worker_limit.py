"""More workers than Windows can wait for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, argument, names

#: The most workers on Windows; from this Python on a Pool may have more.
EXECUTOR_LIMIT, POOL_LIMIT = 61, 60
POOL_SINCE = (3, 13)


def inspect(source: Source) -> Iterator[Finding]:
    """Find literal numbers of workers beyond the limit, where the code has to run on Windows."""
    if "Windows" not in source.target.systems:
        return
    for kind, word, limit in ((names.EXECUTOR, "max_workers", EXECUTOR_LIMIT), (names.POOL, "processes", POOL_LIMIT)):
        for pool in source.made.get(kind, ()):
            given = argument(pool.made, 0, word) if pool.made is not None else None
            number = source.values.number(given) if given is not None else None
            old = kind == names.EXECUTOR or source.target.versions[0] < POOL_SINCE
            if given is not None and number is not None and number > limit and old:
                yield LINT.finding(
                    source.place(given),
                    level="warning",
                    seen=f"Windows waits for 64 handles at a time: with {number} workers "
                    + (
                        "ProcessPoolExecutor raises a ValueError there."
                        if kind == names.EXECUTOR
                        else "a Pool hangs there before Python 3.13."
                    ),
                    do=f"Ask for at most {limit} there: `min({limit}, …)`.",
                )


LINT: Final = Lint(
    module=__name__,
    id="MP418",
    inspect=inspect,
    doc=Doc(
        title="More workers than Windows can wait for",
        why="Windows waits for 64 handles at a time. ProcessPoolExecutor refuses more than 61 workers; Pool, before "
        "Python 3.13, starts them and its handler thread then fails with 'need at most 63 handles', so tasks hang.",
        how="A literal number of workers above 61 for an executor, above 60 for a Pool, unless the code need not run "
        "on Windows.",
        bad="""
            from concurrent.futures import ProcessPoolExecutor

            if __name__ == "__main__":
                with ProcessPoolExecutor(max_workers=64) as executor:
                    print(list(executor.map(abs, [-1, 2])))
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor

            if __name__ == "__main__":
                with ProcessPoolExecutor(max_workers=61) as executor:
                    print(list(executor.map(abs, [-1, 2])))
        """,
        applies="Windows",
        links=(
            "https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",
            "https://github.com/python/cpython/issues/89240",
        ),
    ),
)
