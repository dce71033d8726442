"""What the workers of pools did: their tasks, and how evenly those were spread."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapreplace
from typing import Any

from mpdiag.tap.layout import SELF
from mpdiag.watch.books import Book, Slot, Task
from mpdiag.watch.pools import PoolSeen, Worker

#: What a task may do, beside computing, that has a tap.
DOINGS = ("lock", "manager", "put", "send", "recv", "get", "result", "join")
#: What it waits for then is the program's own doing: nothing that more workers would wait for at the same time.
OWN_WAITS = ("result", "join")
#: The part of all arguments' bytes below which an attribute of the object whose method it is does not count.
LIGHT = 0.05


def done(tasks: Sequence[Slot], working: Sequence[Worker], at_once: float) -> dict[str, Any]:
    """What the tasks took; ``at_once`` is how many ran at a time, in the mean, if threads had to take turns."""
    ring = [task for worker in working for task in worker.tasks]
    lasted = sorted(task.ended_s - task.began_s for task in ring)
    computed = sorted(task.cpu_s for task in ring)
    count, items = sum(slot.count for slot in tasks), sum(slot.empty for slot in tasks)
    wall, cpu = sum(slot.wall_s for slot in tasks), sum(slot.cpu_s for slot in tasks)
    inside = list(within_tasks(working))
    locked = sum(slot.wall_s for slot in inside if slot.kind == "lock")
    known = cpu + locked + sum(slot.wall_s for slot in inside if slot.kind in ("manager", "put", "send"))
    known += sum(slot.s for slot in inside if slot.kind in OWN_WAITS)
    ready = sum(task_ready_s(worker) for worker in working)
    if threads(working):
        # Each may have kept all the others waiting for the GIL.
        known += at_once * cpu + max(at_once, 1.0) * queueing_s(working)
    return {
        "tasks": count,
        "items": items,
        "chunksize": statistics.median(task.items for task in ring) if ring else None,
        "task_s": wall,
        "task_cpu_s": cpu,
        "task_median": statistics.median(lasted) if lasted else None,
        "task_p99": at_99_percent(lasted),
        "task_max": max((slot.max_s for slot in tasks), default=None),
        "task_cpu_median": statistics.median(computed) if computed else None,
        "task_cpu_p99": at_99_percent(computed),
        "task_cpu_max": computed[-1] if computed else None,
        "task_max_args": types_of_longest(tasks, working),
        "item_s": wall / items if items else None,
        "task_lock_s": locked,
        "task_manager_s": sum(slot.wall_s for slot in inside if slot.kind == "manager"),
        "task_ready_s": ready if all(worker.ready_s is not None for worker in working) else None,
        "task_wait_s": max(0.0, wall - known - ready),
    }


def at_99_percent(ordered: Sequence[float]) -> float | None:
    """The value that 99 % of the others do not exceed; None if there are none."""
    return ordered[int(0.99 * (len(ordered) - 1))] if ordered else None


def threads(working: Sequence[Worker]) -> bool:
    """Whether these are threads."""
    return any("main" not in worker.threads for worker in working)


def queueing_s(working: Sequence[Worker]) -> float:
    """The time for which threads waited for a CPU."""
    vitals = {worker.life.pid: worker.life.vital for worker in working}.values()
    return sum((vital.ready_s or 0.0) - (vital.main_ready_s or 0.0) for vital in vitals if vital)


def types_of_longest(tasks: Sequence[Slot], working: Iterable[Worker]) -> str | None:
    """The types of the arguments of the longest task, as far as they were noted."""
    longest = max(tasks, key=lambda slot: slot.max_s, default=None)
    noted = [
        (event.facts[1], event.facts[2])
        for book in {worker.book.pid: worker.book for worker in working}.values()
        for event in book.noted("longest")
        if longest and event.facts[0] == longest.name
    ]
    return max(noted, default=(0, None))[1]


def within_tasks(working: Iterable[Worker]) -> Iterator[Slot]:
    """What tasks did that has a tap: their lines are the user's."""
    return (slot for worker in working for slot in worker.slots(*DOINGS) if slot.file)


