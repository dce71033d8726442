"""A loop that joins each process before it starts the next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, names

#: Methods that take what the process has made; to wait there is to wait for the process.
TAKES = frozenset({"get", "recv", "recv_bytes"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find start() with join() on the next line, or behind the line that takes the result, in a for loop."""
    if source.is_test:
        return
    for start, _ in source.methods({names.PROCESS}, "start"):
        assert isinstance(start.func, ast.Attribute)
        join = joined_next(source, start)
        loop = source.tree.loop(start)
        if join is None or not isinstance(loop, ast.For) or (source.values.count(loop.iter) or 2) < 2:
            continue
        if any(isinstance(each, (ast.Break, ast.Return)) for each in ast.walk(loop)):
            continue  # until one succeeds
        if not any(use.member in ("exitcode", "is_alive") for use in source.uses(start.func.value)):
            yield LINT.finding(
                source.place(join),
                level="warning",
                seen="join() waits for this process before the loop starts the next: they run one at a time.",
                do="Start all of them in one loop and join them in a second one; for many, use a pool.",
            )


def joined_next(source: Source, start: ast.Call) -> ast.Call | None:
    """The join(), without a timeout, that follows the start of the same process."""
    assert isinstance(start.func, ast.Attribute)
    process = ast.dump(start.func.value)
    following = source.tree.following(source.tree.statement(start))
    if following is not None and takes(following):
        following = source.tree.following(following)
    call = following.value if isinstance(following, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "join":
        return None
    same = ast.dump(call.func.value) == process
    return call if same and not call.args and not call.keywords else None


def takes(statement: ast.stmt) -> bool:
    """Whether a statement takes something from a queue or connection, and does nothing else."""
    value = statement.value if isinstance(statement, (ast.Assign, ast.Expr)) else None
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in TAKES


LINT: Final = Lint(
    module=__name__,
    id="MP118",
    inspect=inspect,
    doc=Doc(
        title="Each process joined before the next is started",
        why="join() waits: start() followed by join() in one loop runs the processes one at a time, slower than a "
        "plain loop by what they take to start.",
        how="In a for loop, start() with join() of the same process on the next line, or after the line that takes its "
        "result. Silent when join() has a timeout, when the loop may end early or looks at exit codes, and in tests.",
        bad="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                for number in range(4):
                    process = Process(target=work, args=(number,))
                    process.start()
                    process.join()
        """,
        good="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                processes = [Process(target=work, args=(number,)) for number in range(4)]
                for process in processes:
                    process.start()
                for process in processes:
                    process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.join",),
    ),
)
