"""Advice when a queue or lock was collected in the parent before its child had opened it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc


def observed(failures: Facts) -> Iterator[Finding]:
    """Find children that failed as they opened what their parent had given them."""
    for row in failures.all(kind="exit", opening=True):
        place, count = Place.of(row), ideals.at_least(row, "count")
        yield RULE.finding(
            level="error",
            place=place,
            concern=20 * count,
            seen=f"{ideals.counted(count, 'process', 'processes')} started there{ideals.where(place)} died before the "
            "work began: a lock or queue that was given along was gone when the child opened it by name "
            f"({row.get('example')}).",
            do="Keep what a child is given until it has ended: return it with the process, store it, or join the "
            "process in the function that made it.",
            evidence=(Evidence("children that failed so", count, "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP512",
    run=observed,
    doc=Doc(
        title="A queue or lock that is dropped too early",
        why="A child that is started anew opens the semaphores of queues and locks by name, some time after start() "
        "has returned. If nobody in the parent holds them by then, they are unlinked, and the child fails.",
        how="In an observed program: children that ended by FileNotFoundError while they opened a semaphore.",
        claim="'args= keeps what it is given' is right for as long as the Process object keeps it, which start() ends.",
        bad="""\
def start():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    return process                                  # nobody holds the queue
""",
        good="""\
def start():
    queue = Queue()
    process = Process(target=work, args=(queue,))
    process.start()
    return process, queue
""",
        applies="spawn and forkserver",
        links=("https://docs.python.org/3/library/multiprocessing.html#programming-guidelines",),
    ),
)