def task_ready_s(worker: Worker) -> float:
    """The part of its waiting for a CPU that fell into tasks.

    That is known of its life as a whole. Less what went by before it could work, it is spread over what it did by CPU
    time or by wall time, whichever gives tasks more: waiting for something else is told only where it is certain.
    """
    vital, before = worker.life.vital, worker.life.work_began_s - worker.life.born_s
    ready = max(0.0, (worker.ready_s or 0.0) - kept_waiting(worker) * before)
    if not ready or not vital:
        return 0.0
    wall, cpu = sum(slot.wall_s for slot in worker.slots("task")), sum(slot.cpu_s for slot in worker.slots("task"))
    idle = sum(slot.s for slot in worker.slots("wait_task"))
    parts = [
        wall / max(worker.life.life_s - idle - before, wall, 1e-9),
        cpu / vital.main_cpu_s if vital.main_cpu_s else 0.0,
    ]
    return min(ready * min(1.0, max(parts)), max(0.0, wall - cpu))


def kept_waiting(worker: Worker) -> float:
    """The part of its imports for which a worker had no CPU: importing computes, and so does all of a start."""
    imports = list(worker.slots("import", "main_import"))
    wall = sum(slot.s for slot in imports)
    return 1.0 - sum(min(slot.cpu_s, slot.s) for slot in imports) / wall if wall else 0.0


# --- how the work was spread


def shape(group: Sequence[PoolSeen], task_s: float) -> dict[str, Any]:
    """How busy the workers of one place's pools were, and how many at once."""
    phase, workers = sum(pool.phase_s for pool in group), max(1, group[0].asked)
    tails = [tail(pool) for pool in group]
    queued = [seconds for pool in group for seconds in queueing(pool)]
    return {
        "queue_s": statistics.median(queued) if queued else None,
        "wait_task_s": sum(slot.s for pool in group for slot in pool.working("wait_task")),
        "busy_share": min(1.0, task_s / (workers * phase)) if phase else None,
        "concurrency": concurrency(group),
        "concurrency_max": max((pool.running[2] for pool in group), default=None),
        "imbalance": sum(between for between, _ in tails),
        "tail_s": sum(alone for _, alone in tails),
        "in_order_s": in_order(group),
        **alone(group),
    }


def alone(group: Sequence[PoolSeen]) -> dict[str, float]:
    """How many tasks ran while hardly any other of their pool did, and the time of these, judged by the last ones."""
    found = [(sum(slot.count for slot in pool.working("task")), pool) for pool in group]
    return {
        "alone": sum(count * pool.alone[0] for count, pool in found),
        "alone_s": sum(sum(slot.wall_s for slot in pool.working("task")) * pool.alone[1] for _, pool in found),
    }


def concurrency(group: Sequence[PoolSeen]) -> float | None:
    """How many of the last tasks ran at a time, in the mean, while any did."""
    running = [pool.running for pool in group]
    span = sum(each for each, _, _ in running)
    return sum(total for _, total, _ in running) / span if span else None


