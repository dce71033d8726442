"""A task whose result nobody asks for: what it raises leaves no trace."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Level, Lint
from mpdiag.model import Doc
from mpdiag.source import FUNCTIONS, Source, Task, Use, argument, names

#: Methods of a Pool that return at once, and where they take an error_callback.
ASYNC = {"apply_async": 4, "map_async": 4, "starmap_async": 4, "imap": 9, "imap_unordered": 9}
#: What may be asked of a future, or of what holds it, without seeing its exception.
BLIND = frozenset(
    {"add", "append", "appendleft", "cancel", "cancelled", "clear", "done", "insert", "ready", "running", "wait"}
)
#: Functions that pass on what they iterate over; those that only count.
THROUGH = frozenset({"concurrent.futures.as_completed", "enumerate", "list", "tqdm.tqdm", "tqdm.auto.tqdm"})
COUNTS = frozenset({"len", "bool"})
BROAD = frozenset({"Exception", "BaseException"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find dropped results, and futures that are waited for but never asked."""
    for task in source.tasks:
        fate = source.order.fate(task.call) if is_pending(task) else None
        if fate is None or sees_to_itself(source, task):
            continue
        if fate.how == "dropped" and not leaves_to_the_block(source, task):
            yield LINT.finding(source.place(task.call), level=level(source, task), seen=dropped(task), do=remedy(task))
        elif isinstance(fate.keeper, ast.Name) and task.how != "map":
            uses = [use for use in source.uses(fate.keeper) if not looks_up(source, use.node, task.call)]
            if not any(may_see(source, use.node) for use in uses):
                waits = any(waits_for(source, use) for use in uses)
                yield LINT.finding(
                    source.place(task.call),
                    level="warning" if waits else "note",
                    seen=f"`{fate.keeper.id}` is {'waited for' if waits else 'kept'}, but nobody asks for a result: "
                    "what a task raises leaves no trace.",
                    do=remedy(task),
                )


def is_pending(task: Task) -> bool:
    """Whether a task's exception is kept with a result, and goes nowhere else."""
    if task.to.kind in names.EXECUTORS:
        return task.how in ("submit", "map")
    if task.to.kind != names.POOL or task.how not in ASYNC:
        return False
    return argument(task.call, ASYNC[task.how], "error_callback") is None


def level(source: Source, task: Task) -> Level:
    """A submitted task may be meant to be forgotten; results that are collected for the caller are not."""
    return "note" if task.how == "submit" or source.is_test else "warning"


def dropped(task: Task) -> str:
    """What it means that the result is dropped."""
    called = argument(task.call, 3, "callback") is not None and task.how.endswith("async")
    hint = " callback is called for successes only." if called else ""
    return f"What {task.how}() returns is dropped: an exception in a task leaves no trace, its result is missing.{hint}"


def remedy(task: Task) -> str:
    """How to hear of failures."""
    if task.how in ("map", "imap", "imap_unordered"):
        return f"Go through what {task.how}() returns; that raises what a task raised."
    if task.how == "submit":
        return "Call result() on the future when the work is done, or log its exception() in add_done_callback()."
    return f"Call get() on what {task.how}() returns, which raises what the task raised, or pass error_callback=."


def sees_to_itself(source: Source, task: Task) -> bool:
    """Whether the task's function catches everything."""
    function = source.things.definition(task.function)
    body = list(function.body) if isinstance(function, FUNCTIONS) else []
    for statement in body:
        if isinstance(statement, ast.Try):
            caught = {ast.unparse(each.type) if each.type else "Exception" for each in statement.handlers}
            if caught & BROAD:
                return True
        elif isinstance(statement, (ast.With, ast.AsyncWith, ast.While, ast.For)):
            body += statement.body
    return False


def leaves_to_the_block(source: Source, task: Task) -> bool:
    """Whether a ``with`` block terminates the pool, so that more than exceptions is lost (MP411)."""
    joined = {pool.made for _, pool in source.methods({names.POOL}, "join")}
    entered = any(
        thing is not None and thing.made is task.to.made
        for thing in map(source.things.thing, source.order.held(task.call))
    )
    return task.to.kind == names.POOL and entered and task.to.made not in joined


def looks_up(source: Source, node: ast.expr, call: ast.Call) -> bool:
    """Whether ``node`` is a dictionary whose keys are futures, which is filled or asked for what stands beside one."""
    around, outer = source.tree.parents[call], source.tree.parents[node]
    keyed = isinstance(around, ast.Subscript) or (isinstance(around, ast.DictComp) and around.key is call)
    return keyed and isinstance(outer, ast.Subscript) and outer.value is node


def waits_for(source: Source, use: Use) -> bool:
    """Whether a use of a future, or of what holds futures, does more than to add to it or to count."""
    outer = source.tree.parents[use.node]
    counts = isinstance(outer, ast.Call) and source.concept(outer.func) in COUNTS
    return use.member == "wait" or (not use.member and not counts)


def may_see(source: Source, node: ast.expr) -> bool:
    """Whether what happens to a future, or to what holds futures, may show an exception."""
    outer = source.tree.parents[node]
    if isinstance(outer, ast.Attribute):
        return outer.attr not in BLIND
    if isinstance(outer, ast.Subscript) and outer.slice is node:
        return isinstance(outer.ctx, ast.Store)  # as a key it goes on
    if isinstance(outer, (ast.For, ast.AsyncFor, ast.comprehension)):
        counted = isinstance(outer.target, ast.Tuple) and isinstance(node, ast.Call)  # by enumerate()
        bound = [each for each in ast.walk(outer.target) if isinstance(each, ast.Name)][int(counted) :]
        return any(may_see(source, use.node) for name in bound for use in source.uses(name))
    if isinstance(outer, ast.Call) and node in outer.args:
        concept = source.concept(outer.func)
        if concept == "concurrent.futures.wait":
            return not isinstance(source.tree.parents[outer], ast.Expr)
        return concept not in COUNTS and (concept not in THROUGH or may_see(source, outer))
    return True


LINT: Final = Lint(
    module=__name__,
    id="MP607",
    inspect=inspect,
    aliases=("silent-child-exception",),
    doc=Doc(
        title="Failures of tasks or children that nobody reads",
        why="An exception in a task is kept with its result. If nobody fetches that, the program ends as if all had "
        "been done, and part of the work is missing.",
        how="apply_async(), map_async(), imap() and their kin without error_callback, and map() of an executor, whose "
        "result is dropped; futures that are waited for and never asked for result() or exception(). A submit() whose "
        "future is dropped is a note. Silent when the task's function catches every exception by itself.",
        bad="""
            from multiprocessing import Pool

            def double(text):
                return 2 * int(text)

            if __name__ == "__main__":
                with Pool() as pool:
                    for text in ["1", "two", "3"]:
                        pool.apply_async(double, (text,), callback=print)
                    pool.close()
                    pool.join()
        """,
        good="""
            from multiprocessing import Pool

            def double(text):
                return 2 * int(text)

            if __name__ == "__main__":
                with Pool() as pool:
                    for text in ["1", "two", "3"]:
                        pool.apply_async(double, (text,), callback=print, error_callback=print)
                    pool.close()
                    pool.join()
        """,
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.AsyncResult.get",
            "https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Future.exception",
        ),
    ),
)
