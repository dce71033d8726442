"""Logging configured where the main process alone comes, and used in workers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import FRESH, Source

#: Levels that Python drops until someone configures logging.
QUIET = ("debug", "info")
CONFIGURES = ("logging.basicConfig", "logging.config.dictConfig", "logging.config.fileConfig")
ADDS = ("addHandler", "setLevel")
#: Names of what takes records from process to process.
SENDS = frozenset({"QueueHandler", "QueueListener", "SocketHandler"})


def inspect(source: Source) -> Iterator[Finding]:
    """Find records below WARNING that workers log, in a file that configures logging only for the main process."""
    named = {*source.tree.names, *source.tree.attributes}
    if "logging" not in source.tree.imported or named & SENDS:
        return
    configures = [call for concept in CONFIGURES for call in source.called(concept)]
    configures += [call for call in source.calls(*ADDS) if is_logger(source, call)]
    if not configures or any(is_for_all(source, call) for call in configures):
        return
    for function, tasks in source.workers.items():
        risk = next((risk for task in tasks if (risk := source.risk(task.to, FRESH))), None)
        logs = [call for call in source.tree.inside[function] if is_quiet(source, call)]
        if risk is not None and logs:
            yield LINT.finding(
                source.place(logs[0]),
                level="warning",
                seen=f"{risk.when[:1].upper()}{risk.when[1:]}, the worker does not come to line "
                f"{configures[0].lineno}, which configures logging: records below WARNING are dropped here, and "
                "handlers and formats are missing.",
                do="Call the same function in the workers too: initializer= of a pool, or first thing in the target.",
            )


def is_logger(source: Source, call: ast.Call) -> bool:
    """Whether a method is called on a logger that the file got from logging, or on the module."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if owner is None:
        return False
    if source.concept(owner) == "logging":
        return True
    origin = source.values.origin(owner)
    return isinstance(origin, ast.Call) and source.concept(origin.func) == "logging.getLogger"


def is_for_all(source: Source, call: ast.Call) -> bool:
    """Whether children come to what configures logging: by importing the file, or as workers."""
    return source.on_import(call) or source.function(call) in source.workers


def is_quiet(source: Source, call: ast.Call) -> bool:
    """Whether a call logs a record of a level that is dropped without configuration."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in QUIET and is_logger(source, call)


LINT: Final = Lint(
    module=__name__,
    id="MP608",
    inspect=inspect,
    doc=Doc(
        title="Logging is configured in the parent only",
        why="Children by spawn and forkserver begin with logging as Python ships it: records below WARNING are "
        "dropped, handlers and formats of the parent do not exist there. Nothing says so, and the same program logs "
        "under fork.",
        how="info() and debug() in a function that runs in another process, in a file that calls basicConfig(), "
        "addHandler() or their kin, but only under the main guard or in a function that neither importing nor workers "
        "come to. Silent with a QueueHandler or SocketHandler.",
        bad="""
            import logging
            import multiprocessing
            import sys

            def work(number):
                logging.info("number %d", number)

            if __name__ == "__main__":
                logging.basicConfig(level=logging.INFO, stream=sys.stdout)
                process = multiprocessing.get_context("spawn").Process(target=work, args=(3,))
                process.start()
                process.join()
        """,
        good="""
            import logging
            import multiprocessing
            import sys

            def configure():
                logging.basicConfig(level=logging.INFO, stream=sys.stdout)

            def work(number):
                configure()
                logging.info("number %d", number)

            if __name__ == "__main__":
                configure()
                process = multiprocessing.get_context("spawn").Process(target=work, args=(3,))
                process.start()
                process.join()
        """,
        applies="spawn and forkserver: the defaults on Windows and macOS, and on Linux from Python 3.14",
        links=(
            "https://docs.python.org/3/howto/logging-cookbook.html#logging-to-a-single-file-from-multiple-processes",
        ),
    ),
)