def queueing(pool: PoolSeen) -> list[float]:
    """How long each of its last tasks lay ready before a worker began it.

    Nobody notes when each was handed out: in the order of their beginning, evenly from the first call that hands out
    work to the last one.
    """
    calls = list(pool.own("submit"))
    began = sorted(task.began_s for worker in pool.workers for task in worker.tasks)
    count = sum(slot.count for slot in calls)
    if not began or not count:
        return []
    first, last = min(slot.first_s for slot in calls), max(slot.last_s for slot in calls)
    step = (last - first) / max(count - 1, 1)
    total = max(sum(slot.count for slot in pool.working("task")), len(began))
    before = total - len(began)
    return [max(0.0, at - first - (before + number) * count // total * step) for number, at in enumerate(began)]


def tail(pool: PoolSeen) -> tuple[float, float]:
    """The time between the first and the last worker's end of work, and how long some of them had nothing to do.

    A worker that was ready too late to get a task is not what work was dealt unevenly to.
    """
    ends = sorted(worker.ended_work for worker in pool.workers if worker.ended_work)
    if not ends:
        return 0.0, 0.0
    idle = [worker.ready_at for worker in pool.workers if not worker.ended_work and worker.ready_at]
    began = pool.tally.first_s if pool.tally else pool.made_s
    idle_from = max(min([ends[0], *idle]), began)
    return ends[-1] - ends[0], max(0.0, ends[-1] - idle_from)


def in_order(group: Sequence[PoolSeen]) -> float | None:
    """What their tasks would take, each pool's longest first; None where not all of them are known."""
    known = [[task.ended_s - task.began_s for worker in pool.workers for task in worker.tasks] for pool in group]
    counts = [sum(slot.count for slot in pool.working("task")) for pool in group]
    if not all(len(lasted) == count for lasted, count in zip(known, counts, strict=True)):
        return None
    ends = []
    for pool, lasted in zip(group, known, strict=True):
        lanes = [0.0] * max(1, pool.asked)
        for seconds in sorted(lasted, reverse=True):
            heapreplace(lanes, lanes[0] + seconds)
        ends.append(max(lanes))
    return sum(ends)


# --- functions


def rows(pools: Sequence[PoolSeen], numbers: dict[str, int]) -> list[dict[str, Any]]:
    """One row for each function that a pool's workers ran."""
    found: dict[tuple[int, str], list[tuple[PoolSeen, Slot]]] = defaultdict(list)
    for pool in pools:
        for slot in pool.working("task"):
            found[numbers[pool.id], str(slot.name)].append((pool, slot))
    return [row(number, function, each) for (number, function), each in found.items()]


def row(number: int, function: str, each: Sequence[tuple[PoolSeen, Slot]]) -> dict[str, Any]:
    """The facts of one function."""
    slots = [slot for _, slot in each]
    workers = [worker for pool in {pool.id: pool for pool, _ in each}.values() for worker in pool.workers]
    ring = [task for worker in workers for task in worker.tasks if task.function == function]
    books = {worker.book.pid: worker.book for worker in workers}.values()
    same, varying, count, share = arguments(books, function)
    wall, cpu = sum(slot.wall_s for slot in slots), sum(slot.cpu_s for slot in slots)
    args_b = mean(ring, lambda task: task.args_b)
    return {
        "pool": number,
        "function": function,
        "count": sum(slot.count for slot in slots),
        "s": wall,
        "cpu_s": cpu,
        "off_cpu_s": max(0.0, wall - cpu),
        "median_s": statistics.median(task.ended_s - task.began_s for task in ring) if ring else None,
        "args_b": args_b,
        "result_b": mean(ring, lambda task: task.result_b),
        "same_args": same,
        "same_b": None if args_b is None else share * args_b,
        "varying": varying,
        "compared": count,
    }


def mean(tasks: Sequence[Task], key: Any) -> float | None:
    """A mean over tasks; None if there are none."""
    return statistics.fmean(map(key, tasks)) if tasks else None


def arguments(books: Iterable[Book], function: str) -> tuple[str | None, str | None, int, float]:
    """The positions of arguments that no worker saw change, those that some did, and how many tasks were compared.

    And what part of the bytes of all arguments the former have, as far as that can be told from a few of their parts.
    """
    latest = [[event for event in book.noted("varied") if event.facts[0] == function][-1:] for book in books]
    facts = [event.facts for each in latest for event in each]
    if not facts:
        return None, None, 0, 0.0
    _, _, positions, _, weights = facts[0]
    varying = {position for each in facts for position in each[3]}
    weighs = dict(zip(positions, weights, strict=True))
    parts = [position for position in positions if position.startswith(f"{SELF}.")]
    total = max(1, sum(weighs[position] for position in positions if position not in parts))
    # An object that is the same as a whole needs no attributes to be told, and one that is not only those that weigh.
    light = {part for part in parts if SELF not in varying or weighs[part] < LIGHT * total}
    same = [position for position in positions if position not in varying | light]
    share = sum(weighs[position] for position in same) / total
    return ",".join(same), ",".join(sorted(varying)), sum(each[1] for each in facts), share
