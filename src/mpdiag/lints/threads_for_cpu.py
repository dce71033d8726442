"""Threads for a function that only computes, in Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Function, Source, Task, names

THREADS = frozenset({names.THREAD_EXECUTOR, names.THREAD_POOL, names.THREAD_PARALLEL, "threading.Thread"})
#: Builtins that compute in Python's own time.
PLAIN = frozenset(
    {
        "abs",
        "bool",
        "divmod",
        "enumerate",
        "float",
        "int",
        "len",
        "list",
        "max",
        "min",
        "pow",
        "range",
        "round",
        "sum",
        "zip",
    }
)
LOOPS = (ast.For, ast.While)
#: Rounds from which on a single loop counts as work.
MANY = 10_000


def inspect(source: Source) -> Iterator[Finding]:
    """Find tasks of threads whose function is nothing but loops of arithmetic."""
    if source.is_test:
        return
    for task, function in source.first_tasks(lambda task: task.to.kind in THREADS and is_several(source, task)):
        if computes(source, function):
            yield LINT.finding(
                source.place(task.call),
                level="note",
                seen=f"`{function.name}` computes in Python and never waits. The global interpreter lock lets one "
                "thread at a time do that: these take as long as one after the other.",
                do="Leave out what asks joblib for threads, or use a free-threaded build."
                if task.to.kind == names.THREAD_PARALLEL
                else "Use a ProcessPoolExecutor, with a chunksize where the tasks are short, or a free-threaded build.",
            )


def is_several(source: Source, task: Task) -> bool:
    """Whether more than one thread runs the function."""
    return task.to.kind != "threading.Thread" or source.tree.loop(task.call) is not None


def computes(source: Source, function: Function) -> bool:
    """Whether a function is arithmetic in loops, and calls nothing that could let go of the lock."""
    if any(not is_plain(source, call, function) for call in source.tree.inside[function]):
        return False
    loops = [each for each in ast.walk(function) if isinstance(each, LOOPS)]
    if any(isinstance(each, (ast.Await, ast.Yield, ast.With, ast.Try)) for each in ast.walk(function)):
        return False
    return any(is_heavy(source, loop) for loop in loops)


def is_plain(source: Source, call: ast.Call, function: Function) -> bool:
    """Whether a call is one of a plain builtin, of ``append``, or of the function itself."""
    if source.things.definition(call.func) is function or source.concept(call.func) in PLAIN:
        return True
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("append", "add")


def is_heavy(source: Source, loop: ast.For | ast.While) -> bool:
    """Whether a loop does arithmetic, and much of it: it holds another one, or goes round very often."""
    arithmetic = any(isinstance(each, (ast.BinOp, ast.AugAssign)) for each in ast.walk(loop))
    nested = any(isinstance(each, LOOPS) and each is not loop for each in ast.walk(loop))
    rounds = source.values.count(loop.iter) if isinstance(loop, ast.For) else None
    return arithmetic and (nested or (rounds is not None and rounds >= MANY))


LINT: Final = Lint(
    module=__name__,
    id="MP408",
    inspect=inspect,
    default=False,
    aliases=("gil-threads-for-cpu",),
    doc=Doc(
        title="Threads for computing under the GIL",
        why="The global interpreter lock lets one thread at a time run Python code: more threads share one CPU, and "
        "the hand-over costs a little on top.",
        how="Tasks of threads whose function consists of nested or very long loops of arithmetic and calls nothing but "
        "plain builtins. Off unless selected: most functions that compute call something that may release the lock.",
        bad="""
            from concurrent.futures import ThreadPoolExecutor

            def work(number):
                total = 0
                for step in range(100_000):
                    total = (total * 31 + step) % 65_521
                return total + number

            if __name__ == "__main__":
                with ThreadPoolExecutor() as executor:
                    print(sum(executor.map(work, range(8))))
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor

            def work(number):
                total = 0
                for step in range(100_000):
                    total = (total * 31 + step) % 65_521
                return total + number

            if __name__ == "__main__":
                with ProcessPoolExecutor() as executor:
                    print(sum(executor.map(work, range(8))))
        """,
        applies="interpreters whose GIL is on",
        links=(
            "https://docs.python.org/3/glossary.html#term-global-interpreter-lock",
            "https://docs.python.org/3/howto/free-threading-python.html",
        ),
    ),
)
