"""Advice on shared numbers that are read and written without holding their lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, NotJudged, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, number

#: The most that two processes can lose when both do the same number of updates: all those of one.
MOST = 0.5


def judge(shared_state: Facts) -> Iterator[Finding]:
    """Count the updates that were lost without the lock; with it, none may be."""
    locked = shared_state.number("lost", "lost", means="Value, locked")
    expected = shared_state.number("expected", "lost", means="Value")
    lost = shared_state.number("lost", "lost", means="Value")
    if locked:
        yield RULE.finding(
            level="error",
            seen=f"{locked:,.0f} of {expected:,.0f} updates were lost although each held the lock: semaphores do not "
            "exclude each other on this machine.",
            do="Do not trust locks here: look for a sandbox or an emulated system that only pretends to have "
            "semaphores, and report it with this table.",
            concern=locked,
            evidence=(Evidence("updates lost under the lock", locked, "1"), Evidence("reference", 0, "1")),
        )
        return
    if not lost:
        raise NotJudged("no update was lost this time, which does not prove that += is safe without the lock")
    once = shared_state.measured("per_operation", means="Value, locked")
    yield RULE.finding(
        level="note",
        seen=f"Two processes adding to one Value by += lost at least {lost:,.0f} of {expected:,.0f} updates "
        f"({number(lost / expected, 'fraction')}; elsewhere 15–23 % were lost); with get_lock() none was.",
        do=f"Write `with v.get_lock(): v.value += 1` ({interval(once, 's')} here while nobody else wants the lock), or "
        "count in each worker and add the sums at the end.",
        concern=lost / expected / MOST,
        evidence=(
            Evidence("lost, at least", lost / expected, "fraction"),
            Evidence("reference: the most two can lose", MOST, "fraction"),
        ),
    )


def observed(values: Facts) -> Iterator[Finding]:
    """Find shared numbers that several processes read and wrote back without a lock in between."""
    for row in values.all():
        clashes = _clashes(row)
        if not clashes:
            continue
        place, writers = Place.of(row), ideals.amount(row, "writers")
        guard = "its get_lock()" if row.get("locked") else "a Lock (it was made with lock=False)"
        yield RULE.finding(
            level="error",
            place=place,
            concern=10 * clashes / max(ideals.at_least(row, "writes"), clashes),
            seen=f"{number(writers, '1')} processes updated the shared '{row['typecode']}'{ideals.where(place)} "
            f"{number(clashes, '1')} times by reading and writing it without a lock over both: what another process "
            "wrote in between was overwritten. Elsewhere two processes lost 15–23 % of their updates so.",
            do=f"Hold {guard} over the whole update: `with lock: v.value += n`. Better: add up in a local variable and "
            "update once at the end.",
            evidence=(
                Evidence("updates without a lock", clashes, "1"),
                Evidence("reference", 0, "1"),
                Evidence("processes that wrote", writers, "1"),
            ),
        )


def _clashes(row: ideals.Row) -> float:
    """Updates without a lock of what another process wrote too; each process may have elements of its own."""
    if ideals.at_least(row, "writers") < 2 or not ideals.at_least(row, "unlocked_updates"):
        return 0.0
    if row.get("length") == 1 and row.get("clashing") is None:
        return ideals.amount(row, "unlocked_updates")
    return ideals.amount(row, "clashing")


RULE: Final = Rule(
    module=__name__,
    id="MP502",
    judge=judge,
    run=observed,
    doc=Doc(
        title="+= on a shared Value loses updates",
        why="`v.value += 1` reads, adds and writes. A Value locks the reading and the writing, not what is between: "
        "another process's update that falls there is overwritten, without any error.",
        how="Two processes that start together add 1 to one number many times; what is missing at the end was lost. "
        "It is a lower bound: when the two happen not to overlap nothing is lost, and then this is not judged. "
        "In an observed program: Values, and elements of Arrays, that several processes wrote and that were read and "
        "written while the thread held no lock of multiprocessing.",
        claim="Often read: a Value is synchronised, so += is safe. False: each access is, the pair is not.",
        bad="""\
def work(counter):
    counter.value += 1
""",
        good="""\
def work(counter):
    with counter.get_lock():
        counter.value += 1
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Value",),
    ),
)
