"""Advice when tasks or children failed and nobody looked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc

#: What is said of a failure, and what to do, by its kind.
KINDS = {
    "task": (
        "task",
        "tasks",
        "raised an exception",
        ("failed result was never fetched", "failed results were never fetched"),
        (
            "Fetch every result (get() of each AsyncResult, result() of each future, or iterate over the map), and "
            "decide there what a failed task means for the total; or pass error_callback."
        ),
    ),
    "exit": (
        "child",
        "children",
        "ended with an error",
        ("exit code was never read", "exit codes were never read"),
        "Look at exitcode after join(), or use an executor, whose result() raises what the child raised.",
    ),
}


def observed(run: Facts, failures: Facts) -> Iterator[Finding]:
    """Find failures that nobody learnt of; a program that failed itself has told, and a guard's failure is its own."""
    failed = run.rows()[0].get("exit") not in (0, None)
    guarded = bool(failures.all(kind="guard"))
    for row in failures.all():
        unread = ideals.at_least(row, "unread")
        if row.get("kind") not in KINDS or not unread or (row["kind"] == "exit" and (failed or guarded)):
            continue
        one, many, what, lost, do = KINDS[str(row["kind"])]
        place, count = Place.of(row), max(ideals.at_least(row, "count"), unread)
        example = f", such as {row['example']}" if row.get("example") else ""
        yield RULE.finding(
            level="error",
            place=place,
            concern=unread / count,
            seen=f"{ideals.counted(count, one, many)} {what}{example}; {ideals.counted(unread, *lost)}"
            f"{ideals.where(place)}. What they were to do is missing from the result without a word.",
            do=do,
            evidence=(
                Evidence("failures that nobody looked at", unread, "1"),
                Evidence("reference", 0, "1"),
                Evidence("failures", count, "1"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP607",
    run=observed,
    aliases=("silent-child-exception",),
    doc=Doc(
        title="Failures of tasks or children that nobody reads",
        why="An exception in a task is kept with its result, and an exit code with its process. If nobody fetches "
        "them, the program ends as if all had been done, and part of the result is missing.",
        how="In an observed program: tasks that raised and whose result was never fetched, nor given to an "
        "error_callback; and children that ended with an error, in a program that itself reported success, whose "
        "exitcode nobody read.",
        claim="'Exceptions in children are not printed' holds for tasks of pools and executors. A bare Process prints "
        "its traceback to stderr and ends with exit code 1. apply_async() calls callback for successes only.",
        bad="""\
for path in paths:
    pool.apply_async(load, (path,), callback=store)     # a failed one is never seen
pool.close()
pool.join()
""",
        good="""\
pending = [pool.apply_async(load, (path,)) for path in paths]
for result in pending:
    store(result.get())                                 # raises what the task raised
""",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.AsyncResult.get",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.exitcode",
        ),
    ),
)
