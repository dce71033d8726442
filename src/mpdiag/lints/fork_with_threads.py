"""Processes forked beside running threads, and threads that a forked child does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Risk, Source, Thing, names

FORK = frozenset({"fork"})
THREADS = frozenset({"threading.Thread", "threading.Timer"})
THREAD_POOLS = frozenset({names.THREAD_EXECUTOR, names.THREAD_POOL})


def inspect(source: Source) -> Iterator[Finding]:
    """Find forks below the start of a thread, and pools of threads that workers use and the parent has made."""
    threads = [*source.methods(THREADS, "start")]
    for fork, risk in forks(source):
        start = next((call for call, thread in threads if runs_at(source, call, thread, fork)), None)
        if start is not None:
            yield LINT.finding(
                source.place(fork),
                level="warning",
                seen=f"{risk.when[:1].upper()}{risk.when[1:]}, this copies the process beside the thread of line "
                f"{start.lineno}. A lock that the thread holds at that moment stays locked in the child for ever.",
                do="Start the processes before the thread, or take a context that does not fork: "
                '`multiprocessing.get_context("forkserver")`.',
            )
    yield from inherited_pools(source)


def forks(source: Source) -> Iterator[tuple[ast.Call, Risk]]:
    """What starts processes by fork, or may."""
    found: list[tuple[ast.Call, Thing]] = [*source.methods({names.PROCESS}, "start")]
    found += [
        (thing.made, thing) for kind in (names.POOL, names.MANAGER) for thing in source.made.get(kind, ()) if thing.made
    ]
    found += [
        (task.call, task.to) for task in source.tasks if task.to.kind == names.EXECUTOR and task.how != "initializer"
    ]
    for call, thing in found:
        risk = source.risk(thing, FORK)
        if risk is not None:
            yield call, risk
    for call in source.called("os.fork"):
        yield call, Risk("warning", "here")


def runs_at(source: Source, start: ast.Call, thread: Thing, fork: ast.Call) -> bool:
    """Whether a thread that was started is not joined before the fork, in the same function."""
    if not source.order.leads(start, fork):
        return False
    joins = [call for call, joined in source.methods(THREADS, "join") if joined.made is thread.made]
    return not any(source.order.leads(start, join) and source.order.leads(join, fork) for join in joins)


def inherited_pools(source: Source) -> Iterator[Finding]:
    """Tasks that a forked worker hands to a pool of threads which its parent uses too."""
    handed = [task for task in source.tasks if task.to.kind in THREAD_POOLS and task.to.made is not None]
    for task in handed:
        workers = source.workers_at(task.call)
        risk = next((risk for worker in workers if (risk := source.risk(worker.to, FORK))), None)
        outside = task.to.made is not None and source.function(task.to.made) not in source.workers
        by_parent = any(
            each.to.made is task.to.made and is_run_by_parent(source, source.function(each.call)) for each in handed
        )
        if risk is not None and outside and by_parent:
            yield LINT.finding(
                source.place(task.call),
                level=risk.level,
                seen=f"{risk.when[:1].upper()}{risk.when[1:]}, a worker inherits this pool of threads without its "
                "threads. If the parent has used it before, the pool believes that it has them, and the task waits for "
                "ever.",
                do="Make the pool of threads in the worker, or in an initializer.",
            )


def is_run_by_parent(source: Source, function: ast.AST) -> bool:
    """Whether the main process comes to a function too."""
    calls = source.calls_of(function)
    return function not in source.workers or any(source.function(call) not in source.workers for call in calls)


LINT: Final = Lint(
    module=__name__,
    id="MP603",
    inspect=inspect,
    aliases=("fork-with-threads-deadlock",),
    doc=Doc(
        title="Fork copies locks, but not the threads that hold them",
        why="A forked child has only the thread that forked. A lock that another thread held at that moment stays "
        "locked for ever in the child; the first who wants it hangs, now and then and only under load.",
        how="A process, pool, manager or os.fork() started by fork below a Thread.start() in the same function, unless "
        "the thread is joined in between; and a worker that hands tasks to a pool of threads of the module which the "
        "parent uses too.",
        bad="""
            import multiprocessing
            from concurrent.futures import ThreadPoolExecutor

            threads = ThreadPoolExecutor(4)

            def sizes(words):
                return list(threads.map(len, words))

            if __name__ == "__main__":
                print(sizes(["a", "bc"]))
                with multiprocessing.Pool(2) as pool:
                    print(pool.map(sizes, [["def"], ["ghij"]]))
        """,
        good="""
            import multiprocessing
            from concurrent.futures import ThreadPoolExecutor

            def sizes(words):
                with ThreadPoolExecutor(4) as threads:
                    return list(threads.map(len, words))

            if __name__ == "__main__":
                print(sizes(["a", "bc"]))
                with multiprocessing.Pool(2) as pool:
                    print(pool.map(sizes, [["def"], ["ghij"]]))
        """,
        applies="fork: the default on Linux and other POSIX systems up to Python 3.13; there is none on Windows",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",
            "https://docs.python.org/3/library/os.html#os.fork",
        ),
    ),
)
