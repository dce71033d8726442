"""A global that one process changes and another one reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import CHANGES, FRESH, Binding, Source, Task

#: How a name gets a value that may differ from process to process.
GIVEN = frozenset({"value", "element", "entered", "other"})


def inspect(source: Source) -> Iterator[Finding]:
    """Go through the names of the module that code of workers uses."""
    for name, bindings in source.tree.module.bindings.items():
        plain = all(binding.how in GIVEN for binding in bindings)
        names = [each for each in source.tree.names[name] if plain and is_global(source, each)]
        if any(source.function(each) in source.workers for each in names):
            changes = [change for each in names for change in changed(source, each)]
            lost = next(lost_changes(source, name, names, changes), None)
            if lost is not None:
                yield lost
            else:
                yield from missing_values(source, name, names, changes, bindings)


def is_global(source: Source, node: ast.Name) -> bool:
    """Whether a name is one of the module, where it stands."""
    return source.tree.scope(node).owner(node.id) is source.tree.module


def changed(source: Source, node: ast.Name) -> Iterator[ast.expr]:
    """What changes the value of a name: an assignment in a function, a method or an element that is assigned."""
    outer = source.tree.parents[node]
    if not isinstance(node.ctx, ast.Load):
        if source.function(node) is not source.tree.root or isinstance(outer, ast.AugAssign):
            yield node
    elif isinstance(outer, ast.Subscript) and outer.value is node and not isinstance(outer.ctx, ast.Load):
        yield outer
    elif isinstance(outer, ast.Attribute) and outer.attr in CHANGES:
        call = source.tree.parents[outer]
        if isinstance(call, ast.Call) and call.func is outer:
            yield call


# --- changed in a worker, read in the parent


def lost_changes(source: Source, name: str, names: list[ast.Name], changes: list[ast.expr]) -> Iterator[Finding]:
    """Changes that workers alone make, with a look at the value in the parent after the tasks were handed out."""
    if not changes or any(not by_worker(source, change) for change in changes):
        return
    if any(source.things.thing(each) for each in names):
        return
    for change in changes:
        for task in source.workers[source.function(change)]:
            read = next((each for each in names if is_read_after(source, each, task)), None)
            if read is not None:
                yield LINT.finding(
                    source.place(change),
                    level="error",
                    seen=f"This changes the worker's own `{name}`, which no other process sees. The main process reads "
                    f"its own in line {read.lineno}, as if nothing had happened.",
                    do="Return what a task finds and put it together in the parent; share a number in a Value, under "
                    "its lock.",
                )


def by_worker(source: Source, change: ast.expr) -> bool:
    """Whether only workers run a change: no initializer, no call and no thread of the parent comes there."""
    home = source.function(change)
    tasks = source.running.get(home, ())
    if not tasks or any(not task.in_process or task.how == "initializer" for task in tasks):
        return False
    calls = source.calls_of(home)
    return all(source.function(call) in source.workers for call in calls)


def is_read_after(source: Source, node: ast.Name, task: Task) -> bool:
    """Whether the parent looks at a value after a task was handed out, in the same function or one called by it."""
    home = source.function(node)
    if not isinstance(node.ctx, ast.Load) or home in source.workers:
        return False
    start = source.function(task.call)
    places: list[ast.AST] = [node]
    if home is not start:
        places = [call for call in source.tree.inside[start] if source.things.definition(call.func) is home]
    return any(source.order.leads(task.call, place) for place in places)


# --- set in the parent, read in a worker


def missing_values(
    source: Source, name: str, names: list[ast.Name], changes: list[ast.expr], bindings: list[Binding]
) -> Iterator[Finding]:
    """Values that the main process alone sets, where children import the module anew."""
    late = [binding.node for binding in bindings if not source.on_import(binding.node)]
    if any(source.function(each) in source.workers for each in [*late, *changes]) or not source.is_reimported:
        return
    reads = [each for each in names if isinstance(each.ctx, ast.Load) and source.function(each) in source.workers]
    if not late:
        late = [each for each in changes if is_before(source, each, reads)]
    for read in reads if late else ():
        for task in source.workers[source.function(read)]:
            risk = None if task.to.library.pickles_functions else source.risk(task.to, FRESH)
            if risk is not None:
                when = risk.when[:1].upper() + risk.when[1:]
                line = getattr(late[0], "lineno", read.lineno)
                default = len(late) < len(bindings) or late[0] in changes
                yield LINT.finding(
                    source.place(read),
                    level=risk.level,
                    seen=f"{when}, the worker imports the module anew and does not come to line {line}, where the main "
                    f"process sets `{name}`: "
                    + ("it has the value from the import." if default else "this is a NameError there."),
                    do="Pass it as an argument, or set it in the workers with initializer= and initargs=.",
                )
                return


def is_before(source: Source, change: ast.expr, reads: list[ast.Name]) -> bool:
    """Whether the main process makes a change before it hands out the tasks that read the value."""
    return not source.on_import(change) and any(
        source.order.leads(change, task.call) for read in reads for task in source.workers[source.function(read)]
    )


LINT: Final = Lint(
    module=__name__,
    id="MP501",
    inspect=inspect,
    aliases=("global-not-shared",),
    doc=Doc(
        title="Variables are not shared between processes",
        why="Each process has its own globals. What a worker changes stays there. What the main process sets before it "
        "starts workers is copied by fork, while spawn and forkserver import the module anew: the same program then "
        "works on one system and not on another.",
        how="A global that only workers change, by assignment, a method or an element, and that the parent reads "
        "after it has handed out the tasks; a global that workers read and only the main process sets, under the main "
        "guard or in a function. Silent when an initializer or the worker sets it, when the parent runs the function "
        "too, and for objects of multiprocessing.",
        bad="""
            from multiprocessing import Pool

            found = []

            def check(number):
                if number % 7 == 0:
                    found.append(number)

            if __name__ == "__main__":
                with Pool() as pool:
                    pool.map(check, range(100))
                print(len(found))
        """,
        good="""
            from multiprocessing import Pool

            def check(number):
                return number % 7 == 0

            if __name__ == "__main__":
                with Pool() as pool:
                    found = [number for number, fits in enumerate(pool.map(check, range(100))) if fits]
                print(len(found))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",),
    ),
)
