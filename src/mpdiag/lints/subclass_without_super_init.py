"""A subclass of Process whose ``__init__`` never calls that of Process."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FUNCTIONS, Source, names


def inspect(source: Source) -> Iterator[Finding]:
    """Find such classes, as long as all their bases are known and nothing in them calls any ``__init__``."""
    for node in source.tree.opened:
        if not isinstance(node, ast.ClassDef):
            continue
        kind = source.things.kind_of_class(node)
        if kind is None or kind.concept != names.PROCESS or not all(known(source, node)):
            continue
        init = next((each for each in node.body if isinstance(each, FUNCTIONS) and each.name == "__init__"), None)
        if init is not None and not any(calls_init(each) for each in ast.walk(node)):
            yield LINT.finding(
                source.place(init),
                level="error",
                seen=f"`{node.name}.__init__()` never calls the `__init__()` of Process: start() raises AttributeError "
                "or AssertionError.",
                do="Begin it with `super().__init__()`.",
            )


def known(source: Source, node: ast.ClassDef) -> Iterator[bool]:
    """For each base of a class whether it is known that it calls no other ``__init__``."""
    for base in source.things.bases(node):
        if isinstance(base, ast.ClassDef):
            yield base is not node and all(known(source, base)) and not any(calls_init(each) for each in ast.walk(base))
        else:
            yield base is not None and base.concept == names.PROCESS


def calls_init(node: ast.AST) -> bool:
    """Whether a call of some ``__init__`` stands there."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"


LINT: Final = Lint(
    module=__name__,
    id="MP116",
    inspect=inspect,
    doc=Doc(
        title="A Process subclass that does not initialise Process",
        why="Process keeps what it needs to be started in attributes that its own `__init__` sets. Without it, start() "
        "fails.",
        how="A class that derives from Process, of multiprocessing or of a context, with an `__init__` and no call of "
        "another one in it. Silent if a base is not known.",
        bad="""
            from multiprocessing import Process

            class Worker(Process):
                def __init__(self, number):
                    self.number = number

                def run(self):
                    print(self.number)

            if __name__ == "__main__":
                worker = Worker(3)
                worker.start()
                worker.join()
        """,
        good="""
            from multiprocessing import Process

            class Worker(Process):
                def __init__(self, number):
                    super().__init__()
                    self.number = number

                def run(self):
                    print(self.number)

            if __name__ == "__main__":
                worker = Worker(3)
                worker.start()
                worker.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process",),
    ),
)
