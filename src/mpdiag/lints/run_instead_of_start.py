"""``run()`` of a process in the place of ``start()``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Fix, Lint
from mpdiag.model import Doc
from mpdiag.source import Source, names


def inspect(source: Source) -> Iterator[Finding]:
    """Find calls of run() of a Process; those of its subclasses may be on purpose."""
    if source.is_test:
        return
    for call, process in source.methods({names.PROCESS}, "run"):
        if process.subclass is None:
            yield LINT.finding(
                source.place(call),
                level="error",
                seen="run() does the work here, in this process, and comes back when it is done: nothing is started.",
                do="Call start(); join() waits for the end.",
            )


def fix(source: Source, node: ast.AST) -> Fix | None:
    """Call start() instead."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args and not node.keywords:
        return source.replaced(node, f"{source.code(node.func.value)}.start()")
    return None


LINT: Final = Lint(
    module=__name__,
    id="MP115",
    inspect=inspect,
    fix=fix,
    doc=Doc(
        title="run() called in place of start()",
        why="run() is what a started process calls. Called directly it does the work at once, here, one after the "
        "other.",
        how="run() called of what Process(…) gave. Silent about subclasses, whose run() may be called on purpose, and "
        "in tests.",
        bad="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                process = Process(target=work, args=(3,))
                process.run()
        """,
        good="""
            from multiprocessing import Process

            def work(number):
                print(number * number)

            if __name__ == "__main__":
                process = Process(target=work, args=(3,))
                process.start()
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.run",),
    ),
)
