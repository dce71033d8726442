"""Advice when a task of a Pool leaves by sys.exit() or os._exit()."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for results of a Pool, some of whose workers ended with an exit code."""
    for row in standing.stuck(kind="within"):
        pool = standing.pools.get(row.get("pool"))
        if pool is None or pool["closed"] or "Executor" in str(pool["type"]):
            continue
        codes = [end for end in str(pool["ends"]).split(", ") if end.isdigit() and (end != "0" or not pool["replaces"])]
        if not codes:
            continue
        last = f"{pool['last']}()" if pool.get("last") else "a task"
        yield RULE.finding(
            **{**standstill.blame(row, sure=False), "level": "warning"},
            seen=f"{len(codes)} of the workers of the {pool['type']} made{standstill.at(pool)} ended with exit code "
            f"{standstill.some(codes)}: {last} called sys.exit() or os._exit(), which ends the worker, not the task.",
            do="Raise an exception instead, or catch SystemExit around code that was written for the command line.",
            evidence=(Evidence("workers that ended by themselves", len(codes), "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP416",
    hang=stuck,
    doc=Doc(
        title="A task that exits never gives its result",
        why="SystemExit is no Exception, so Pool does not catch it: the worker ends, another is started, and the "
        "result of the task never comes. An executor gives it back like any other exception; os._exit() breaks it.",
        how="Stuck: a thread waits for results of a Pool, and workers of it have ended with an exit code.",
        claim="'sys.exit() ends the task' is true of a thread and of a Process, not of a task of a Pool.",
        bad="""\
def convert(path):
    if path.suffix != ".csv":
        sys.exit(2)
""",
        good="""\
def convert(path):
    if path.suffix != ".csv":
        raise ValueError(path)
""",
        links=("https://docs.python.org/3/library/sys.html#sys.exit",),
    ),
)
