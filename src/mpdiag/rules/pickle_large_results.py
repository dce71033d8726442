"""Advice when what workers return keeps the parent from anything but unpickling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import number, seconds, size


def observed(run: Facts, pools: Facts, tasks: Facts) -> Iterator[Finding]:
    """Find pools that lose time to the pickling of large results."""
    for pool in ideals.process_pools(pools):
        each = ideals.amount(pool, "result_b")
        if each < ideals.LARGE or ideals.outdone(pool, tasks):
            continue
        args, results = ideals.carried_s(pool)
        recoverable = ideals.blamed_s(results, args + results, ideals.idle_s(pool, ideals.usable(run)))
        if ideals.worth(recoverable, run.number("wall_s")):
            yield finding(run, pool, recoverable)


def finding(run: Facts, pool: ideals.Row, recoverable: float) -> Finding:
    """What the results of ``pool`` cost."""
    place, count, each = Place.of(pool), ideals.amount(pool, "tasks"), ideals.amount(pool, "result_b")
    there, here = ideals.amount(pool, "result_pickle_s"), ideals.amount(pool, "result_unpickle_s")
    reference = ideals.LEAST_SHARE * run.number("wall_s")
    return RULE.finding(
        level="warning",
        place=ideals.line_of(pool, "submit"),
        gain=ideals.bound(recoverable, run, "the tasks would only compute, and the parent not wait for its unpickling"),
        concern=recoverable / reference,
        seen=f"{number(count, '1')} tasks of the {pool['type']}{ideals.where(place)} returned {size(each)} each, "
        f"{size(each * count)} in all. Pickling that took the workers {seconds(there)}, and unpickling it took one "
        f"thread of the parent {seconds(here)}; the tasks worked for {seconds(ideals.amount(pool, 'task_s'))} in all.",
        do="Return what the parent uses: sum, filter or count in the worker. If it needs all of it, let the worker "
        "write a file or a shared-memory segment and return its name, or return arrays in place of lists of objects.",
        evidence=(
            Evidence("wall time lost to results", recoverable, "s"),
            Evidence("reference: 5 % of the wall time", reference, "s"),
            Evidence("result of a task", each, "B"),
            Evidence("tasks", count, "1"),
            Evidence("pickling results in the workers", there, "s"),
            Evidence("unpickling results in the parent", here, "s"),
        ),
    )


def of_cluster(cluster: Facts) -> Iterator[Finding]:
    """Find runs on a cluster in which the client had to wait for results that were there."""
    waited, came = cluster.number("result_s"), cluster.number("result_b")
    loss = phases.loss(waited, cluster, "the results would stay on the workers, or be small")
    if came >= ideals.LARGE * cluster.number("tasks") and loss:
        yield RULE.finding(
            level="warning",
            gain=loss.gain,
            concern=loss.concern,
            seen=f"{size(came)} of results came to the client, for which it waited {seconds(waited)} when all tasks "
            "were done.",
            do="Gather only what the client uses: sum, filter or count on the workers; let tasks write what is large "
            "(to_parquet, to_zarr), or keep it there with persist().",
            evidence=(*loss.evidence, Evidence("results", came, "B")),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP202",
    run=observed,
    fleet=of_cluster,
    aliases=("large-return-pickle",),
    doc=Doc(
        title="Large results are pickled back though less would do",
        why="Each result is pickled in its worker and unpickled in the parent, by one thread for all workers. Large "
        "results so make the parent the slowest of all, and more workers only make it more to unpickle.",
        how=f"In an observed program: pools whose tasks returned {ideals.LARGE // 1024} KiB or more each, the time "
        "their workers were without work, and the part of pickling results in what carrying arguments and results "
        "took. A warning from 5 % of the wall time on. On a cluster: what the client waited for results of "
        f"{ideals.LARGE // 1024} KiB a task or more once the tasks were done.",
        claim="'Return values are cheap, arguments are not' is wrong: both are pickled, and results by one thread at "
        "the receiving end. Bytes and arrays are copied at some GB/s; lists of objects take 0.2–2 µs for each object.",
        bad="""\
def backtest(window):
    return [Trade(...) for day in days]                     # 60,000 objects, pickled one by one

profits = [sum(trade.profit for trade in trades) for trades in pool.imap(backtest, windows)]
""",
        good="""\
def backtest(window):
    return sum(Trade(...).profit for day in days)           # a number

profits = list(pool.imap(backtest, windows))
""",
        applies="process pools on every Python version and system; threads return the object itself",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#programming-guidelines",
            "https://docs.python.org/3/library/multiprocessing.shared_memory.html",
        ),
    ),
)
