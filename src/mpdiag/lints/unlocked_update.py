"""A shared number read, changed and written back without its lock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Fix, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, argument

VALUE = "multiprocessing.Value"
VALUES = frozenset({VALUE, "multiprocessing.RawValue"})
ARRAYS = frozenset({"multiprocessing.Array", "multiprocessing.RawArray"})
PROXIES = frozenset({"proxy.Value", "proxy.dict", "proxy.list"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find updates in functions that several processes may run at once, with no lock around them."""
    targets: list[ast.Attribute | ast.Subscript] = [*source.tree.attributes["value"], *source.tree.stores]
    for target in targets:
        statement = source.tree.parents[target]
        if isinstance(target.ctx, ast.Store) and isinstance(statement, ast.stmt) and is_shared(source, target):
            parallel = source.in_parallel(source.function(target))
            if updates(statement, target) and parallel and not source.order.locked(statement):
                what = ast.unparse(target)
                yield LINT.finding(
                    source.place(statement),
                    level="warning",
                    seen=f"`{what}` is read, changed and written back in steps; a process that comes in between loses "
                    "its update. Several run this, and no lock is held.",
                    do=remedy(source, target.value),
                )


def is_shared(source: Source, target: ast.Attribute | ast.Subscript) -> bool:
    """Whether it is a place that all processes share: of an array or a proxy one with a literal key."""
    thing = source.things.thing(target.value)
    kind = thing.kind if thing is not None else ""
    if isinstance(target, ast.Attribute):
        return kind in VALUES or kind == "proxy.Value"
    return kind in ARRAYS | PROXIES and isinstance(target.slice, ast.Constant)


def updates(statement: ast.stmt, target: ast.expr) -> bool:
    """Whether a statement computes the new value of ``target`` from the old one."""
    if isinstance(statement, ast.AugAssign):
        return statement.target is target
    if not isinstance(statement, ast.Assign):
        return False
    text = ast.unparse(target)
    return any(isinstance(each, type(target)) and ast.unparse(each) == text for each in ast.walk(statement.value))


def remedy(source: Source, owner: ast.expr) -> str:
    """What to hold during the update."""
    if has_lock(source, owner):
        return f"Hold its lock meanwhile: `with {ast.unparse(owner)}.get_lock():`."
    return "Give the processes a Lock and hold it meanwhile, or let each return its part and add them up in the parent."


def has_lock(source: Source, owner: ast.expr) -> bool:
    """Whether it is a Value or Array that brings its own lock."""
    thing = source.things.thing(owner)
    if thing is None or thing.kind not in (VALUE, "multiprocessing.Array"):
        return False
    lock = argument(thing.made, 99, "lock") if thing.made is not None else None
    return not (isinstance(lock, ast.Constant) and lock.value is False)


def fix(source: Source, node: ast.AST) -> Fix | None:
    """Take the lock around an addition that calls nothing."""
    if not isinstance(node, ast.AugAssign) or not isinstance(node.target, (ast.Attribute, ast.Subscript)):
        return None
    calls = any(isinstance(each, (ast.Call, ast.Await, ast.Yield)) for each in ast.walk(node))
    before, _, after = source.lines[node.lineno - 1].partition(source.code(node))
    alone = not before.strip() and not after.partition("#")[0].strip()
    if calls or not alone or not has_lock(source, node.target.value):
        return None
    inner = " " * (node.col_offset + 4)
    return source.replaced(node, f"with {source.code(node.target.value)}.get_lock():\n{inner}{source.code(node)}")


LINT: Final = Lint(
    module=__name__,
    id="MP502",
    inspect=inspect,
    fix=fix,
    doc=Doc(
        title="+= on a shared Value loses updates",
        why="`+=` reads the value, adds and writes the sum. Only each of these steps is protected: when two processes "
        "read the same value, one of the two additions is lost. How many depends on the moment, so a test that comes "
        "out right proves nothing.",
        how="`v.value += …` or `v.value = f(v.value)` on a Value, an element with a literal index of an Array, or a "
        "manager's proxy, in a function that several processes run. Silent inside `with v.get_lock():` or any other "
        "lock, after acquire(), and where one process alone runs the function.",
        bad="""
            from multiprocessing import Process, Value

            def count(total):
                for _ in range(100_000):
                    total.value += 1

            if __name__ == "__main__":
                total = Value("i", 0)
                processes = [Process(target=count, args=(total,)) for _ in range(4)]
                for process in processes:
                    process.start()
                for process in processes:
                    process.join()
                print(total.value)
        """,
        good="""
            from multiprocessing import Process, Value

            def count(total):
                for _ in range(100_000):
                    with total.get_lock():
                        total.value += 1

            if __name__ == "__main__":
                total = Value("i", 0)
                processes = [Process(target=count, args=(total,)) for _ in range(4)]
                for process in processes:
                    process.start()
                for process in processes:
                    process.join()
                print(total.value)
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Value",),
    ),
)
