"""Advice when a queue, lock or shared value was handed to a pool's task, which refuses to carry it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc

#: How queues, locks and shared values refuse to be pickled.
SAYS = "should only be shared between processes through inheritance"


def observed(failures: Facts) -> Iterator[Finding]:
    """Find programs and tasks that failed because such an object was to be pickled."""
    for place, example, count in ideals.failed(failures, SAYS):
        yield RULE.finding(
            level="error",
            place=place,
            concern=20 * count,
            seen=f"An object that processes share was to travel as a task's argument or result{ideals.where(place)}: "
            f"{example}.",
            do="Hand it to every worker when it starts, by initializer= and initargs=, and keep it in a global there; "
            "or take the proxy that a Manager() gives.",
            evidence=(Evidence("refused", count, "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP207",
    run=observed,
    doc=Doc(
        title="An object that a pool cannot send to its tasks",
        why="Queues, locks and shared values reach a process when it starts. What a task is given travels as a pickle, "
        "and they refuse.",
        how="In an observed program: an error of just that text ended it, or one of its processes.",
        claim="'A Queue can be passed to any process' is right for args= of Process and for initargs= of a pool, which "
        "are handed over as a process starts; not for what tasks get later.",
        bad="""\
queue = Queue()
with Pool() as pool:
    pool.starmap(work, [(item, queue) for item in items])
""",
        good="""\
def keep(given):
    global queue
    queue = given

with Pool(initializer=keep, initargs=(Queue(),)) as pool:
    pool.map(work, items)
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#programming-guidelines",),
    ),
)
