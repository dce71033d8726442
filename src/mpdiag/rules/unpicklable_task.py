"""Advice when tasks failed because they cannot be pickled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import functions, ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc

#: What errors of pickling say, in every version.
SAYS = ("pickle", "Pickl")


def observed(failures: Facts) -> Iterator[Finding]:
    """Find tasks and children that failed with an error of pickling."""
    for row in failures.all():
        example, count = str(row.get("example") or ""), ideals.at_least(row, "count")
        if row.get("kind") == "log" or not count or not any(text in example for text in SAYS):
            continue
        if ideals.OF_ONE_PROCESS.search(example):
            continue
        place = Place.of(row)
        yield RULE.finding(
            level="error",
            place=place,
            concern=20 * count,
            seen=f"{ideals.counted(count, 'task')} could not be handed to another process{ideals.where(place)}: "
            f"{example}.",
            do="Define the function at the top of a module and give it plain data: no lambda, no function or class "
            "inside a function, no open file, lock, connection or generator. A bound method drags its instance along, "
            "and all that hangs on it.",
            evidence=(Evidence("tasks that cannot be pickled", count, "1"), Evidence("reference", 0, "1")),
        )


def of_function(sized: Facts) -> Iterator[Finding]:
    """Report a function that cannot be sent to processes, or whose items or results cannot."""
    task = functions.task(sized)
    if not task["denied"]:
        return
    yield RULE.finding(
        level="warning",
        concern=20,
        seen=f"{task['target']} cannot be given to other processes: {task['denied']}.",
        do="Define the function at the top of a module, give it plain data and let it return plain data: no lambda, "
        "no open file, lock, connection or generator. Threads need no pickling.",
        evidence=(Evidence("can be pickled", False), Evidence("reference", True)),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP204",
    run=observed,
    size=of_function,
    doc=Doc(
        title="A task that cannot be pickled",
        why="What a process is given travels as a pickle: functions by their name in a module, objects by their "
        "parts. A lambda has no such name, an open file or a lock no parts. The error comes from a helper thread of "
        "the pool, far from the call.",
        how="In an observed program: tasks and children that failed with an error that speaks of pickling. "
        "Of a measured function: when it, an item or a result cannot be pickled and unpickled.",
        claim="'It works on Linux' is true of arguments of Process under fork, which are not pickled; tasks of pools "
        "are, under every start method, and from Python 3.14 on Process starts by forkserver on Linux.",
        bad="""\
with ProcessPoolExecutor() as pool:
    list(pool.map(lambda row: row.price * rate, rows))
""",
        good="""\
def price(row, rate):
    return row.price * rate

with ProcessPoolExecutor() as pool:
    list(pool.map(price, rows, itertools.repeat(rate)))
""",
        links=("https://docs.python.org/3/library/pickle.html#what-can-be-pickled-and-unpickled",),
    ),
)
