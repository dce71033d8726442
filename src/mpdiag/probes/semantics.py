"""Short demonstrations that this interpreter behaves as the rules say, each with a deadline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final, NamedTuple

from mpdiag import demos
from mpdiag.bench import Bench
from mpdiag.model import Column, Doc, Probe, Row, Table


class Statement(NamedTuple):
    """What should be seen in a demonstration, and what follows for a program."""

    key: str
    demo: str
    expected: str
    consequence: str


#: The order is the table's. A key that ends in a start method is about children started by it.
STATEMENTS: Final = (
    Statement("after", "global set after start()", "not seen", "send it: Pipe, Queue, Value"),
    Statement("before fork", "global set before, fork", "seen", "fails elsewhere: pass args="),
    Statement("before spawn", "global set before, spawn", "not seen", "pass args= or initargs="),
    Statement("before forkserver", "global set before, forkserver", "not seen", "pass args= or initargs="),
    Statement("lock fork", "fork while a thread has a lock", "hangs", "fork before starting threads"),
    Statement("lock spawn", "spawn while a thread has one", "runs", "with threads, take spawn"),
    Statement("lock forkserver", "forkserver, the same", "runs", "or forkserver"),
    Statement("eof own", "recv(), own copy of end open", "waits", "close your copy after start()"),
    Statement("eof fork", "recv(), forked sibling has it", "waits", "start siblings before the Pipe"),
    Statement("eof", "recv(), every copy closed", "EOFError", "catch it: the data has ended"),
    Statement("full", "put() on a full Queue(1)", "blocks, Full", "timeout=, catch queue.Full"),
    Statement("drain", "join() before reading a Queue", "hangs", "get() everything, then join()"),
    Statement("process", "exception in a Process", "printed, exit 1", "check exitcode"),
    Statement("future", "exception in a pool's task", "not printed", "call result() on every future"),
    Statement("cancel running", "cancel() of a running task", "refused", "give tasks a flag to stop"),
    Statement("cancel pending", "cancel() of a pending task", "cancelled", "cancel_futures=True does it"),
    Statement("float", "Value('i', 0.5)", "TypeError", "'d' holds floats"),
    Statement("wrap", "Value('i', 2**31)", "-2147483648", "wraps silently; 'q' has 64 bits"),
    Statement("unguarded", "no main guard, spawn", "RuntimeError", 'if __name__ == "__main__":'),
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


def told(bench: Bench, seen: demos.Seen | None) -> Iterator[Row]:
    """One row for each statement that was ``seen``; a surprise is also a remark on what the rules are worth here."""
    for statement in STATEMENTS:
        if seen and statement.key in seen:
            found = seen[statement.key]
            as_expected = found == statement.expected
            if not as_expected:
                bench.notes.append(f"{statement.demo}: {found!r}, not {statement.expected!r} as the rules assume")
            yield Row(
                {
                    "demo": statement.demo,
                    "expected": statement.expected,
                    "seen": found,
                    "consequence": statement.consequence,
                    "as_expected": as_expected,
                }
            )


PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=100,
    weight=0.8,
    tables=(
        Table(
            "",
            "What happens here",
            (
                Column("demo", "demonstration"),
                Column("expected", "expected", wide=True),
                Column("seen", "seen"),
                Column("consequence", "so"),
                Column("as_expected", "as expected"),
            ),
        ),
    ),
    doc=Doc(
        title="Does this interpreter behave as the rules say?",
        why="Much that is said of multiprocessing holds for some start methods and versions only; this shows what "
        "holds here.",
        how="Each demonstration makes the mistake on purpose, in processes of its own, and waits no longer than a "
        "deadline: what hangs is seen to hang and is then ended.",
        reading="'as expected: no' means that advice in this report which rests on it may be wrong here; the remarks "
        "say what was expected.",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#programming-guidelines",
            "https://docs.python.org/3/library/concurrent.futures.html#processpoolexecutor",
        ),
    ),
)
