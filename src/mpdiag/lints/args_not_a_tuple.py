"""``args=(x)``: parentheses make no tuple, the comma does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Fix, Lint
from mpdiag.model import Doc
from mpdiag.source import COMPREHENSIONS, Source, argument, is_none, names

#: Who takes a tuple of arguments: its place and its name.
TAKERS = {
    names.PROCESS: (3, "args"),
    "threading.Thread": (3, "args"),
    names.POOL: (2, "initargs"),
    names.THREAD_POOL: (2, "initargs"),
    names.EXECUTOR: (3, "initargs"),
    names.THREAD_EXECUTOR: (3, "initargs"),
}
#: Objects that cannot be iterated over, or should not.
SINGLE = names.SYNC | names.QUEUES | names.SHARED | names.THREAD_SYNC | names.THREAD_QUEUES
SINGLE |= {names.CONNECTION, names.PROCESS, names.POOL, names.EXECUTOR, names.MANAGER, names.FILE}
#: Functions that give one value, by what it is.
ONE = {"int": "a number", "float": "a number", "len": "a number", "str": "a string", "id": "a number", "bool": "a bool"}
WORDS = {str: "a string", bytes: "bytes", int: "a number", float: "a number", bool: "a bool"}
LITERALS: dict[type[ast.expr], str] = {
    ast.JoinedStr: "a string",
    ast.Dict: "a dictionary",
    ast.DictComp: "a dictionary",
    ast.Set: "a set",
    ast.Compare: "a bool",
}
REFUSED = "it cannot be iterated over, which raises TypeError."
CONSEQUENCES = {
    "a string": "each of its characters becomes an argument.",
    "bytes": "each byte becomes an argument, as a number.",
    "a dictionary": "its keys become the arguments.",
    "a set": "its elements become the arguments, in no certain order.",
}


def inspect(source: Source) -> Iterator[Finding]:
    """Find arguments that are one value in the place of a tuple."""
    for given, word in all_given(source):
        what = single(source, given)
        if what is not None:
            text = source.code(given)
            yield LINT.finding(
                source.place(given),
                level="error",
                seen=f"`{word}` is {what}, no tuple: {CONSEQUENCES.get(what, REFUSED)}",
                do=f"Write `{word}=({text},)`: it is the comma that makes a tuple.",
            )


def all_given(source: Source) -> Iterator[tuple[ast.expr, str]]:
    """What is given where a tuple of arguments belongs, with the name of the parameter."""
    for kind, (place, word) in TAKERS.items():
        for thing in source.made.get(kind, ()):
            given = argument(thing.made, place, word) if thing.made and not thing.subclass else None
            if given is not None:
                yield given, word
    for call, _ in source.methods(names.POOLS, "apply", "apply_async"):
        given = argument(call, 1, "args")
        if given is not None:
            yield given, "args"


def single(source: Source, node: ast.expr) -> str | None:
    """What one value an expression is; None when it may be a tuple, a list or the like."""
    thing = source.things.thing(node)
    if thing is not None:
        return names.described(thing.kind) if thing.kind in SINGLE else None
    if is_counter(source, node):
        return "a number"
    value = source.values.origin(node)
    if isinstance(value, ast.Constant):
        return None if is_none(value) else WORDS.get(type(value.value), "a constant")
    if isinstance(value, ast.Call):
        return ONE.get(source.concept(value.func))
    return next((word for kind, word in LITERALS.items() if isinstance(value, kind)), None)


def is_counter(source: Source, node: ast.expr) -> bool:
    """Whether a name is bound by nothing but loops over a range, or counted by ``enumerate``."""
    bindings = source.things.bindings(node) if isinstance(node, ast.Name) else []
    loops = [each.value for each in bindings if each.how == "element" and isinstance(each.value, ast.Call)]
    over = [source.concept(call.func) for call in loops]
    return (
        bool(bindings)
        and len(over) == len(bindings)
        and all(
            concept == "range" or (concept == "enumerate" and each.path == (0,))
            for concept, each in zip(over, bindings, strict=True)
        )
    )


def fix(source: Source, node: ast.AST) -> Fix | None:
    """Add the comma, where the parentheses show what was meant."""
    if not isinstance(node, ast.expr) or isinstance(node, (ast.Dict, ast.DictComp, ast.Set, *COMPREHENSIONS)):
        return None
    return source.replaced(node, f"{source.code(node)},") if source.in_parentheses(node) else None


LINT: Final = Lint(
    module=__name__,
    id="MP114",
    inspect=inspect,
    fix=fix,
    doc=Doc(
        title="Arguments that are no tuple",
        why="`args=(x)` is `args=x`: what x holds is handed over piece by piece. One letter works by chance, a word "
        "fails in the child, a number or a queue at once.",
        how="A string, number, dictionary, set, or an object of multiprocessing or threading, as args of a process, "
        "thread or task, or as initargs. Silent about names of which nothing is known.",
        bad="""
            from multiprocessing import Process

            def greet(name):
                print("hello", name)

            if __name__ == "__main__":
                process = Process(target=greet, args=("bob"))
                process.start()
                process.join()
        """,
        good="""
            from multiprocessing import Process

            def greet(name):
                print("hello", name)

            if __name__ == "__main__":
                process = Process(target=greet, args=("bob",))
                process.start()
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process",),
    ),
)
