"""A call in the place of a callable: ``target=work()`` runs the work here and hands over its result."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Fix, Lint
from mpdiag.model import Doc
from mpdiag.source import FUNCTIONS, Source, Task

#: Functions of the standard library and of tqdm whose result is no callable.
PLAIN = frozenset(
    {"input", "len", "list", "max", "min", "open", "print", "range", "sum", "time.sleep", "tqdm.tqdm", "tuple", "zip"}
)
#: What a value may be that turns out to be callable.
OPEN = (ast.Attribute, ast.Subscript, ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom)


def inspect(source: Source) -> Iterator[Finding]:
    """Find tasks whose function is a call that gives no callable."""
    for task in source.tasks:
        call = task.function
        if isinstance(call, ast.Call) and gives_no_callable(source, call):
            called = ast.unparse(call.func)
            yield LINT.finding(
                source.place(call),
                level="error",
                seen=f"`{called}(…)` runs here and now, in this process; `{task.how}` is given its result, which is no "
                "function.",
                do=f"Pass `{called}` without the parentheses{arguments(task, call)}.",
            )


def arguments(task: Task, call: ast.Call) -> str:
    """Where the arguments of the call belong."""
    if not call.args and not call.keywords:
        return ""
    places = {"target": "as `args=(…)`", "initializer": "as `initargs=(…)`", "submit": "after it"}
    return f", and its arguments {places.get(task.how, 'separately')}"


def gives_no_callable(source: Source, call: ast.Call) -> bool:
    """Whether it is certain that the result cannot be called."""
    if source.concept(call.func) in PLAIN:
        return True
    called = source.things.definition(call.func)
    if isinstance(called, ast.ClassDef):
        return not called.bases and not called.decorator_list and not defines(called, "__call__")
    if not isinstance(called, FUNCTIONS) or called.decorator_list:
        return False
    if isinstance(called, ast.AsyncFunctionDef) or called in source.tree.generators:
        return True
    wraps = takes_function(source, call)
    return all(is_plain(source, value, wraps) for value in source.tree.returned.get(called, ()))


def is_plain(source: Source, value: ast.expr, wraps: bool) -> bool:
    """Whether a returned value is surely no callable.

    The result of a call counts as none, unless a function goes into it or, as ``wraps`` says, into its caller.
    """
    if isinstance(value, ast.Name):
        bindings = source.things.bindings(value)
        known = [each.value for each in bindings if each.how == "value" and not each.path and each.value is not None]
        return bool(known) and len(known) == len(bindings) and all(is_plain(source, each, wraps) for each in known)
    if isinstance(value, ast.Call):
        makes = isinstance(source.things.definition(value.func), ast.ClassDef)
        return not (wraps or makes or takes_function(source, value) or source.concept(value.func) == "getattr")
    return not isinstance(value, OPEN)


def takes_function(source: Source, call: ast.Call) -> bool:
    """Whether an argument is a function, or an imported or builtin name, which may be one."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(source.things.definition(each) or source.things.name(each) for each in given)


def defines(node: ast.ClassDef, name: str) -> bool:
    """Whether the body of a class defines a method."""
    return any(isinstance(each, FUNCTIONS) and each.name == name for each in node.body)


def fix(source: Source, node: ast.AST) -> Fix | None:
    """Take the parentheses away, if nothing is in them."""
    if isinstance(node, ast.Call) and not node.args and not node.keywords:
        return source.replaced(node, source.code(node.func))
    return None


LINT: Final = Lint(
    module=__name__,
    id="MP113",
    inspect=inspect,
    fix=fix,
    doc=Doc(
        title="A function's result passed in the place of the function",
        why="The function runs at once, in the parent, and while it runs nothing else does. The process then gets its "
        "result as a target: None does nothing at all, anything else fails in the child.",
        how="A call as target, initializer or task function whose result cannot be called: a function of the same "
        "file that returns no function, a coroutine, a generator, an instance of a class without `__call__`.",
        bad="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                process = Process(target=work(3))
                process.start()
                process.join()
        """,
        good="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                process = Process(target=work, args=(3,))
                process.start()
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process",),
    ),
)
