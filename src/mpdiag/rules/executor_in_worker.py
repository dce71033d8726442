"""Advice when tasks wait for tasks of the executor that they run in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import standstill
from mpdiag.advice import Evidence, Finding, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find executors of which every worker waits for one of its own tasks, or the thread that hands out results."""
    yield from _called_back(standing)
    for pool, rows in standing.self_waiting():
        if "Executor" not in str(pool["type"]):
            continue
        row = rows[0]
        yield RULE.finding(
            **standstill.blame(row),
            seen=f"{standstill.waits(row, rows)} for {standing.pool(row)}, and is itself one of its "
            f"{standstill.count(pool, 'asked'):,} workers: no worker is left to run what it waits for.",
            do="Do not wait inside a task for tasks of the same executor: return what is to be done next and submit it "
            "outside, or use a second executor for the inner tasks.",
            evidence=(
                Evidence("workers that wait for the pool they are in", len(rows), "1"),
                Evidence("workers of the pool", standstill.count(pool, "asked"), "1"),
            ),
        )


def _called_back(standing: Standing) -> Iterator[Finding]:
    """Find callbacks that wait for results in the thread that alone could bring these."""
    for row in standing.stuck(kind="within", calls_back=True):
        results = row.get("pool") or row.get("states") or row.get("library") in standstill.WAITS_FOR
        if results:
            what = standing.pool(row) if row.get("pool") else "the result of a task"
            yield RULE.finding(
                **standstill.blame(row, sure=False),
                seen=f"{standstill.waits(row)} for {what}, in a callback that a task's end has called: it is itself "
                "the thread that brings results, so this one never comes.",
                do="Let callbacks only note or hand on what they are given: submit() there, but do not wait there. "
                "Take results where the tasks were submitted, by as_completed(…).",
                evidence=(Evidence("threads that could bring the result", 0, "1"), Evidence("reference", 1, "1")),
            )


RULE: Final = Rule(
    module=__name__,
    id="MP419",
    hang=stuck,
    doc=Doc(
        title="A worker uses the executor that it runs in",
        why="A task that calls result() on a task of the same executor occupies a worker while it waits. When all do, "
        "nobody is left to run what they wait for. In a forked worker of a ProcessPoolExecutor, the executor is a copy "
        "without threads, and nothing is ever submitted. A callback of a process pool runs in the only thread that "
        "takes results: one that waits for another result waits for itself.",
        how="Stuck: workers wait for results of the very executor that feeds them, or the thread of an executor or a "
        "Pool that brings results waits for one in a callback.",
        claim="'More workers help' only moves the point at which all of them wait.",
        bad="""\
def visit(folder):
    inner = [pool.submit(visit, each) for each in folders(folder)]
    return sum(future.result() for future in inner)         # in a worker of pool
""",
        good="""\
todo = {pool.submit(scan, root)}                            # scan returns folders
while todo:
    done, todo = wait(todo, return_when=FIRST_COMPLETED)
    todo |= {pool.submit(scan, each) for future in done for each in future.result()}
""",
        links=("https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.ThreadPoolExecutor",),
    ),
)
