"""A thread's queue or lock, an open file or a database connection handed to another process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Level, Lint
from mpdiag.model import Doc
from mpdiag.source import FRESH, Source, Task, Thing, names
from mpdiag.source.names import LOKY

#: Kind → what to take instead.
INSTEAD = {
    **dict.fromkeys(names.THREAD_QUEUES, "multiprocessing.Queue, which processes share"),
    **{kind: f"multiprocessing.{kind.rpartition('.')[2]}, which processes share" for kind in names.THREAD_SYNC},
    "threading.Thread": "a function and its arguments; a thread stays in the process that made it",
    names.FILE: "the path, and open the file in the process",
    names.DATABASE: "what it takes to connect, and connect in the process",
    names.POOL: "the work; a pool belongs to the process that made it",
    **dict.fromkeys(names.EXECUTORS | {names.THREAD_POOL}, "the work; a pool belongs to the process that made it"),
}


def inspect(source: Source) -> Iterator[Finding]:
    """Find such objects among what processes and their tasks are given."""
    for task in source.tasks:
        if not task.in_process:
            continue
        for node in task.given:
            thing = None if task.each else source.things.thing(node)
            copied = thing is not None and thing.kind == names.FILE and task.to.library is LOKY
            found = consequence(source, task, thing) if thing and thing.kind in INSTEAD and not copied else None
            if thing and found:
                yield LINT.finding(source.place(node), level=found[0], seen=found[1], do=f"Pass {INSTEAD[thing.kind]}.")


def consequence(source: Source, task: Task, thing: Thing) -> tuple[Level, str] | None:
    """How grave it is to hand a thing over, and what comes of it."""
    what = names.described(thing.kind)
    what = f"{what[:1].upper()}{what[1:]}"
    if task.to.kind in names.PROCESS_POOLS and task.how != "initializer":
        error = "PicklingError" if task.to.library is LOKY else "TypeError"
        return "error", f"{what} is an argument of `{task.how}()`: it cannot be pickled, which raises {error}."
    risk = source.risk(task.to, FRESH)
    if thing.kind == names.FILE:
        return (risk.level, f"{what} cannot be pickled: {risk.when}, start() raises TypeError.") if risk else None
    if thing.kind == names.DATABASE:
        copied = "both processes talk over one connection"
    else:
        copied = "the child gets a copy that no other process sees"
    return "error", f"{what} is handed to a process: under fork {copied}, under spawn and forkserver TypeError."


LINT: Final = Lint(
    module=__name__,
    id="MP208",
    inspect=inspect,
    doc=Doc(
        title="A thread's object handed to a process",
        why="What belongs to the threads of one process means nothing in another. Under fork the child has a copy: it "
        "fills its own queue, takes its own lock. Under spawn it cannot even be pickled.",
        how="queue.Queue, the locks and events of threading, threads, pools, open files and database connections among "
        "the arguments of Process, of an initializer or of a pool's task.",
        bad="""
            import queue
            from multiprocessing import Process

            def work(results):
                results.put(3 * 3)

            if __name__ == "__main__":
                results = queue.Queue()
                process = Process(target=work, args=(results,))
                process.start()
                process.join()
                print(results.qsize())
        """,
        good="""
            from multiprocessing import Process, Queue

            def work(results):
                results.put(3 * 3)

            if __name__ == "__main__":
                results = Queue()
                process = Process(target=work, args=(results,))
                process.start()
                print(results.get())
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#exchanging-objects-between-processes",),
    ),
)
