"""A wait for futures that a shutdown has cancelled."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, argument, is_none, names

#: Functions that wait for futures, with the place of their timeout.
WAITS = {"concurrent.futures.wait": 1, "concurrent.futures.as_completed": 1}


def inspect(source: Source) -> Iterator[Finding]:
    """Find wait() and as_completed() below a shutdown(cancel_futures=True) of the executor that has the futures."""
    for shutdown, executor in source.methods(names.EXECUTORS, "shutdown"):
        cancels = argument(shutdown, 9, "cancel_futures")
        if not isinstance(cancels, ast.Constant) or cancels.value is not True:
            continue
        keepers = [source.order.fate(task.call).keeper for task in source.tasks if task.to.made is executor.made]
        for concept, place in WAITS.items():
            for wait in source.called(concept):
                futures = argument(wait, 0, "fs")
                timeout = argument(wait, place, "timeout")
                limited = timeout is not None and not is_none(timeout)
                ours = any(keeper and futures and is_same(source, keeper, futures) for keeper in keepers)
                if ours and not limited and source.order.leads(shutdown, wait):
                    yield LINT.finding(
                        source.place(wait),
                        level="error",
                        seen=f"shutdown() in line {shutdown.lineno} has cancelled the futures that were not running, "
                        f"and nobody tells {concept.rpartition('.')[2]}() of it: it waits for them for ever.",
                        do="Look at the futures themselves: those that are not `cancelled()` have a result(), for "
                        "which shutdown(wait=True, cancel_futures=True) has waited.",
                    )


def is_same(source: Source, one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are the same variable."""
    return any(use.node is other for use in source.uses(one))


LINT: Final = Lint(
    module=__name__,
    id="MP415",
    inspect=inspect,
    doc=Doc(
        title="A wait for futures that were cancelled",
        why="shutdown(cancel_futures=True) drops the tasks that are not running yet and marks their futures as "
        "cancelled, without a word to who waits. wait() and as_completed() then wait for ever.",
        how="wait() or as_completed() without a timeout, below a shutdown(cancel_futures=True) in the same function, "
        "of futures that the same executor has given.",
        bad="""
            import time
            from concurrent.futures import ProcessPoolExecutor, wait

            if __name__ == "__main__":
                executor = ProcessPoolExecutor(2)
                futures = [executor.submit(time.sleep, 0.1) for _ in range(20)]
                executor.shutdown(cancel_futures=True)
                done, pending = wait(futures)
                print(len(done) > 0)
        """,
        good="""
            import time
            from concurrent.futures import ProcessPoolExecutor

            if __name__ == "__main__":
                executor = ProcessPoolExecutor(2)
                futures = [executor.submit(time.sleep, 0.1) for _ in range(20)]
                executor.shutdown(cancel_futures=True)
                finished = [future for future in futures if not future.cancelled()]
                print(len(finished) > 0)
        """,
        applies="Python 3.9 and newer, on every system; executors of processes and threads",
        links=(
            "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.shutdown",
            "https://github.com/python/cpython/issues/136655",
        ),
    ),
)
