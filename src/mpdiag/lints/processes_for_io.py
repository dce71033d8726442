"""Processes for a function that does nothing but wait."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Function, Source, Task, names

#: Functions that wait for a peer, a program or the clock.
WAITS = frozenset(
    {f"requests.{verb}" for verb in ("delete", "get", "head", "patch", "post", "put", "request")}
    | {f"subprocess.{name}" for name in ("call", "check_call", "check_output", "run")}
    | {"os.system", "socket.create_connection", "time.sleep", "urllib.request.urlopen", "urllib.request.urlretrieve"}
)
#: Functions that cost next to nothing.
LIGHT = frozenset({"dict", "float", "format", "int", "isinstance", "len", "list", "open", "print", "str", "tuple"})
LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def inspect(source: Source) -> Iterator[Finding]:
    """Find tasks of process pools whose function waits, and calls or computes nothing else that takes time."""
    if source.is_test:
        return
    for task, function in source.first_tasks(is_pooled):
        wait = only_waits(source, function)
        if wait is not None:
            yield LINT.finding(
                source.place(task.call),
                level="note",
                seen=f"`{function.name}` waits for `{source.concept(wait.func)}` and computes nothing. Threads wait "
                "as well, without starting an interpreter for each, without its memory and without pickling.",
                do='Pass `prefer="threads"` to Parallel, with as many jobs as the peer bears requests at once.'
                if task.to.kind == names.PARALLEL
                else "Use a ThreadPoolExecutor, with as many threads as the peer bears requests at once.",
            )


def is_pooled(task: Task) -> bool:
    """Whether the function runs once for each task in the processes of a pool."""
    return task.to.kind in names.PROCESS_POOLS and task.how != "initializer"


def only_waits(source: Source, function: Function) -> ast.Call | None:
    """The call for which a function waits, if there is nothing else in it."""
    calls = source.tree.inside[function]
    waits = [call for call in calls if source.concept(call.func) in WAITS and not is_retry(source, call)]
    computes = any(
        isinstance(each, LOOPS) and any(isinstance(inner, (ast.BinOp, ast.AugAssign)) for inner in ast.walk(each))
        for each in ast.walk(function)
    )
    others = [call for call in calls if source.concept(call.func) not in WAITS | LIGHT and not is_method(source, call)]
    return waits[0] if waits and not computes and not others else None


def is_retry(source: Source, call: ast.Call) -> bool:
    """Whether a pause comes after a failure only."""
    return any(isinstance(outer, (ast.ExceptHandler, ast.While)) for _, outer in source.tree.around(call))


def is_method(source: Source, call: ast.Call) -> bool:
    """Whether a call is one of a method of a local value, such as ``response.json()``."""
    return isinstance(call.func, ast.Attribute) and not source.concept(call.func)


LINT: Final = Lint(
    module=__name__,
    id="MP404",
    inspect=inspect,
    default=False,
    aliases=("io-bound-oversized-pool",),
    doc=Doc(
        title="Processes for tasks that only wait",
        why="A waiting task holds no GIL, so threads run as many of them at once as processes do, without starting "
        "an interpreter for each, without its memory and without pickling.",
        how="Tasks of a Pool or process executor whose function requests, runs a program or sleeps, has no loop that "
        "computes, and calls nothing else but methods of what it got. Off unless selected: what such a method costs "
        "does not show in the source.",
        bad="""
            import time
            from concurrent.futures import ProcessPoolExecutor

            def ask(number):
                time.sleep(0.1)
                return number

            if __name__ == "__main__":
                with ProcessPoolExecutor(8) as executor:
                    print(list(executor.map(ask, range(16))))
        """,
        good="""
            import time
            from concurrent.futures import ThreadPoolExecutor

            def ask(number):
                time.sleep(0.1)
                return number

            if __name__ == "__main__":
                with ThreadPoolExecutor(8) as executor:
                    print(list(executor.map(ask, range(16))))
        """,
        links=("https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",),
    ),
)
