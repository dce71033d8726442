"""Advice when children went on after their program had ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, standstill
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing
from mpdiag.units import seconds

#: Helpers of multiprocessing end a moment after the program, and by themselves.
HELPERS = ("main", "resource_tracker", "forkserver")
#: Seconds that a child may take to notice that its program has ended.
GRACE = 0.5


def observed(run: Facts, processes: Facts) -> Iterator[Finding]:
    """Find children that were alive after the main process had ended."""
    ended = max((ideals.at_least(row, "ended_s") for row in processes.all(role="main")), default=0.0)
    ended = ended or run.number("wall_s")
    after = {
        index: ideals.at_least(row, "ended_s") - ended if row.get("ended_s") is not None else None
        for index, row in enumerate(processes.all())
        if row.get("role") not in HELPERS
    }
    late = [index for index, seconds_later in after.items() if seconds_later is None or seconds_later > GRACE]
    if not late:
        return
    first = processes.all()[late[0]]
    place, longest = Place.of(first), max((after[index] or 0.0 for index in late), default=0.0)
    what = first.get("target") or first.get("name") or first.get("role")
    still = sum(after[index] is None for index in late)
    yield RULE.finding(
        level="warning",
        place=place,
        concern=len(late),
        seen=f"{ideals.counted(len(late), 'child', 'children')} outlived the program, among them "
        f"{what}{ideals.where(place)}: "
        + (f"{still} still ran when we looked last." if still else f"the last ended {seconds(longest)} later."),
        do="End children before the program ends: join() them after a sentinel or an Event, use with blocks for pools, "
        "and daemon=True for helpers that may be cut off. When the program may be killed, let children watch "
        "multiprocessing.parent_process().sentinel.",
        evidence=(
            Evidence("children that outlived the program", len(late), "1"),
            Evidence("reference", 0, "1"),
            Evidence("the last ended later by", longest if not still else None, "s"),
        ),
    )


def stuck(standing: Standing) -> Iterator[Finding]:
    """Find programs that are done, but for children whose end they wait for."""
    for row in standing.waits:
        member = standing.members[row["pid"]]
        if member["role"] != "main" or not (row["main"] and row["exits"] and row["kind"] == "process"):
            continue
        name = standing.process(str(row["object"]))
        child = next(standing.threads(standing.ended_by(row)[0], main=True), None)
        does = f", which {standing.what(child)}{standstill.within_call(child)}" if child else ""
        endless = child is not None and not child["can_move"]
        yield RULE.finding(
            **{**standstill.blame(row), "level": "error" if endless else "warning"},
            seen=f"The program is done, but waits for its child {name} to end{does}.",
            do="Tell the child that there is no more: a sentinel through its queue, or an Event; then join() it. Or "
            "start it with daemon=True, and it is ended with the program.",
            evidence=(
                Evidence("children that the end of the program waits for", 1, "1"),
                Evidence("reference", 0, "1"),
            ),
        )


RULE: Final = Rule(
    module=__name__,
    id="MP612",
    run=observed,
    hang=stuck,
    doc=Doc(
        title="Children outlive the program",
        why="A process whose parent was killed, or left by os._exit(), goes on: it holds memory, ports and files, and "
        "often waits for messages that nobody sends.",
        how=f"In an observed program: children other than multiprocessing's own helpers that were alive {GRACE:g} s "
        "after the main process had ended.",
        claim="'daemon=True ends a child with its parent' holds when the parent ends by itself: it terminates daemons "
        "at exit. A parent that is killed cannot, and leaves daemons behind as well.",
        bad="""\
Process(target=serve, args=(requests,)).start()
os._exit(0)                         # or SIGKILL: serve() waits for ever
""",
        good="""\
def serve(requests):
    parent = multiprocessing.parent_process()
    while True:
        ready = connection.wait([requests, parent.sentinel])
        if parent.sentinel in ready:
            return
        handle(requests.recv())
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#multiprocessing.parent_process",),
    ),
)
