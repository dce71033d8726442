"""Advice when what a process sends cannot be rebuilt, or not even be sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Doc
from mpdiag.standstill import Standing


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find pools without the thread that takes results, and takers of messages that were dropped."""
    for row in standing.waits:
        of_pool = row.get("pool") or row.get("library") == "multiprocessing/pool.py"
        if row["kind"] == "within" and row.get("file") and of_pool and _lost_its_taker(row, standing):
            yield _of_pool(row, standing)
    for row in standing.stuck(kind="read"):
        lost = standing.dropped.all(object=row.get("channel"))
        if lost:
            yield _of_queue(row, lost, standing)


def _lost_its_taker(row: Row, standing: Standing) -> bool:
    """Whether a Pool's thread that takes results has died, while the others go on."""
    jobs = {each["job"] for each in standing.threads(row["pid"])}
    return "_handle_workers" in jobs and "_handle_results" not in jobs


def _of_pool(row: Row, standing: Standing) -> Finding:
    return RULE.finding(
        **standstill.blame(row),
        seen=f"{standstill.waits(row)} for {standing.pool(row)}, which will never "
        "come: its thread that takes results has died. The traceback is on standard error: a result or an exception "
        "could not be rebuilt here.",
        do="Make the exception picklable: hand all its arguments to super().__init__(), or define __reduce__. Check "
        "with pickle.loads(pickle.dumps(error)). ProcessPoolExecutor raises BrokenProcessPool instead.",
        evidence=(Evidence("threads that take results", 0, "1"), Evidence("reference", 1, "1")),
    )


def _of_queue(row: Row, lost: list[Row], standing: Standing) -> Finding:
    first = lost[0]
    return RULE.finding(
        **standstill.blame(row),
        seen=f"{standstill.waits(row)} for a message from "
        f"{standing.channel(str(row['channel']))}, but {len(lost)} that {first['process']} put could not be pickled "
        f"and never got in: {first['error']}.",
        do="Put what can be pickled: plain values and what is made of them; no locks, files, lambdas or generators. "
        "put() only hands over to a thread, so the error is on standard error, not at the call.",
        evidence=(Evidence("messages dropped", len(lost), "1"), Evidence("reference", 0, "1")),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP606",
    hang=stuck,
    doc=Doc(
        title="An exception that cannot be made again in the parent",
        why="What a worker sends is rebuilt in the parent. An exception whose __init__ wants other arguments than it "
        "hands to super().__init__() cannot be: the thread of Pool that takes results dies of it, and every get() "
        "waits for ever. A message for a Queue that cannot be pickled is dropped by the thread that feeds it.",
        how="Stuck: a thread waits for a Pool that has lost its thread _handle_results; or for a message from a queue "
        "into which one was put that could not be pickled.",
        claim="'Exceptions are pickled like anything else' is true of their args alone: pickle calls the class with "
        "them again.",
        bad="""\
class InvalidField(Exception):
    def __init__(self, form, field):
        super().__init__(f"form {form}: {field}")       # rebuilt with one argument
""",
        good="""\
class InvalidField(Exception):
    def __init__(self, form, field):
        super().__init__(form, field)
""",
        links=("https://docs.python.org/3/library/pickle.html#object.__reduce__",),
    ),
)
