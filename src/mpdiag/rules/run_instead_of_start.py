"""Advice on Process.run() called where start() was meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import seconds


def observed(run: Facts, inline: Facts) -> Iterator[Finding]:
    """Find processes whose work was done by the process that made them."""
    yield from phases.each(inline.all(), lambda call: of_call(run, call))


def of_call(run: Facts, call: ideals.Row) -> Finding | None:
    """Judge the calls at one place; they are a mistake however little they take."""
    count, spent = ideals.amount(call, "count"), ideals.amount(call, "s")
    if not count:
        return None
    together = min(count, phases.cores(run)) if ideals.amount(call, "cpu_s") >= spent / 2 else count
    saved = spent - max(spent / max(together, 1.0), ideals.amount(call, "s_max"))
    loss = phases.loss(saved, run, "started as processes they would run at the same time")
    place, target = Place.of(call), phases.named(call, "target", "the target")
    return RULE.finding(
        level="warning" if loss else "note",
        confidence="inferred" if call.get("sampled") else "measured",
        place=place,
        gain=loss.gain if loss else None,
        concern=loss.concern if loss else 1.0,
        seen=f"run() was called on {count:,.0f} {'process' if count == 1 else 'processes'}{ideals.where(place)}: "
        f"{target} ran for {seconds(spent)} in the process that called it, and no process was started.",
        do="Call start(), which makes the process and calls run() there; then join().",
        evidence=(
            Evidence("calls of run()", count, "1"),
            Evidence("reference: calls that a program needs", 0, "1"),
            Evidence("time in them", spent, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP115",
    run=observed,
    doc=Doc(
        title="run() called in place of start()",
        why="run() is what a started process calls. Called directly it does the work at once, here, one after the "
        "other.",
        how="Calls of Process.run() in the process that made the object, not from its own start; of a "
        "subclass with a run() of its own, stack samples of it there. A warning when starting them would win 5 % of "
        "the wall time.",
        bad="""
            process = Process(target=convert, args=(path,))
            process.run()
        """,
        good="""
            process = Process(target=convert, args=(path,))
            process.start()
            process.join()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.Process.run",),
    ),
)
