"""A process started in each of many rounds of a loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import COMPREHENSIONS, Loop, Source, names

#: Fewer processes than this may well be one for each CPU.
MANY = 100


def inspect(source: Source) -> Iterator[Finding]:
    """Find processes made in loops whose number of rounds stands in the source."""
    if source.is_test:
        return
    for process in source.made.get(names.PROCESS, ()):
        loop = source.tree.loop(process.made) if process.made else None
        rounds = how_often(source, loop) if loop else None
        if process.made and rounds is not None and rounds >= MANY:
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


LINT: Final = Lint(
    module=__name__,
    id="MP101",
    inspect=inspect,
    doc=Doc(
        title="A process for every task",
        why="Starting a process costs milliseconds, a task often less: then most of the time goes into starting.",
        how=f"A Process made in a loop of {MANY} rounds or more, as far as literals tell how many there are. Silent in "
        "tests.",
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
