"""A process for each of many pieces of work, all at once or batch by batch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import COMPREHENSIONS, Loop, Source, names

#: Fewer processes than this may well be one for each CPU.
MANY = 100


def inspect(source: Source) -> Iterator[Finding]:
    """Find processes made in loops of many rounds, as literals tell, and those that are made for batches of work."""
    if source.is_test:
        return
    for process in source.made.get(names.PROCESS, ()):
        loop = source.tree.loop(process.made) if process.made else None
        rounds = how_often(source, loop) if loop else None
        batches = in_batches(source, loop) if loop else None
        if process.made and batches is not None:
            yield LINT.finding(
                source.place(process.made),
                level="note",
                seen=f"The loop in line {batches.lineno} starts new processes for every batch of work, and waits for "
                "the slowest of them before it goes on.",
                do="Give all of the work to one pool: it starts a process for each CPU once, and none waits.",
            )
        elif process.made and rounds is not None and rounds >= MANY:
            yield LINT.finding(
                source.place(process.made),
                level="warning",
                seen=f"The loop makes {rounds:,} processes, one for each piece of work: most of the time goes into "
                "starting them, and all at once they need memory and a slot each.",
                do="Give the work to a pool, which starts a process for each CPU once: `Pool().map(function, items)`.",
            )


def how_often(source: Source, loop: Loop) -> int | None:
    """The rounds of a loop, if literals tell."""
    if isinstance(loop, COMPREHENSIONS):
        return source.values.count(loop)
    return None if not hasattr(loop, "iter") else source.values.count(loop.iter)


def in_batches(source: Source, loop: Loop) -> ast.For | None:
    """The loop that goes through work in strides, and joins what is made in ``loop`` for each."""
    outer = source.tree.loop(loop)
    stride = outer.iter if isinstance(outer, ast.For) and isinstance(outer.iter, ast.Call) else None
    if stride is None or not isinstance(outer, ast.For):
        return None
    concept = source.concept(stride.func)
    strides = concept == "itertools.batched" or (concept == "range" and len(stride.args) == 3)
    joins = (call for call, _ in source.methods({names.PROCESS}, "join") if source.tree.within(call, outer))
    return outer if strides and next(joins, None) is not None else None


LINT: Final = Lint(
    module=__name__,
    id="MP101",
    inspect=inspect,
    doc=Doc(
        title="A process for every task",
        why="Starting a process costs milliseconds, a task often less: then most of the time goes into starting.",
        how=f"A Process made in a loop of {MANY} rounds or more, as far as literals tell how many there are, or for "
        "each item of batches that are joined one after the other. Silent in tests.",
        bad="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                processes = [Process(target=work, args=(number,)) for number in range(100)]
                for process in processes:
                    process.start()
                for process in processes:
                    process.join()
        """,
        good="""
            from multiprocessing import Pool

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                with Pool() as pool:
                    pool.map(work, range(100))
        """,
        links=("https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",),
    ),
)
