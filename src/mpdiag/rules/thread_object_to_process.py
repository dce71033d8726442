"""Advice when an open file, a connection or a thread's queue was to be handed to another process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc


def observed(failures: Facts) -> Iterator[Finding]:
    """Find programs, tasks and children that failed because such an object cannot be pickled."""
    for row in failures.all():
        example, count = str(row.get("example") or ""), ideals.at_least(row, "count")
        found = ideals.OF_ONE_PROCESS.search(example)
        if not found or not count or row.get("kind") == "log":
            continue
        place = Place.of(row)
        yield RULE.finding(
            level="error",
            place=place,
            concern=20 * count,
            seen=f"A {found[1]} was to be handed to another process{ideals.where(place)}: {example}.",
            do="It belongs to the process that made it. Hand over what it takes to make one (the path, the address, "
            "how to connect) and open it in the other process; in place of a queue of threads take "
            "multiprocessing.Queue.",
            evidence=(Evidence("refused", count, "1"), Evidence("reference", 0, "1")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP208",
    run=observed,
    doc=Doc(
        title="A thread's object handed to a process",
        why="What belongs to the threads of one process means nothing in another. Under fork the child has a copy: it "
        "fills its own queue, takes its own lock. Under spawn it cannot even be pickled.",
        how="In an observed program: an error of pickling that names an open file, a socket, a database connection, a "
        "thread or a queue of threads. Locks are left to MP204: anything may have one inside.",
        claim="'It works on Linux' is true of arguments of Process under fork, which are not pickled; that the copy is "
        "another file position, queue or lock shows later.",
        bad="""\
log = open("log.txt", "a")
with Pool() as pool:
    pool.starmap(work, [(item, log) for item in items])
""",
        good="""\
with Pool() as pool:
    pool.starmap(work, [(item, "log.txt") for item in items])
""",
        links=("https://docs.python.org/3/library/pickle.html#what-can-be-pickled-and-unpickled",),
    ),
)
