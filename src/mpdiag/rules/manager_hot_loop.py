"""Advice when a manager's proxy costs many times what shared memory does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Place, Rule
from mpdiag.model import Doc
from mpdiag.units import interval, number, seconds

#: Below this a proxy would be as good as shared memory in all but the tightest loops.
LIMIT = 10.0
#: The part of a core that operations on a proxy may take before they are worth a change.
SHARE = 0.1
#: Operations on proxies below which nothing is worth a change.
FEW = 100
#: What waits for others by design, by what the type's name contains; only the message itself is its cost.
WAITING = {
    "queue": {"get", "put", "join"},
    "acquirer": {"acquire", "__enter__"},
    "lock": {"acquire", "__enter__"},
    "semaphore": {"acquire", "__enter__"},
    "event": {"wait"},
    "condition": {"wait", "wait_for", "acquire", "__enter__"},
    "barrier": {"wait"},
}
#: What a message to a manager and its answer take at most where nothing has to be waited for.
MESSAGE = 200e-6
#: Operations that only look.
READING = {"__getitem__", "get", "__contains__", "__len__", "keys", "values", "items", "copy", "__getattribute__"}


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


def observed(run: Facts, managers: Facts) -> Iterator[Finding]:
    """Find proxies whose messages take a part of the time of the processes that use them."""
    rows = [row for row in managers.all() if ideals.at_least(row, "ops") > 0]
    used = sum(_used_s(row) / max(ideals.at_least(row, "processes"), 1) for row in rows)
    count = sum(ideals.amount(row, "ops") for row in rows)
    wall = run.number("wall_s")
    if count < FEW or not ideals.worth(used, wall):
        return
    worst = max(rows, key=_used_s)
    place, server = Place.of(worst), ideals.at_least(worst, "server_cpu_s")
    each = _used_s(worst) / ideals.amount(worst, "ops")
    yield RULE.finding(
        level="warning",
        place=place,
        gain=ideals.bound(used, run, "the processes that used proxies would not wait for the manager's answers"),
        concern=used / (SHARE * wall),
        seen=f"{number(count, '1')} operations on a manager's proxies took {seconds(sum(map(_used_s, rows)))} in all, "
        f"{seconds(used)} of the wall time; most by {worst['type']}.{worst['method']}{ideals.where(place)}, "
        f"{seconds(each)} each" + (f". The manager's one process worked for {seconds(server)}." if server else "."),
        do=_remedy(str(worst["method"])),
        evidence=(
            Evidence("wall time spent in operations", used, "s"),
            Evidence("reference: 5 % of the wall time", ideals.LEAST_SHARE * wall, "s"),
            Evidence("operations", count, "1"),
            Evidence("one operation of the most frequent kind", each, "s"),
        ),
    )


def _used_s(row: ideals.Row) -> float:
    """Seconds that operations cost, over all processes; of those that wait for others only the message."""
    kind, method = str(row.get("type")).lower(), row.get("method")
    taken = ideals.amount(row, "s")
    waits = any(name in kind and method in methods for name, methods in WAITING.items())
    return min(taken, MESSAGE * ideals.amount(row, "ops")) if waits else taken


def _remedy(method: str) -> str:
    """What to do in place of the most frequent operation."""
    if method in READING:
        return (
            "Fetch what is read once per task or batch: `settings = dict(proxy)`, or hand a plain copy to the workers "
            "by initargs. It is a snapshot: what changes later has to be sent."
        )
    return (
        "Collect in a local dict or list, return it from the task and merge it in the parent; where a proxy must stay, "
        "write once per batch by update() or extend(). For numbers take a Value or an Array."
    )


RULE: Final = Rule(
    module=__name__,
    id="MP504",
    judge=judge,
    run=observed,
    doc=Doc(
        title="Every operation on a manager's proxy is a message",
        why="A proxy holds no data. Each access pickles a request, sends it to the manager's process and waits for the "
        "pickled answer; one process serves all workers, so they queue there.",
        how=f"Setting an item of a Manager().dict() against adding to a locked Value, in the same rounds; reported "
        f"above {LIMIT:g}×. The rates follow from the time measured here. "
        "In an observed program: the time that each process spent in operations on proxies, without what waits by "
        "design (get() of a queue, acquire(), wait()). A warning from 5 % of the wall time on.",
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
