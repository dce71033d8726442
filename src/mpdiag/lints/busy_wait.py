"""A loop that asks again and again, without a pause, whether something has come."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, argument, names

QUEUES = names.QUEUES | {"proxy.Queue", "proxy.JoinableQueue"}
EVENTS = frozenset({"multiprocessing.Event", "proxy.Event"})
#: What asks without waiting: by method, the kinds that have it, and what waits in its place.
ASKS = {
    "poll": ({names.CONNECTION}, "poll(timeout), or for several connections multiprocessing.connection.wait()"),
    "empty": (QUEUES, "get(), with a timeout if there is something else to do"),
    "get_nowait": (QUEUES, "get(timeout=…)"),
    "get": (QUEUES, "get(timeout=…)"),
    "is_alive": ({names.PROCESS}, "join(), or for several processes multiprocessing.connection.wait() on `sentinel`"),
    "join": ({names.PROCESS}, "join() without a limit"),
    "is_set": (EVENTS, "wait(), with a timeout if there is something else to do"),
    "done": ({names.FUTURE}, "result(), or for several futures wait() or as_completed()"),
    "ready": ({names.ASYNC_RESULT}, "wait() or get()"),
}
#: Functions that are over at once.
CLOCKS = frozenset({"time.monotonic", "time.perf_counter", "time.time"})
QUICK = CLOCKS | {"all", "any", "bool", "isinstance", "len", "list", "print", "range"}
RAISES = frozenset({"get", "get_nowait"})
#: Asking these says True as long as nothing has come.
NOTHING = frozenset({"empty", "is_alive"})


@dataclass(frozen=True)
class Ways:
    """How code without a pause may go on: to the statement after it, or to the next round of the loop."""

    on: bool = False
    around: bool = False


def inspect(source: Source) -> Iterator[Finding]:
    """Find the loops that can go round without anything that waits, computes or leaves."""
    loops: dict[ast.While, ast.Call] = {}
    for call in source.calls(*ASKS):
        loop = outermost(source, call) if asks(source, call) else None
        if loop is not None:
            loops.setdefault(loop, call)
    for loop, call in loops.items():
        idle = is_quick(source, loop.test) and not came(source, loop.test, True)
        if not source.is_test and idle and spins(source, loop):
            assert isinstance(call.func, ast.Attribute)
            yield LINT.finding(
                source.place(call),
                level="warning",
                seen=f"While nothing comes, this loop does nothing but ask {call.func.attr}() and keeps a whole CPU "
                "busy with it, which those that it waits for could use.",
                do=f"Wait instead: {ASKS[call.func.attr][1]}.",
            )


def asks(source: Source, call: ast.Call) -> bool:
    """Whether a call asks and returns at once."""
    if not isinstance(call.func, ast.Attribute):
        return False
    thing, name = source.things.thing(call.func.value), call.func.attr
    if thing is None or name not in ASKS or thing.kind not in ASKS[name][0]:
        return False
    first = argument(call, 0, "block" if name == "get" else "timeout")
    if name in ("get", "join"):
        return isinstance(first, ast.Constant) and first.value in (0, False)
    return name != "poll" or first is None or (isinstance(first, ast.Constant) and not first.value)


def outermost(source: Source, call: ast.Call) -> ast.While | None:
    """The innermost ``while`` loop that repeats a call, also through a ``for`` loop or a comprehension."""
    loop = source.tree.loop(call)
    while loop is not None and not isinstance(loop, ast.While):
        loop = source.tree.loop(loop)
    return loop


def spins(source: Source, loop: ast.While) -> bool:
    """Whether the body of a loop can be gone through without a pause."""
    ways = through(source, loop.body)
    return ways.on or ways.around


def through(source: Source, block: Sequence[ast.stmt]) -> Ways:
    """The ways through a block on which nothing waits."""
    on, around = True, False
    for statement in block:
        ways = step(source, statement)
        around = around or ways.around
        on = ways.on
        if not on:
            break
    return Ways(on, around)


def step(source: Source, statement: ast.stmt) -> Ways:
    """The ways through a statement."""
    if isinstance(statement, ast.Continue):
        return Ways(around=True)
    if isinstance(statement, (ast.Pass, ast.Expr, ast.Assign, ast.AugAssign)):
        return Ways(on=is_quick(source, statement))
    if isinstance(statement, ast.If) and is_quick(source, statement.test):
        idle = [
            through(source, block)
            for block, value in ((statement.body, True), (statement.orelse, False))
            if not came(source, statement.test, value)
        ]
        return Ways(any(ways.on for ways in idle), any(ways.around for ways in idle))
    if isinstance(statement, (ast.For, ast.AsyncFor)) and is_quick(source, statement.iter):
        ways = through(source, statement.body)
        return Ways(on=ways.on or ways.around)
    return through_try(source, statement) if isinstance(statement, ast.Try) else Ways()


def through_try(source: Source, statement: ast.Try) -> Ways:
    """The ways through a ``try``: what asks raises Empty, or nothing asks and all goes well."""
    calls = [each for each in ast.walk(statement.body[0]) if isinstance(each, ast.Call)]
    empty = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in RAISES]
    if empty and all(asks(source, call) for call in empty):
        found = [through(source, handler.body) for handler in statement.handlers]
    else:
        found = [through(source, [*statement.body, *statement.orelse])]
    ends = through(source, statement.finalbody)
    return Ways(ends.on and any(ways.on for ways in found), ends.on and any(ways.around for ways in found))


def came(source: Source, test: ast.expr, value: bool) -> bool:
    """Whether a test that comes out as ``value`` says that what was asked for is there."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return came(source, test.operand, not value)
    if isinstance(test, ast.BoolOp):
        settles = isinstance(test.op, ast.And) == value  # all parts are as the whole
        return settles and any(came(source, each, value) for each in test.values)
    if isinstance(test, ast.Call) and source.concept(test.func) in ("all", "any") and test.args:
        inner = test.args[0]
        return isinstance(inner, (ast.GeneratorExp, ast.ListComp)) and came(source, inner.elt, value)
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and asks(source, test):
        return value != (test.func.attr in NOTHING)
    return False


