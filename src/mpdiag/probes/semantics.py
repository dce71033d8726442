"""Short demonstrations that this interpreter behaves as the rules say, each with a deadline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final, NamedTuple, Optional

from mpdiag.bench import Bench
from mpdiag.model import Column, Doc, Probe, Row, Table
from mpdiag.rigs import demos


class Statement(NamedTuple):
    """What should be seen in a demonstration, and what follows for a program."""

    demo: str
    expected: str
    consequence: str


#: By the key under which a demonstration tells what it saw.
STATEMENTS: Final = {
    "eof own": Statement("recv(), own copy open", "waits", "close it after start()"),
    "eof": Statement("recv(), every copy closed", "EOFError", "catch it: no more data"),
    "eof fork": Statement("recv(), open in a sibling", "waits", "start siblings before Pipe"),
    "full": Statement("put() on a full Queue(1)", "blocks, Full", "timeout=, catch queue.Full"),
    "unread": Statement("put() on an unread Queue()", "returns", "memory grows: give maxsize"),
    "drain": Statement("join() before Queue.get()", "hangs", "get() all, then join()"),
    "process": Statement("exception in a Process", "printed, exit 1", "check exitcode"),
    "future": Statement("exception in a pool's task", "not printed", "call result() on each"),
    "cancel running": Statement("cancel() of a running task", "refused", "give tasks a flag to stop"),
    "cancel pending": Statement("cancel() of a pending task", "cancelled", "cancel_futures=True does it"),
    "float": Statement("Value('i', 0.5)", "TypeError", "'d' holds floats"),
    "wrap": Statement("Value('i', 2**31)", "-2147483648", "silent; 'q' has 64 bits"),
    "after": Statement("global set after start()", "not seen", "send it: Pipe, Queue, Value"),
    "unguarded": Statement("no main guard, spawn", "RuntimeError", 'if __name__ == "__main__":'),
}
#: The same for children of one start method, in a table of their own.
BY_METHOD: Final = {
    "before fork": Statement("global set, then fork", "seen", "by fork only: pass args="),
    "before spawn": Statement("global set, then spawn", "not seen", "pass args= or initargs="),
    "before forkserver": Statement("global set, then forkserver", "not seen", "pass args= or initargs="),
    "lock fork": Statement("fork beside a held lock", "hangs", "fork before threads start"),
    "lock spawn": Statement("spawn beside a held lock", "runs", "beside threads, take spawn"),
    "lock forkserver": Statement("forkserver beside a lock", "runs", "or forkserver"),
    "level fork": Statement("level INFO set, then fork", "kept", "by fork only: initializer="),
    "level spawn": Statement("level INFO, then spawn", "lost", "initializer= sets it up"),
    "level forkserver": Statement("level INFO, then forkserver", "lost", "initializer= sets it up"),
}
TABLES: Final = {"": STATEMENTS, "methods": BY_METHOD}
COLUMNS: Final = (
    Column("demo", "demonstration"),
    Column("expected", "expected", wide=True),
    Column("seen", "seen"),
    Column("consequence", "so"),
    Column("as_expected", "holds"),
)


def run(bench: Bench) -> Iterator[Row]:
    """Run the demonstrations one after the other; yield a row for each statement that was put to the test."""
    with ExitStack() as stack:
        # What takes long to start does so while the others run; none of this is timed. The first use of a fork server
        # blocks, so it comes last.
        script = bench.once("start of a script without a main guard", partial(demos.start_unguarded, stack))
        observers = {
            method: bench.once(f"start by {method}", partial(demos.start_observer, bench, stack, method))
            for method in sorted(bench.methods, key="forkserver".__eq__)
        }
        for name, demo in demos.DEMOS.items():
            yield from told(bench, bench.once(name, partial(demo, bench)))
        started = {method: observer for method, observer in observers.items() if observer}
        if started:
            yield from told(bench, bench.once("globals and locks", partial(demos.question, bench, started)))
        if script:
            yield from told(bench, bench.once("a script without a main guard", partial(demos.read_unguarded, script)))


def told(bench: Bench, seen: Optional[demos.Seen]) -> Iterator[Row]:
    """One row for each statement that was ``seen``; a surprise is also a remark on what the rules are worth here."""
    for table, statements in TABLES.items():
        for key, (demo, expected, consequence) in statements.items():
            if not seen or key not in seen:
                continue
            found = seen[key]
            if found != expected:
                bench.notes.append(f"{demo}: {found!r}, not {expected!r} as the rules assume")
            yield Row(
                {
                    "demo": demo,
                    "expected": expected,
                    "seen": found,
                    "consequence": consequence,
                    "as_expected": found == expected,
                },
                table,
            )


PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=100,
    weight=0.4,
    tables=(Table("", "What happens here", COLUMNS), Table("methods", "What a child finds here", COLUMNS)),
    doc=Doc(
        title="Does this interpreter behave as the rules say?",
        why="Much that is said of multiprocessing holds for some start methods and versions only; this shows what "
        "holds here.",
        how="Each demonstration makes the mistake on purpose, in processes of its own, and waits no longer than a "
        "deadline: what hangs is seen to hang and is then ended.",
        reading="'holds: no' means that advice in this report which rests on it may be wrong here; the remarks "
        "say what was expected.",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#programming-guidelines",
            "https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",
        ),
    ),
)
