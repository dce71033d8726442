"""Workers that are replaced after a task or a few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, argument, names

#: Tasks of a worker from which on its start may be cheap beside them.
SOME = 5
LIMITS = {names.POOL: (3, "maxtasksperchild"), names.EXECUTOR: (4, "max_tasks_per_child")}


def inspect(source: Source) -> Iterator[Finding]:
    """Find pools whose workers may do but a few tasks."""
    for kind, (place, word) in LIMITS.items():
        for pool in source.made.get(kind, ()):
            limit = argument(pool.made, place, word) if pool.made else None
            number = source.values.number(limit) if limit is not None else None
            if limit is not None and number is not None and 0 < number < SOME:
                yield LINT.finding(
                    source.place(limit),
                    level="note",
                    seen=f"`{word}={number}` starts a new process for every {'task' if number == 1 else 'few tasks'}.",
                    do="Raise it until a start is cheap beside the tasks in between, or leave it out if the tasks leak "
                    "no memory.",
                )


LINT: Final = Lint(
    module=__name__,
    id="MP103",
    inspect=inspect,
    default=False,
    doc=Doc(
        title="Workers replaced after too few tasks",
        why="A worker that is replaced has to be started, to import and to prepare anew; with few tasks in between "
        "that takes longer than the tasks.",
        how=f"maxtasksperchild or max_tasks_per_child below {SOME}. Opt-in: it is right where each task spoils its "
        "process.",
        bad="""
            from multiprocessing import Pool

            if __name__ == "__main__":
                with Pool(maxtasksperchild=1) as pool:
                    print(pool.map(abs, range(20), 1))
        """,
        good="""
            from multiprocessing import Pool

            if __name__ == "__main__":
                with Pool() as pool:
                    print(pool.map(abs, range(20)))
        """,
        applies="Pool on every version; ProcessPoolExecutor from Python 3.11, without fork",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool",),
    ),
)
