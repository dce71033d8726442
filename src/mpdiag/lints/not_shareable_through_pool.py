"""A queue, lock or shared value as the argument of a pool's task."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Task, Thing, names

#: What goes to a process only when it starts. A Connection may be sent at any time.
INHERITED = names.SYNC | names.QUEUES | names.SHARED


def inspect(source: Source) -> Iterator[Finding]:
    """Find such objects among what tasks of processes are given."""
    for task in source.tasks:
        if task.how == "initializer" or task.to.kind not in names.PROCESS_POOLS:
            continue
        for node, thing in handed(source, task):
            if thing.kind in INHERITED:
                what = names.described(thing.kind)
                error = "objects should only be shared between processes through inheritance"
                once = "Hand it to every worker when it starts, by `initializer=` and `initargs=`, or take the proxy"
                yield LINT.finding(
                    source.place(node),
                    level="error",
                    seen=f"{what[:1].upper()}{what[1:]} is an argument of `{task.how}()`: a task is pickled, and this "
                    f"raises RuntimeError: {thing.kind.rpartition('.')[2]} {error}.",
                    do=f"{'Take the proxy' if task.to.kind == names.PARALLEL else once} that a Manager() gives.",
                )


def handed(source: Source, task: Task) -> Iterator[tuple[ast.expr, Thing]]:
    """What a task is given that is known, tuples laid open; what a partial holds goes with it."""
    held = task.function.args[1:] if isinstance(task.function, ast.Call) else []
    for node in (*held, *task.given):
        thing = source.things.element(node) if task.each and node in task.arguments else source.things.thing(node)
        for inner in contents(node) if thing is None else ():
            thing = source.things.thing(inner)
            if thing is not None:
                yield inner, thing
        if thing is not None and not contents(node):
            yield node, thing


def contents(node: ast.expr) -> list[ast.expr]:
    """The elements of the tuples that a literal list or a comprehension holds."""
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        node = node.elt
    elif isinstance(node, ast.List) and node.elts:
        node = node.elts[0]
    return list(node.elts) if isinstance(node, ast.Tuple) else []


LINT: Final = Lint(
    module=__name__,
    id="MP207",
    inspect=inspect,
    doc=Doc(
        title="An object that a pool cannot send to its tasks",
        why="Queues, locks and shared values reach a process when it starts. What a task is given travels as a pickle, "
        "and they refuse: RuntimeError from the submitting call, or from the result.",
        how="Queue, Lock, Event, Value and their like of multiprocessing among the arguments of tasks of Pool, of "
        "ProcessPoolExecutor and of joblib's Parallel, also in a partial and in the tuples of starmap. Silent about "
        "initargs, connections and what a Manager gives.",
        bad="""
            from multiprocessing import Pool, Queue

            def work(number, queue):
                queue.put(number * number)

            if __name__ == "__main__":
                queue = Queue()
                with Pool() as pool:
                    pool.apply_async(work, (3, queue)).get()
                    print(queue.get())
        """,
        good="""
            from multiprocessing import Pool, Queue

            def keep(given):
                global queue
                queue = given

            def work(number):
                queue.put(number * number)

            if __name__ == "__main__":
                results = Queue()
                with Pool(initializer=keep, initargs=(results,)) as pool:
                    pool.apply_async(work, (3,)).get()
                    print(results.get())
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#programming-guidelines",),
    ),
)
