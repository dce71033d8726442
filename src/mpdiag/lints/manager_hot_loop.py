"""A manager's proxy asked in a worker's loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Loop, Source

PROXIES = frozenset({"proxy.Array", "proxy.Namespace", "proxy.Value", "proxy.dict", "proxy.list", "proxy.set"})
#: Loops of fewer rounds cost little; from so many on it is no question.
FEW, MANY = 50, 1000
#: What a loop waits or pauses for: its pace is not the proxy's.
WAITS = frozenset({"acquire", "get", "join", "poll", "read", "readline", "recv", "recv_bytes", "run", "sleep", "wait"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find accesses to proxies in loops of functions that run in workers, or in functions that such loops call."""
    told: set[tuple[ast.AST, object]] = set()
    for node in accesses(source) if not PROXIES.isdisjoint(source.made) else ():
        thing = source.things.thing(node)
        function = source.function(node)
        if thing is None or thing.kind not in PROXIES or function not in source.workers:
            continue
        loop = repeating(source, node)
        key = (function, thing.made or thing.kind)
        if loop is None or key in told or waits(source, loop):
            continue
        rounds = rounds_of(source, loop)
        if rounds is None or rounds >= FEW:
            told.add(key)
            yield LINT.finding(
                source.place(node),
                level="warning" if rounds is not None and rounds >= MANY else "note",
                seen="Each round of the loop sends a message to the manager's process and waits for the answer, some "
                "0.05 ms, and one process answers all workers: about 30,000 operations a second, however many there "
                "are.",
                do="Collect in a local variable and hand it over once after the loop, or return it; pass what is only "
                "read as a plain argument.",
            )


def accesses(source: Source) -> Iterator[ast.expr]:
    """What is subscripted or asked for an attribute."""
    for nodes in source.tree.attributes.values():
        for attribute in nodes:
            yield attribute.value
    for names in source.tree.names.values():
        for name in names:
            outer = source.tree.parents[name]
            if isinstance(outer, ast.Subscript) and outer.value is name:
                yield name


def repeating(source: Source, node: ast.expr) -> Loop | None:
    """The loop that repeats an access, in its function or around a call of that by another worker function."""
    loop = source.tree.loop(node)
    if loop is not None:
        return loop
    home = source.function(node)
    for function in source.workers:
        for call in source.tree.inside[function]:
            if source.things.definition(call.func) is home and source.tree.loop(call) is not None:
                return source.tree.loop(call)
    return None


def waits(source: Source, loop: Loop) -> bool:
    """Whether something in a loop waits for others, or has nothing to do with items."""
    calls = [call for name in WAITS for call in source.tree.calls.get(name, ()) if source.tree.within(call, loop)]
    return any(not is_of_proxy(source, call) for call in calls)


def is_of_proxy(source: Source, call: ast.Call) -> bool:
    """Whether a method is that of a proxy or a dictionary, such as ``get`` with a key."""
    thing = source.things.thing(call.func.value) if isinstance(call.func, ast.Attribute) else None
    if thing is not None:
        return thing.kind in PROXIES
    return isinstance(call.func, ast.Attribute) and call.func.attr == "get" and bool(call.args)


def rounds_of(source: Source, loop: Loop) -> int | None:
    """How often a loop goes round, if it tells."""
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        return source.values.count(loop.iter)
    return source.values.count(loop) if isinstance(loop, ast.expr) else None


LINT: Final = Lint(
    module=__name__,
    id="MP504",
    inspect=inspect,
    doc=Doc(
        title="Every operation on a manager's proxy is a message",
        why="A proxy holds no data. Each access pickles a request, sends it to the manager's process and waits for the "
        "pickled answer; one process serves all workers, so they queue there.",
        how="A manager's dict, list, Value, Array or Namespace used in a loop of a function that runs in another "
        f"process, or in a function which such a loop calls. A warning from {MANY:,} rounds on, a note where their "
        f"number is not known. Silent below {FEW} rounds, and where the loop waits for something else.",
        bad="""
            from multiprocessing import Manager, Process

            def work(squares):
                for number in range(5_000):
                    squares[number] = number * number

            if __name__ == "__main__":
                with Manager() as manager:
                    squares = manager.dict()
                    process = Process(target=work, args=(squares,))
                    process.start()
                    process.join()
                    print(len(squares))
        """,
        good="""
            from multiprocessing import Manager, Process

            def work(squares):
                squares.update({number: number * number for number in range(5_000)})

            if __name__ == "__main__":
                with Manager() as manager:
                    squares = manager.dict()
                    process = Process(target=work, args=(squares,))
                    process.start()
                    process.join()
                    print(len(squares))
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#managers",),
    ),
)