def is_quick(source: Source, node: ast.AST) -> bool:
    """Whether code calls nothing but what asks, or is over at once, and computes nothing that the loop is there for."""
    for each in ast.walk(node):
        if isinstance(each, (ast.Await, ast.Yield, ast.YieldFrom)):
            return False
        if isinstance(each, ast.AugAssign) and not isinstance(each.value, ast.Constant):
            return False
        if isinstance(each, ast.Call) and not asks(source, each) and source.concept(each.func) not in QUICK:
            return False
    return True


LINT: Final = Lint(
    module=__name__,
    id="MP302",
    inspect=inspect,
    aliases=("busy-poll",),
    doc=Doc(
        title="Polling burns a core, or is late for every message",
        why="A process that asks again and again whether a message is there takes all the CPU time it can get, from "
        "the very workers whose message it waits for. Pauses between the polls save the CPU and delay every message.",
        how="A `while` loop with poll(), empty(), get_nowait(), is_alive(), is_set(), done() or ready() that can go "
        "round without calling anything else. `while conn.poll(): conn.recv()` takes what is there and ends; it is "
        "not meant. Silent when a call in the way might wait, and in tests.",
        bad="""
            import time
            from multiprocessing import Pipe, Process

            def work(conn):
                time.sleep(1)
                conn.send("done")

            if __name__ == "__main__":
                ours, theirs = Pipe()
                process = Process(target=work, args=(theirs,))
                process.start()
                while True:
                    if ours.poll():
                        print(ours.recv())
                        break
                process.join()
        """,
        good="""
            import time
            from multiprocessing import Pipe, Process

            def work(conn):
                time.sleep(1)
                conn.send("done")

            if __name__ == "__main__":
                ours, theirs = Pipe()
                process = Process(target=work, args=(theirs,))
                process.start()
                while True:
                    if ours.poll(0.5):
                        print(ours.recv())
                        break
                process.join()
        """,
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.poll",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.wait",
        ),
    ),
)
