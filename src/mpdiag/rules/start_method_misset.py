"""Advice on a start method set where it fails, or where it hides a conflict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, phases
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc


def observed(methods: Facts) -> Iterator[Finding]:
    """Find calls of set_start_method that children repeated, that failed or that were forced."""
    yield from phases.each(methods.all(), lambda call: of_call(call, sum(1 for row in methods.all() if in_parent(row))))


def in_parent(call: ideals.Row) -> bool:
    """Whether a call was the program's own, not a child's import of it."""
    return ideals.amount(call, "count") > ideals.at_least(call, "importing")


def of_call(call: ideals.Row, calls: int) -> Finding | None:
    """Judge the calls at one place."""
    again, raised = ideals.amount(call, "importing"), ideals.amount(call, "raised")
    if not again and not raised and not (call.get("force") and calls > 1):
        return None
    place = Place.of(call)
    what = []
    if again:
        what.append(f"children ran it again {ideals.counted(again, 'time')} while they imported the main module")
    if raised:
        what.append(f"it failed {ideals.counted(raised, 'time')}, because the method had been set")
    if call.get("force") and calls > 1:
        what.append(f"force=True overrode one of {calls} settings")
    return RULE.finding(
        level="warning" if raised else "note",
        place=place,
        concern=max(raised, again, 1.0),
        seen=f"set_start_method({call.get('method')!r}){ideals.where(place)}: {'; '.join(what)}.",
        do="Call it once, under if __name__ == '__main__', before anything of multiprocessing is made. In a library, "
        "or for one pool: context = multiprocessing.get_context(…), and context.Pool(), context.Queue(), "
        "context.Lock().",
        evidence=(
            Evidence("calls", ideals.amount(call, "count"), "1"),
            Evidence("reference: calls of a program", 1, "1"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP110",
    run=observed,
    doc=Doc(
        title="The start method is set in the wrong place",
        why="At import, each spawned child sets it again and may fail; a second call raises RuntimeError; and "
        "force=True hides that two parts of a program disagree, whose locks and queues then do not fit their "
        "processes.",
        how="Calls of set_start_method in children that import the main module, calls that raised, and calls with "
        "force=True beside others.",
        claim="'set_start_method(…, force=True) unifies behaviour' holds for what is made afterwards only.",
        bad="""
            multiprocessing.set_start_method("spawn", force=True)      # at the top of a module
        """,
        good="""
            if __name__ == "__main__":
                multiprocessing.set_start_method("spawn")
                main()
        """,
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.set_start_method",),
    ),
)
