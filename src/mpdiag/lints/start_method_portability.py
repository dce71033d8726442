"""A lock, queue or the like of the module, which children that import the module make anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FRESH, Risk, Source, Thing, names

KINDS = names.SYNC | names.QUEUES | names.SHARED | {names.CONNECTION}
MADE = KINDS | {names.PIPE}


def inspect(source: Source) -> Iterator[Finding]:
    """Find what importing the file makes and workers use, though it was not given to them."""
    if not source.is_reimported or MADE.isdisjoint(source.made):
        return
    told: set[ast.Call] = set()
    loads: list[ast.Name | ast.Attribute] = [each for nodes in source.tree.names.values() for each in nodes]
    loads += [each for nodes in source.tree.attributes.values() for each in nodes]
    for node in loads:
        thing = shared(source, node) if source.function(node) in source.workers else None
        if thing is None or thing.made is None or thing.made in told:
            continue
        risk = risk_of(source, node)
        if risk is not None:
            told.add(thing.made)
            yield LINT.finding(
                source.place(node),
                level=risk.level,
                seen=f"{risk.when[:1].upper()}{risk.when[1:]}, each worker imports the module anew and so makes "
                f"{names.described(thing.kind)} of its own in line {thing.made.lineno}: it shares none with anybody.",
                do="Make it in the main process and give it to the workers: in args= of a Process, in initargs= of a "
                "pool.",
            )


def shared(source: Source, node: ast.Name | ast.Attribute) -> Thing | None:
    """What a global, or an attribute of a class, holds since the file was imported."""
    if not isinstance(node.ctx, ast.Load):
        return None
    thing = source.things.thing(node)
    if thing is None or thing.kind not in KINDS or thing.made is None or thing.library.pickles_functions:
        return None
    bindings = source.things.bindings(node)
    by_import = all(source.function(each.node) is source.tree.root and source.on_import(each.node) for each in bindings)
    return thing if by_import and bindings and bindings[0].how == "value" else None


def risk_of(source: Source, node: ast.AST) -> Risk | None:
    """What it means that children import the module anew, for one of the tasks that come to ``node``."""
    for task in source.workers[source.function(node)]:
        risk = None if task.to.library.pickles_functions else source.risk(task.to, FRESH)
        if risk is not None:
            return risk
    return None


LINT: Final = Lint(
    module=__name__,
    id="MP704",
    inspect=inspect,
    doc=Doc(
        title="The default start method differs elsewhere",
        why="Under fork a worker inherits the objects of the parent. Under spawn and forkserver it imports the module "
        "anew, and what the top level makes, it makes again: a lock that keeps nobody out, a queue that nobody reads, "
        "a Value that nobody sees.",
        how="A lock, queue, Value, Array or connection that importing the file makes, at the top level or in the body "
        "of a class, and that a function which runs in another process uses without being given it. Silent where the "
        "start method is known to be fork, and where an initializer sets the name in the worker.",
        bad="""
            from multiprocessing import Process, Value

            total = Value("i", 0)

            def work():
                with total.get_lock():
                    total.value += 1

            if __name__ == "__main__":
                process = Process(target=work)
                process.start()
                process.join()
                print(total.value)
        """,
        good="""
            from multiprocessing import Process, Value

            def work(total):
                with total.get_lock():
                    total.value += 1

            if __name__ == "__main__":
                total = Value("i", 0)
                process = Process(target=work, args=(total,))
                process.start()
                process.join()
                print(total.value)
        """,
        applies="spawn (the default on macOS and Windows) and forkserver (the default on Linux from Python 3.14)",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods",
            "https://docs.python.org/3/library/multiprocessing.html#the-spawn-and-forkserver-start-methods",
        ),
    ),
)
