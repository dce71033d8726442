"""Workers forked while the parent holds something large that they do not use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Binding, Risk, Source, Thing, names

FORK = frozenset({"fork"})
#: Elements of a list, of some 40 bytes each with what they refer to, and bytes of anything else, that show in a fork.
MANY, LARGE = 5_000_000, 200_000_000
#: What these give takes no memory until it is written to.
UNTOUCHED = frozenset({"bytes", "bytearray", "numpy.empty", "numpy.zeros"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find large values that are bound before processes are started by fork."""
    if source.is_test:
        return
    begun = [(call, risk) for call, thing in started(source) if (risk := source.risk(thing, FORK)) is not None]
    for name, binding in held(source) if begun else ():
        first = next(((call, risk) for call, risk in begun if is_held(source, binding, call)), None)
        if first is not None and not used(source, name, binding):
            yield LINT.finding(
                source.place(first[0]),
                level="note",
                seen=seen(name, binding, first[1]),
                do="Start the workers before it is made, or by forkserver, whose workers begin with nothing of it.",
            )


def started(source: Source) -> Iterator[tuple[ast.Call, Thing]]:
    """What starts processes."""
    yield from source.methods({names.PROCESS}, "start")
    yield from source.methods({names.EXECUTOR}, "submit", "map")
    yield from ((pool.made, pool) for pool in source.made.get(names.POOL, ()) if pool.made is not None)


def held(source: Source) -> Iterator[tuple[str, Binding]]:
    """The names that are bound to something large, and to nothing else."""
    for scope in (source.tree.module, *source.tree.opened.values()):
        for name, bindings in scope.bindings.items():
            value = bindings[0].value if len(bindings) == 1 and bindings[0].how == "value" else None
            if value is not None and not bindings[0].path and is_large(source, value):
                yield name, bindings[0]


def is_large(source: Source, value: ast.expr) -> bool:
    """Whether a value surely takes much memory."""
    concept = source.concept(value.func) if isinstance(value, ast.Call) else ""
    if concept in UNTOUCHED or concept == "range" or isinstance(value, ast.GeneratorExp):
        return False
    return (source.values.count(value) or 0) >= MANY or (source.values.size(value) or 0) >= LARGE


def is_held(source: Source, binding: Binding, start: ast.Call) -> bool:
    """Whether what is bound is there when processes are started: in the same function, or at the top level before."""
    home = binding.scope.function.node
    if home is source.function(start):
        return source.order.leads(binding.node, start)
    return home is source.tree.root and not source.guards.guarded(binding.node)


def used(source: Source, name: str, binding: Binding) -> bool:
    """Whether workers read what is bound, are given it, or it is deleted."""
    nodes = [each for each in source.tree.names[name] if source.tree.scope(each).owner(name) is binding.scope]
    given = {id(each) for task in source.tasks for each in task.given}
    return any(
        isinstance(each.ctx, ast.Del) or id(each) in given or source.function(each) in source.workers for each in nodes
    )


def seen(name: str, binding: Binding, risk: Risk) -> str:
    """What the fork has to copy."""
    line = getattr(binding.node, "lineno", 0)
    return (
        f"`{name}`, from line {line}, is in memory when this forks, though no worker uses it. {risk.when[:1].upper()}"
        f"{risk.when[1:]}, each worker costs a copy of the page tables for it, and a copy of each page of which either "
        "side touches an object."
    )


LINT: Final = Lint(
    module=__name__,
    id="MP109",
    inspect=inspect,
    default=False,
    doc=Doc(
        title="Forking a large parent",
        why="fork copies the parent's page tables at the start and tears them down at the end; later, touching an "
        "object writes its reference count and so copies its page. Both grow with what the parent holds.",
        how=f"A name bound to a list of {MANY:,} elements or more, or to {LARGE // 10**6} MB, as far as literals tell, "
        "before processes are started by fork, unless a worker reads it or is given it. Off unless selected: how much "
        "that costs is measured by `mpdiag probe`. Silent in tests.",
        bad="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            if __name__ == "__main__":
                table = list(range(5_000_000))
                with Pool(2) as pool:
                    print(pool.map(square, table[:10]))
        """,
        good="""
            from multiprocessing import Pool

            def square(number):
                return number * number

            if __name__ == "__main__":
                with Pool(2) as pool:
                    table = list(range(5_000_000))
                    print(pool.map(square, table[:10]))
        """,
        applies="fork: the default on Linux up to Python 3.13",
        links=("https://docs.python.org/3/library/gc.html#gc.freeze",),
    ),
)
