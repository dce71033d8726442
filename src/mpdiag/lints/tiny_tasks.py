"""Many items handed to a pool one by one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, argument, names

#: From so many items on it is worth a thought.
MANY = 1000
#: What a task costs that does nothing.
PRICES = {names.EXECUTOR: "0.1 ms", names.POOL: "0.03 ms", names.PARALLEL: "0.2 ms"}
CHUNKS = "Pass chunksize=, so large that a chunk takes some milliseconds and each worker still gets several."
BATCHES = "Leave out batch_size=1: joblib then makes batches that take long enough."
IMAPS = frozenset({"imap", "imap_unordered"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find map() of a process executor and imap() of a Pool, without a chunk size, over what is long."""
    if source.is_test:
        return
    for task in source.tasks:
        items = handed_singly(task)
        length = length_of(source, items) if items is not None else None
        if length is not None:
            yield LINT.finding(
                source.place(task.call),
                level="note",
                seen=f"{task.how}() sends {length} one by one, each at the price of about {PRICES[task.to.kind]} of "
                "computing. Tasks shorter than that take longer here than in a plain loop.",
                do=BATCHES if task.to.kind == names.PARALLEL else CHUNKS,
            )


def handed_singly(task: Task) -> ast.expr | None:
    """What a method goes through that sends each item by itself."""
    if task.to.kind == names.EXECUTOR and task.how == "map":
        given = argument(task.call, 99, "chunksize")
    elif task.to.kind == names.POOL and task.how in IMAPS:
        given = argument(task.call, 2, "chunksize")
    elif task.to.kind == names.PARALLEL and task.to.made is not None:
        size = argument(task.to.made, 99, "batch_size")
        return task.call.args[0] if isinstance(size, ast.Constant) and size.value == 1 else None
    else:
        return None
    return argument(task.call, 1, "iterable") if given is None else None


def length_of(source: Source, items: ast.expr) -> str | None:
    """How much there is of something long; None if it is short, or unknown."""
    thing = source.things.thing(items)
    if thing is not None and thing.kind == names.FILE:
        return "the lines of a file"
    number = source.values.count(items)
    return f"{number:,} items" if number is not None and number >= MANY else None


LINT: Final = Lint(
    module=__name__,
    id="MP402",
    inspect=inspect,
    aliases=("tiny-tasks-chunksize",),
    doc=Doc(
        title="Tasks too small for a pool",
        why="Each task is pickled, queued, picked up by a worker and answered. When that takes longer than the task, "
        "more workers make the program slower.",
        how=f"map() of a process executor, imap() and imap_unordered() of a Pool, without chunksize, and joblib's "
        f"Parallel with batch_size=1, over {MANY:,} items or more or over the lines of a file: whether the tasks are "
        "short does not show, so it is a note. Pool.map() chooses a chunk size by itself, and for threads there is "
        "none. Silent in tests.",
        bad="""
            from concurrent.futures import ProcessPoolExecutor

            if __name__ == "__main__":
                with ProcessPoolExecutor() as executor:
                    print(sum(executor.map(abs, range(5_000))))
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor

            if __name__ == "__main__":
                with ProcessPoolExecutor() as executor:
                    print(sum(executor.map(abs, range(5_000), chunksize=500)))
        """,
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.map",),
    ),
)
