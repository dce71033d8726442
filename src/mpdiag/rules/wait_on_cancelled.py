"""Advice when wait() or as_completed() is given futures that were cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Doc
from mpdiag.standstill import Standing

CALLS: Final = ("wait", "as_completed")
#: What threads do that fulfil futures.
SERVERS: Final = ("_worker", "wait_result_broken_or_wakeup")
#: States of futures that will still be told of.
PENDING: Final = frozenset({"PENDING", "RUNNING"})


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for futures of which all that are left were cancelled, but never told so."""
    for row in standing.stuck(kind="within"):
        states = set(str(row.get("states") or "").split(", "))
        cancelled = "CANCELLED" in states and not states & PENDING
        if row.get("api") in CALLS and (cancelled or _unserved(row, standing)):
            yield RULE.finding(
                **standstill.blame(row),
                seen=f"{standstill.waits(row)} for futures that were cancelled: "
                "shutdown(cancel_futures=True) does not tell those who wait for them.",
                do="Leave cancelled futures out: wait([f for f in futures if not f.cancelled()]). result() and "
                "exception() raise CancelledError at once.",
                evidence=(Evidence("states of the futures", ", ".join(sorted(states)) or "unknown"),),
            )


def _unserved(row: Row, standing: Standing) -> bool:
    """Of futures whose states are not known: whether no executor has a thread left that could fulfil them."""
    if row.get("states") or row.get("library") != "futures/_base.py":
        return False
    return not any(
        each["job"] in SERVERS or each["in_task"] or each.get("calls_back") for each in standing.threads(row["pid"])
    )


RULE: Final = Rule(
    module=__name__,
    id="MP415",
    hang=stuck,
    doc=Doc(
        title="A wait for futures that were cancelled",
        why="shutdown(cancel_futures=True) cancels what has not begun, but does not notify waiters: wait() and "
        "as_completed() on such a future never return (gh-136655), in every version up to 3.14.",
        how="Stuck: a thread is in wait() or as_completed(), and every future that is left is in the state CANCELLED.",
        claim="'A cancelled future is done' is true: done() says so, result() raises. It just was not announced.",
        bad="""\
pool.shutdown(cancel_futures=True)
done, _ = wait(futures)
""",
        good="""\
pool.shutdown(cancel_futures=True)
done, _ = wait([future for future in futures if not future.cancelled()])
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.shutdown",),
    ),
)
