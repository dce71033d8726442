"""Advice when results are awaited of a pool that was terminated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.ideals import Row
from mpdiag.model import Doc
from mpdiag.standstill import Standing


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find threads that wait for results of a pool that has no workers any more."""
    for row in standing.stuck(kind="within"):
        if row.get("pool_state") != "TERMINATE" and not _threadless(row, standing):
            continue
        pool = standing.pools.get(row.get("pool"), {})
        yield RULE.finding(
            **standstill.blame(row),
            seen=f"{standstill.waits(row)} for {standing.pool(row)}, which was "
            "terminated before they were there: leaving its with block does that.",
            do="Fetch the results inside the with block, or call close() and join() before it ends.",
            evidence=(
                Evidence("workers of the pool", standstill.count(pool, "workers"), "1"),
                Evidence("workers it had", standstill.count(pool, "asked"), "1"),
            ),
        )


def _threadless(row: Row, standing: Standing) -> bool:
    """Of a pool whose state is not known: whether none of its threads is left."""
    if row.get("pool_state") or row.get("library") != "multiprocessing/pool.py":
        return False
    return not any(str(each["job"]).startswith("_handle") for each in standing.threads(row["pid"]))


RULE: Final = Rule(
    module=__name__,
    id="MP411",
    hang=stuck,
    doc=Doc(
        title="Results fetched after the pool was terminated",
        why="The end of Pool's with block is terminate(), not close() and join(): tasks that still ran are killed, and "
        "get() of their results waits for ever.",
        how="Stuck: a thread waits for a result of a pool whose state is TERMINATE.",
        claim="'with waits for the work' is true of executors, not of multiprocessing.Pool.",
        bad="""\
with Pool() as pool:
    pending = [pool.apply_async(work, (item,)) for item in items]
results = [each.get() for each in pending]      # the pool is gone
""",
        good="""\
with Pool() as pool:
    pending = [pool.apply_async(work, (item,)) for item in items]
    results = [each.get() for each in pending]
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.pool.Pool.terminate",),
    ),
)
