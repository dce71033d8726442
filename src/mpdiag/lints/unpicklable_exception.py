"""An exception that a task raises and that cannot be made again in the parent."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FUNCTIONS, Function, Source, Task, names
from mpdiag.source.names import LOKY

#: Methods and attributes by which a class says itself how it is pickled.
OWN_WAY = frozenset({"__reduce__", "__reduce_ex__", "__new__"})
CAUGHT = frozenset({"Exception", "BaseException"})
REMEDY = (
    "Pass all arguments on to `super().__init__()` and make the text in `__str__`, or define `__reduce__` to return "
    "the class and its arguments."
)


@dataclass(frozen=True)
class Trouble:
    """Why a class cannot be called with what pickle keeps of its instance."""

    #: How many arguments pickle passes, and what the class asks for.
    kept: int
    needs: str


def inspect(source: Source) -> Iterator[Finding]:
    """Look at the classes of this file that tasks of pools raise."""
    for nodes in list(source.tree.names.values()) if source.workers else ():
        for node in nodes:
            raised, call = raising(source, node)
            task = sent_by(source, node) if raised is not None else None
            if raised is None or task is None or source.caught(node, CAUGHT | bases(source, raised)):
                continue
            trouble = trouble_of(source, raised, call)
            if trouble is not None:
                yield LINT.finding(
                    source.place(call or node), level="warning", seen=seen(raised, trouble, task), do=REMEDY
                )


def raising(source: Source, node: ast.Name) -> tuple[ast.ClassDef | None, ast.Call | None]:
    """The class of this file that a ``raise`` raises by a name, and the call, if there is one."""
    outer = source.tree.parents[node]
    call = outer if isinstance(outer, ast.Call) and outer.func is node else None
    around = source.tree.parents[call] if call is not None else outer
    if not isinstance(around, ast.Raise) or around.exc is not (call or node):
        return None, None
    found = source.things.definition(node)
    return (found, call) if isinstance(found, ast.ClassDef) else (None, None)


def sent_by(source: Source, node: ast.AST) -> Task | None:
    """The task of a pool that runs ``node``; its exceptions go to the parent, those of a bare Process do not."""
    tasks = source.workers_at(node)
    return next((task for task in tasks if task.to.kind in names.PROCESS_POOLS and task.how != "initializer"), None)


def bases(source: Source, raised: ast.ClassDef) -> frozenset[str]:
    """The names under which an exception may be caught."""
    found = {raised.name}
    for base in raised.bases:
        found.add(ast.unparse(base).rpartition(".")[2])
        of_file = source.things.definition(base)
        if isinstance(of_file, ast.ClassDef) and of_file is not raised:
            found |= bases(source, of_file)
    return frozenset(found)


def trouble_of(source: Source, raised: ast.ClassDef, call: ast.Call | None) -> Trouble | None:
    """Whether pickle calls the class in a way that it does not take."""
    if any(source.things.method(raised, name) for name in OWN_WAY) or not is_plain(source, raised):
        return None
    init = source.things.method(raised, "__init__")
    if not isinstance(init, FUNCTIONS) or sets_args(source, init):
        return None
    kept = kept_arguments(source, init, call)
    wanted = init.args.posonlyargs + init.args.args
    least = len(wanted) - 1 - len(init.args.defaults)
    most = len(wanted) - 1 if init.args.vararg is None else 99
    named = [each.arg for each, default in zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True) if not default]
    if kept is None or (least <= kept <= most and not named):
        return None
    return Trouble(kept, f"the keyword `{named[0]}`" if named else f"{least if kept < least else most}")


def is_plain(source: Source, raised: ast.ClassDef) -> bool:
    """Whether it derives from exceptions of Python and of this file alone."""
    for base in source.things.bases(raised):
        if isinstance(base, ast.ClassDef):
            if base is raised or not is_plain(source, base):
                return False
        elif base is None or not base.concept.endswith(("Error", "Exception", "Warning")) or "." in base.concept:
            return False
    return bool(raised.bases)


def sets_args(source: Source, init: Function) -> bool:
    """Whether a constructor says by itself what pickle keeps."""
    return any(
        isinstance(each.ctx, ast.Store) and source.function(each) is init for each in source.tree.attributes["args"]
    )


def kept_arguments(source: Source, init: Function, call: ast.Call | None) -> int | None:
    """How many arguments pickle keeps: those of the base's constructor, else the positional ones of the call."""
    calls = [
        each
        for each in source.tree.inside[init]
        if isinstance(each.func, ast.Attribute) and each.func.attr == "__init__"
    ]
    if len(calls) > 1:
        return None
    arguments = call.args if call is not None else []
    if calls:
        func = calls[0].func
        of_super = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call)
        arguments = calls[0].args[0 if of_super else 1 :]
    return None if any(isinstance(each, ast.Starred) for each in arguments) else len(arguments)


def seen(raised: ast.ClassDef, trouble: Trouble, task: Task) -> str:
    """What happens to the exception."""
    outcome = (
        "the pool's result handler dies of it, and whoever waits for a result waits for ever"
        if task.to.kind == names.POOL or (task.to.kind == names.PARALLEL and task.to.library is not LOKY)
        else "the executor breaks, and every pending future fails with BrokenProcessPool"
    )
    return (
        f"pickle makes `{raised.name}` again from the {trouble.kept} argument{'' if trouble.kept == 1 else 's'} that "
        f"`Exception` was given, but it needs {trouble.needs}: {outcome}."
    )


LINT: Final = Lint(
    module=__name__,
    id="MP606",
    inspect=inspect,
    doc=Doc(
        title="An exception that cannot be made again in the parent",
        why="What a task raises is pickled and made again in the parent: its class is called with the arguments that "
        "its base was given. If the class takes others, this fails in the parent, in the thread that hands out all "
        "results: a Pool then waits for ever, an executor is broken.",
        how="A class of the same file, raised in a task of a Pool or a process executor, whose `__init__` gives "
        "`super().__init__()` another number of arguments than it needs itself, or has keyword-only ones. Silent with "
        "`__reduce__`, where `args` is set, where the exception is caught in the task, and for bare processes.",
        bad="""
            from multiprocessing import Pool

            class BadRow(Exception):
                def __init__(self, number, text):
                    super().__init__(f"row {number}: {text}")

            def check(number):
                if number == 3:
                    raise BadRow(number, "no date")
                return number

            if __name__ == "__main__":
                with Pool() as pool:
                    try:
                        print(pool.map(check, range(5)))
                    except BadRow as error:
                        print(error)
        """,
        good="""
            from multiprocessing import Pool

            class BadRow(Exception):
                def __init__(self, number, text):
                    super().__init__(number, text)

                def __str__(self):
                    return f"row {self.args[0]}: {self.args[1]}"

            def check(number):
                if number == 3:
                    raise BadRow(number, "no date")
                return number

            if __name__ == "__main__":
                with Pool() as pool:
                    try:
                        print(pool.map(check, range(5)))
                    except BadRow as error:
                        print(error)
        """,
        applies="Pool and ProcessPoolExecutor, every Python version and system",
        links=("https://docs.python.org/3/library/pickle.html#object.__reduce__",),
    ),
)
