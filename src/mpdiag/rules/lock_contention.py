"""Advice when several processes that want one lock do less together than one does alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc, Measured
from mpdiag.units import interval, seconds

#: What all processes together manage relative to one alone; above, the lock costs no more than being a lock.
LIMIT = 0.9
#: Work between two updates, in contended updates, that keeps waiting for the lock below a tenth of the time.
SPACING = 10


def judge(shared_state: Facts) -> Iterator[Finding]:
    """Find the number of processes at which one lock wastes most."""
    ratios = {
        int(shared_state.number("processes", "contention", processes=row["processes"])): row["ratio"]
        for row in shared_state.rows("contention")
    }
    wasteful = {
        count: ratio for count, ratio in ratios.items() if isinstance(ratio, Measured) and ratio.at_most < LIMIT
    }
    if not wasteful:
        return
    count, ratio = min(wasteful.items(), key=lambda pair: pair[1].median)
    alone = shared_state.measured("total", "contention", processes=1)
    total = shared_state.measured("total", "contention", processes=count)
    contended = count / total.median
    yield RULE.finding(
        level="note",
        seen=f"{count} processes that add to one locked Value make {interval(total, '1/s')} updates together; one "
        f"alone makes {interval(alone, '1/s')}: {interval(ratio, 'x')}.",
        do=f"Count in a local variable and add the sum under the lock once per batch: with at least "
        f"{seconds(SPACING * contended)} of work between two updates of a worker, waiting stays below a tenth. Else "
        "take a lock per part of the data, or return results instead.",
        concern=1 / ratio.median,
        evidence=(
            Evidence.of(f"{count} processes : one", ratio, "x"),
            Evidence("reference: no loss", 1.0, "x"),
            Evidence("one contended update", contended, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP506",
    judge=judge,
    doc=Doc(
        title="One lock for all makes more processes slower",
        why="A lock lets one process through at a time. Held for every item it turns parallel work into serial work, "
        "and handing it over between processes costs more than the update itself.",
        how=f"1 to twice as many processes as usable CPUs share the same number of updates of one locked Value. "
        f"Reported when together they reach less than {LIMIT:g} of what one process does alone.",
        claim="Often read: locks are slow. An uncontended lock takes about a microsecond; what costs is several "
        "processes wanting the same one.",
        bad="""\
for item in items:
    with lock:
        total.value += price(item)
""",
        good="""\
subtotal = sum(price(item) for item in items)
with lock:
    total.value += subtotal
""",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#synchronization-between-processes",
            "https://docs.python.org/3/library/multiprocessing.html#sharing-state-between-processes",
        ),
    ),
)
