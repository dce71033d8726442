"""Advice on tasks that wait and are given no more workers than there are CPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Rule, known
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, number

#: A gain below this is not worth more workers.
LIMIT = 1.5


def judge(pool_sizing: Facts, python: Mapping[str, Any]) -> Iterator[Finding]:
    """Compare as many waiting workers as an executor of processes has by default with the best number."""
    default, threads = known(python, "executor_workers"), known(python, "thread_workers")
    best = pool_sizing.measured("speedup", "recommended", work="waiting")
    workers = int(pool_sizing.number("workers", "recommended", work="waiting"))
    fewer, few = as_many_as(pool_sizing, default)
    gain = best.at_least / few.at_most
    if gain <= LIMIT:
        return
    yield RULE.finding(
        level="note",
        concern=best.median / few.median / LIMIT,
        seen=f"Tasks that wait ran {interval(few, 'x')} as fast as in a loop on {fewer} workers and "
        f"{interval(best, 'x')} on {workers}; by default a ProcessPoolExecutor has {number(default, '1')} here, "
        f"a ThreadPoolExecutor {number(threads, '1')}.",
        do=f"Keep as many waiting tasks in flight as the other side bears, by threads or asyncio: "
        f"ThreadPoolExecutor(max_workers={workers}) still pays on this machine. The tasks measured only sleep, so "
        "connection and rate limits are yours to observe.",
        evidence=(
            Evidence("speed-up : speed-up at the CPU count", best.median / few.median, "x"),
            Evidence("reference: a gain worth more workers", LIMIT, "x"),
            Evidence.of(f"speed-up of {workers} workers", best, "x"),
            Evidence.of(f"speed-up of {fewer} workers", few, "x"),
        ),
    )


def as_many_as(facts: Facts, limit: int) -> tuple[int, Measured]:
    """The most waiting threads tried that are no more than ``limit``, and their speed-up."""
    gains = {
        count: gain
        for row in facts.rows("waiting", kind="threads")
        if isinstance(count := row.get("workers"), int) and isinstance(gain := row.get("speedup"), Measured)
    }
    counts = [count for count in gains if count <= limit]
    if not counts:
        raise NotJudged(f"pool_sizing did not try {limit} or fewer waiting threads")
    return max(counts), gains[max(counts)]


RULE: Final = Rule(
    module=__name__,
    id="MP403",
    judge=judge,
    doc=Doc(
        title="Too few workers for tasks that wait",
        why="A task that waits needs no CPU: with one worker per CPU almost all of the time is spent waiting for one "
        "reply after the other.",
        how="Tasks that sleep on 1 to 64 warm workers against a plain loop. Reported when the best number is more than "
        f"{LIMIT:g} times as fast as the default size of a ProcessPoolExecutor.",
        claim='Often read: "I/O with cpu_count() workers suffers from context switches, 4 to 8 are steadier". Wrong: '
        "such pools are too small; time falls with the number of workers up to the limit of the other side, and the "
        "number of context switches does not grow with it.",
        bad="""\
with ThreadPoolExecutor(os.cpu_count()) as pool:
    pages = list(pool.map(download, urls))
""",
        good="""\
with ThreadPoolExecutor(max_workers=64) as pool:  # as many as the server allows
    pages = list(pool.map(download, urls))
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor",),
    ),
)
