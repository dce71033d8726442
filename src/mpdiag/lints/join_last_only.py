"""Processes that a loop starts under one name, of which only the last is joined."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Loop, Source, Thing, names


def inspect(source: Source) -> Iterator[Finding]:
    """Find a join() behind the loop that makes and starts the processes without keeping them."""
    if source.is_test:
        return
    for process in source.made.get(names.PROCESS, ()):
        name, loop = bound(source, process), source.tree.loop(process.made) if process.made else None
        if name is None or loop is None:
            continue
        uses = source.uses(name)
        inside = [use for use in uses if source.tree.within(use.node, loop)]
        joins = [use.call for use in uses if use.call and use.member == "join" and behind(source, use.node, loop)]
        started = any(use.member == "start" for use in inside)
        kept = any(not use.member or use.member == "join" for use in inside)
        if joins and started and not kept:
            yield LINT.finding(
                source.place(joins[0]),
                level="warning",
                seen=f"The loop gives all processes the name `{name.id}`; this joins the last one, the others may "
                "still be running.",
                do="Put the processes in a list when they are started, and join each in a loop.",
            )


def bound(source: Source, process: Thing) -> ast.Name | None:
    """The name that alone holds a process, bound nowhere else."""
    outer = source.tree.parents.get(process.made) if process.made else None
    if not isinstance(outer, ast.Assign) or len(outer.targets) != 1:
        return None
    target = outer.targets[0]
    return target if isinstance(target, ast.Name) and len(source.things.bindings(target)) == 1 else None


def behind(source: Source, node: ast.expr, loop: Loop) -> bool:
    """Whether ``node`` comes after the loop, and not as a part of another one around it."""
    after = node.lineno > (loop.end_lineno or 0) and not source.tree.within(node, loop)
    return after and source.tree.loop(node) is source.tree.loop(loop)


LINT: Final = Lint(
    module=__name__,
    id="MP119",
    inspect=inspect,
    doc=Doc(
        title="Only the last process is joined",
        why="The name holds one process at a time. The others run on unwatched: what they have not finished is missing "
        "when the program goes on, and nobody sees how they ended.",
        how="A name that only a loop binds, to processes that it starts and does not keep, with a join() of that name "
        "behind the loop. Silent in tests.",
        bad="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                for number in range(4):
                    process = Process(target=work, args=(number,))
                    process.start()
                process.join()
        """,
        good="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                processes = []
                for number in range(4):
                    process = Process(target=work, args=(number,))
                    process.start()
                    processes.append(process)
                for process in processes:
                    process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.join",),
    ),
)
