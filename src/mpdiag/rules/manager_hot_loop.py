"""Advice when a manager's proxy costs many times what shared memory does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, number, seconds

#: Below this a proxy would be as good as shared memory in all but the tightest loops.
LIMIT = 10.0
#: The part of a core that operations on a proxy may take before they are worth a change.
SHARE = 0.1


def judge(shared_state: Facts) -> Iterator[Finding]:
    """Compare an operation of a Manager().dict() with a locked Value and with a Pipe's round trip."""
    proxy = shared_state.measured("per_operation", means="Manager dict")
    trip = shared_state.measured("per_operation", means="Pipe")
    ratio = shared_state.measured("ratio", means="Manager dict")
    if ratio.at_least <= LIMIT:
        return
    yield RULE.finding(
        level="note",
        seen=f"One operation on a Manager().dict() takes {interval(proxy, 's')}: {interval(ratio, 'x')} an update of a "
        f"locked Value (the usual claim is only 'slow, a network protocol'). A bare Pipe's round trip takes "
        f"{interval(trip, 's')}.",
        do=f"Keep proxies out of inner loops: above {number(SHARE / proxy.median, '1/s')} a worker spends more than a "
        f"tenth of its time there. One worker's operations reach {number(1 / proxy.median, '1/s')} at most, and all "
        f"workers share one server process. Pass arguments, return results, fetch a container once as a copy "
        f"and write it back whole; for numbers take a Value ({seconds(proxy.median / ratio.median)}).",
        concern=ratio.median / LIMIT,
        evidence=(
            Evidence.of("Manager().dict() : locked Value", ratio, "x"),
            Evidence("reference", LIMIT, "x"),
            Evidence.of("one operation", proxy, "s"),
        ),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP504",
    judge=judge,
    doc=Doc(
        title="Every operation on a manager's proxy is a message",
        why="A proxy holds no data. Each access pickles a request, sends it to the manager's process and waits for the "
        "pickled answer; one process serves all workers, so they queue there.",
        how=f"Setting an item of a Manager().dict() against adding to a locked Value, in the same rounds; reported "
        f"above {LIMIT:g}×. The rates follow from the time measured here.",
        claim="Often read: a Manager uses a network protocol. By default it is a local socket (a named pipe on "
        "Windows), about the cost of a Pipe's round trip plus a pickled call. Changes to what lies inside a proxied "
        "container are lost besides: d[key].append(x) changes a copy.",
        bad="""\
def work(shared, items):
    for item in items:
        shared["done"] += 1     # two messages, and not atomic
""",
        good="""\
def work(items):
    return sum(handle(item) for item in items)

with ProcessPoolExecutor() as pool:
    done = sum(pool.map(work, batches))
""",
        links=("https://docs.python.org/3/library/multiprocessing.html#managers",),
    ),
)
