"""A lock or queue of one context given to a process of another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import CHOSEN, FRESH, Source, names

FORK = frozenset({"fork"})
#: Kinds with a semaphore inside; RawValue and RawArray have none.
LOCKING = names.SYNC | names.QUEUES | {"multiprocessing.Value", "multiprocessing.Array"}


def inspect(source: Source) -> Iterator[Finding]:
    """Find what a context that forks has made among what a process that does not is given."""
    for task in source.tasks:
        starts = task.to.method or source.start_method
        if not task.in_process or task.how not in ("target", "initializer") or starts not in FRESH:
            continue
        for value in task.given:
            thing = source.things.thing(value)
            risk = source.risk(thing, FORK) if thing is not None and thing.kind in LOCKING else None
            if thing is not None and risk is not None and (thing.method or source.start_method) != CHOSEN:
                yield LINT.finding(
                    source.place(value),
                    level=risk.level,
                    seen=f"A process of {starts} is given {names.described(thing.kind)} that was made {risk.when}: "
                    "RuntimeError: A SemLock created in a fork context is being shared with a process in a "
                    f"{starts} context.",
                    do="Make it by the same context as the process: "
                    f'`multiprocessing.get_context("{starts}").{thing.kind.rpartition(".")[2]}(…)`.',
                )


LINT: Final = Lint(
    module=__name__,
    id="MP513",
    inspect=inspect,
    doc=Doc(
        title="A lock of one context for a process of another",
        why="A forked child inherits a semaphore that has no name; a child that is started anew has to open it by "
        "name. So what a context that forks has made cannot be given to a process of spawn or forkserver. Python 3.10 "
        "and early 3.11 let it pass, and the child ends by SIGSEGV when it uses it.",
        how="A lock, queue, Value or the like, made by a context of fork, or by the default one where that forks, in "
        "the arguments or initargs of a process or pool of a context that does not.",
        bad="""
            import multiprocessing

            def work(queue):
                queue.put(1)

            if __name__ == "__main__":
                queue = multiprocessing.get_context("fork").Queue()
                process = multiprocessing.get_context("spawn").Process(target=work, args=(queue,))
                process.start()
                print(queue.get())
                process.join()
        """,
        good="""
            import multiprocessing

            def work(queue):
                queue.put(1)

            if __name__ == "__main__":
                context = multiprocessing.get_context("spawn")
                queue = context.Queue()
                process = context.Process(target=work, args=(queue,))
                process.start()
                print(queue.get())
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",),
    ),
)
