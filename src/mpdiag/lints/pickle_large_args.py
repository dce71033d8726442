"""One large object that goes to the workers of a pool again with every task."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FUNCTIONS, Source, Task, names

#: Bytes from which it takes longer to pickle, send and unpickle an object than most tasks take.
LARGE = 2**20
#: What these give is large as a rule.
LOADERS = frozenset(
    {
        *(f"pandas.{name}" for name in ("read_csv", "read_excel", "read_feather", "read_parquet", "read_pickle")),
        *("joblib.load", "numpy.genfromtxt", "numpy.load", "numpy.loadtxt", "polars.read_csv", "polars.read_parquet"),
        "torch.load",
    }
)
#: Methods that hand out one task.
SINGLE = frozenset({"submit", "apply", "apply_async", "run_in_executor"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find large values that are the same for every task."""
    for task in source.tasks:
        if task.to.kind not in names.PROCESS_POOLS or task.how == "initializer":
            continue
        for node, value in (*repeated(source, task), *carried(source, task)):
            size = source.values.size(value)
            loaded = isinstance(value, ast.Call) and source.concept(value.func) in LOADERS
            if (loaded or (size is not None and size >= LARGE)) and not is_mapped(source, task, value):
                each = "batch of tasks" if task.to.kind == names.PARALLEL else "task"
                much = f"at least {size // 10**6 or 1} MB" if size else "a loaded table or model"
                yield LINT.finding(
                    source.place(node),
                    level="warning" if size else "note",
                    seen=f"`{ast.unparse(node)}` ({much}) is pickled, sent and unpickled again for every "
                    f"{each}, though it is the same for all.",
                    do="Make it an array of NumPy, which joblib maps into the workers, or let these make or read it."
                    if task.to.kind == names.PARALLEL
                    else "Give it to each worker once: `initializer=` a function that keeps it in a global, with "
                    "`initargs=`; or send what is needed of it.",
                )


def is_mapped(source: Source, task: Task, value: ast.expr) -> bool:
    """Whether joblib writes a value to a file once, and workers map that: large arrays, also those within tables."""
    concept = source.concept(value.func) if isinstance(value, ast.Call) else ""
    return task.to.kind == names.PARALLEL and (concept.startswith("numpy.") or concept in LOADERS)


def repeated(source: Source, task: Task) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The arguments that are the same in every task of a call or loop, with what they were made of."""
    if task.how in SINGLE:
        loop = source.tree.loop(task.call)
        given = task.given if loop else []
    else:
        loop = None
        given = [each for each in task.arguments if not task.each]
        given += [value for each in task.arguments if (value := of_repeat(source, each)) is not None]
    held = [*task.function.args[1:]] if isinstance(task.function, ast.Call) and (loop or task.how not in SINGLE) else []
    for node in (*given, *held):
        value = source.values.origin(node)
        outside = loop is None or not source.tree.within(value, loop)
        if isinstance(node, (ast.Name, ast.Attribute)) and value is not node and outside:
            yield node, value


def of_repeat(source: Source, node: ast.expr) -> ast.expr | None:
    """The object that ``itertools.repeat`` gives again and again."""
    is_repeat = isinstance(node, ast.Call) and source.concept(node.func) == "itertools.repeat" and node.args
    return node.args[0] if is_repeat and isinstance(node, ast.Call) else None


def carried(source: Source, task: Task) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What the object of a method carries in its attributes: it is pickled with the method."""
    method = task.function
    bound = source.things.definition(method)
    owner = source.things.class_of(method.value) if isinstance(method, ast.Attribute) else None
    if owner is None or not isinstance(bound, FUNCTIONS) or bound.decorator_list or "__getstate__" in owner.bindings:
        return
    if isinstance(method, ast.Attribute) and source.things.definition(method.value) is owner.node:
        return
    for bindings in owner.attributes.values():
        if len(bindings) == 1 and bindings[0].how == "value" and bindings[0].value is not None and not bindings[0].path:
            yield method, source.values.origin(bindings[0].value)


LINT: Final = Lint(
    module=__name__,
    id="MP201",
    inspect=inspect,
    aliases=("large-payload-pickle",),
    doc=Doc(
        title="A large argument is pickled anew for each task",
        why="A pool pickles the arguments of each task, sends them through a pipe and unpickles them in the worker. A "
        "table that all tasks look things up in is so copied as many times as there are tasks.",
        how="Arguments of tasks that are the same each time (in a loop, a partial, itertools.repeat, the tuples of "
        "starmap, the object of a method) and whose text shows that they take 1 MiB or more; a note for what pandas, "
        "NumPy, joblib or torch load.",
        bad="""
            from concurrent.futures import ProcessPoolExecutor

            def look_up(table, number):
                return table[number]

            if __name__ == "__main__":
                table = list(range(1_000_000))
                with ProcessPoolExecutor() as pool:
                    futures = [pool.submit(look_up, table, number) for number in range(20)]
                    print([future.result() for future in futures])
        """,
        good="""
            from concurrent.futures import ProcessPoolExecutor

            def keep(given):
                global table
                table = given

            def look_up(number):
                return table[number]

            if __name__ == "__main__":
                numbers = list(range(1_000_000))
                with ProcessPoolExecutor(initializer=keep, initargs=(numbers,)) as pool:
                    futures = [pool.submit(look_up, number) for number in range(20)]
                    print([future.result() for future in futures])
        """,
        applies="process pools on every Python version and system; threads are given the object itself",
        links=("https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",),
    ),
)
