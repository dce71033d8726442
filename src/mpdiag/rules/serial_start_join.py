"""Advice on processes each of which is joined before the next is started."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import number, seconds

#: The part of the processes joined before the next start, in a loop that does so.
MOST = 0.8


def observed(run: Facts, starts: Facts) -> Iterator[Finding]:
    """Find the places whose processes ran one at a time because each was joined at once."""
    yield from phases.each(starts.all(), lambda site: of_site(run, site))


def of_site(run: Facts, site: ideals.Row) -> Finding | None:
    """Judge the processes started at one place."""
    count, work = ideals.amount(site, "count"), ideals.amount(site, "work_s")
    if count < 2 or ideals.amount(site, "alive_max") > 1:
        return None
    if ideals.amount(site, "joined_at_once") < MOST * (count - 1):
        return None
    computes = ideals.amount(site, "work_cpu_s") >= work / 2
    together = min(count, phases.cores(run)) if computes else count
    loss = phases.loss(work * (1 - 1 / together), run, f"{number(together, '1')} of the processes would run at a time")
    if loss is None:
        return None
    place, target = Place.of(site), phases.named(site, "target", "the target")
    return RULE.finding(
        level="warning",
        place=place,
        gain=loss.gain,
        concern=loss.concern,
        seen=f"{count:,.0f} processes ran {target} one after the other{ideals.where(place)}: each was joined before "
        f"the next was started, for {seconds(work / count)} each.",
        do="Start them all (or as many as there are CPUs), and join them afterwards: two loops in place of one. If "
        "one needs what the one before did, they need no process.",
        evidence=(
            *loss.evidence,
            Evidence("processes at a time", ideals.amount(site, "alive_max"), "1"),
            Evidence("processes", count, "1"),
            Evidence("work of one", work / count, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP118",
    run=observed,
    doc=Doc(
        title="Each process joined before the next is started",
        why="join() waits: start() followed by join() in one loop runs the processes one at a time, slower than a "
        "plain loop by what they take to start.",
        how=f"Places whose processes were joined before the next start ({MOST:.0%} or more of them), never two "
        "alive, when running them together wins 5 % of the wall time.",
        claim="'start() runs it in parallel' is right until join() is called.",
        bad="""
            for part in parts:
                process = Process(target=convert, args=(part,))
                process.start()
                process.join()
        """,
        good="""
            processes = [Process(target=convert, args=(part,)) for part in parts]
            for process in processes:
                process.start()
            for process in processes:
                process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.join",),
    ),
)
