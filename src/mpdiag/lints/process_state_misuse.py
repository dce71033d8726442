"""Methods of processes and pools in an order that they refuse."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, Thing, Use, names

#: What can be asked of a process only after its start.
AFTER_START = frozenset({"join", "terminate", "kill"})
ENDS_POOL = frozenset({"close", "terminate"})


def inspect(source: Source) -> Iterator[Finding]:
    """Look at processes that one block makes and starts, and at pools that nothing closes."""
    for process in source.made.get(names.PROCESS, ()):
        variable = plain_variable(source, process)
        if variable is not None:
            yield from of_process(source, variable)
    for call, pool in source.methods(names.POOLS, "join"):
        assert isinstance(call.func, ast.Attribute)
        if pool.made is not None and not may_be_closed(source, call.func.value, call):
            yield LINT.finding(
                source.place(call),
                level="error",
                seen="The pool is joined while it still takes tasks: join() raises ValueError: Pool is still running.",
                do="Call close() first, or terminate() to drop what is left.",
            )


def plain_variable(source: Source, thing: Thing) -> ast.Name | None:
    """The name that the statement which makes a thing binds, if nothing else binds it."""
    statement = source.tree.statement(thing.made) if thing.made else None
    if not isinstance(statement, ast.Assign) or statement.value is not thing.made or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    alone = isinstance(target, ast.Name) and len(source.things.bindings(target)) == 1
    return target if alone and isinstance(target, ast.Name) else None


def of_process(source: Source, variable: ast.Name) -> Iterator[Finding]:
    """Follow a process through the statements of the block that makes it, until something else gets hold of it."""
    block = source.tree.block(source.tree.statement(variable))
    everywhere = source.uses(variable)
    straight = [use for use in everywhere if source.tree.statement(use.node) in block]
    starts = [use for use in everywhere if use.call and use.member == "start"]
    if len(starts) != 1 or starts[0] not in straight:
        return
    start = starts[0]
    for use in straight:
        if use.stored and use.member == "daemon" and use.at > start.at:
            yield LINT.finding(
                source.place(use.node),
                level="error",
                seen="`daemon` is set after start(): AssertionError: process has already started.",
                do="Set it before start(), or pass `daemon=True` to Process.",
            )
        elif use.call and use.member in AFTER_START and use.at < start.at and is_alone(everywhere, use):
            yield LINT.finding(
                source.place(use.call),
                level="error",
                seen=f"{use.member}() comes before start(): there is no process yet, and it raises an error.",
                do=f"Call start() before {use.member}().",
            )


def is_alone(everywhere: list[Use], use: Use) -> bool:
    """Whether nothing else has had hold of the process before: it might have started it."""
    return all(other.member for other in everywhere if other.at < use.at)


def may_be_closed(source: Source, pool: ast.expr, join: ast.Call) -> bool:
    """Whether something may have closed a pool before it is joined."""
    everywhere = source.uses(pool)
    if any(use.member in ENDS_POOL for use in everywhere) or not everywhere:
        return True
    entered = [source.tree.parents[use.node] for use in everywhere]
    entered += [binding.node for binding in source.things.bindings(pool)]
    return any(passes_on(source, use) for use in everywhere) or any(left(source, item, join) for item in entered)


def passes_on(source: Source, use: Use) -> bool:
    """Whether a use gives the pool to someone else, who may close it."""
    outer = source.tree.parents.get(use.node)
    return not use.member and not isinstance(outer, (ast.withitem, ast.Compare, ast.If, ast.UnaryOp, ast.BoolOp))


def left(source: Source, item: ast.AST, join: ast.Call) -> bool:
    """Whether ``join`` stands behind the ``with`` block that ``item`` enters: leaving it terminates the pool."""
    return isinstance(item, ast.withitem) and not source.tree.within(join, source.tree.parents[item])


LINT: Final = Lint(
    module=__name__,
    id="MP117",
    inspect=inspect,
    doc=Doc(
        title="Methods called in an order that raises",
        why="A process can be waited for only when it has been started, becomes a daemon only before that, and a pool "
        "can be joined only when it takes no more tasks. The error comes at run time, often in what cleans up.",
        how="In the block that makes a process: `daemon` set after start(); join(), terminate() or kill() before it. "
        "join() of a pool for which no close() or terminate() stands anywhere and that no one else gets hold of.",
        bad="""
            from multiprocessing import Pool

            if __name__ == "__main__":
                pool = Pool()
                print(pool.map(abs, [1, -2]))
                pool.join()
        """,
        good="""
            from multiprocessing import Pool

            if __name__ == "__main__":
                pool = Pool()
                print(pool.map(abs, [1, -2]))
                pool.close()
                pool.join()
        """,
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool.join",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.daemon",
        ),
    ),
)
