"""Where the time of a cluster's lanes went: the account, which closes; no I/O.

What no task was computed in is waiting: for the inputs of the next one, as far as they were on their way, else for a
task.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from mpdiag.fleet.timings import Stretch, Task, Timings
from mpdiag.report import Account, Efficiency, Memory, ProcessAccount, Span

#: Spans of the timeline that a report keeps.
MOST_SPANS = 800


def account(timings: Timings) -> Account:
    """Where the time of the client and of every lane went."""
    wall_s = timings.wall_s
    cpu = min(timings.main_cpu_s, wall_s)
    main = ProcessAccount(
        os.getpid(), 0, "client", "main", "", 0.0, wall_s, None, {"cpu": cpu, "join": wall_s - cpu}, Memory(0), cpu
    )
    processes = [main]
    workers = numbered(timings)
    for number, ((worker, thread), tasks) in enumerate(timings.lanes.items(), 1):
        buckets = spent(timings, tasks)
        name = f"{workers[worker]}, thread {thread}"
        computed = buckets.get("cpu", 0.0)
        processes.append(
            ProcessAccount(-number, main.pid, name, "worker", "", 0.0, wall_s, None, buckets, Memory(0), computed)
        )
    total: dict[str, float] = defaultdict(float)
    for one in processes:
        for bucket, seconds in one.buckets.items():
            total[bucket] += seconds
    return Account(wall_s, tuple(processes), dict(total), 0.0, efficiency(timings), tuple(spans(timings)))


def numbered(timings: Timings) -> dict[str, str]:
    """What to call the workers: by their host, and by a number there."""
    counts: Counter[str] = Counter()
    called = {}
    for worker in dict.fromkeys(worker for worker, _ in timings.lanes):
        host = timings.hosts.get(worker, worker)
        counts[host] += 1
        called[worker] = f"{host}, worker {counts[host]}"
    return called


def spent(timings: Timings, tasks: Sequence[Task]) -> dict[str, float]:
    """Where the time of one lane went; all of it."""
    found: dict[str, float] = defaultdict(float)
    at = 0.0
    for task in tasks:
        began, ended = min(max(task.began_s, at), timings.wall_s), min(max(task.ended_s, at), timings.wall_s)
        gap = (at, began)
        unpickling = sum(overlap(gap, each) for each in task.unpickled)
        fetching = min(union(gap, task.fetched), began - at - unpickling)
        computed = timings.computed_s(task) * (ended - began) / task.took_s if task.took_s > 0 else 0.0
        found["unpickle"] += unpickling
        found["recv"] += fetching
        found["wait_task"] += began - at - unpickling - fetching
        found["cpu"] += computed
        found["off_cpu"] += ended - began - computed
        at = ended
    found["wait_task"] += timings.wall_s - at
    return {bucket: seconds for bucket, seconds in found.items() if seconds > 0}


def overlap(first: Stretch, second: Stretch) -> float:
    """How long both last at the same time."""
    return max(min(first[1], second[1]) - max(first[0], second[0]), 0.0)


def union(within: Stretch, stretches: Iterable[Stretch]) -> float:
    """How long at least one of ``stretches`` lasts within a stretch."""
    total, at = 0.0, within[0]
    for began, ended in sorted(stretches):
        total += overlap((max(began, at), ended), within)
        at = max(at, ended)
    return total


def efficiency(timings: Timings) -> Efficiency | None:
    """Parallel efficiency of the lanes: tasks are what is useful."""
    busy = [sum(task.took_s for task in tasks) for tasks in timings.lanes.values()]
    if len(busy) <= 1 or not max(busy) or not timings.wall_s:
        return None
    balance = sum(busy) / (len(busy) * max(busy))
    communication = min(1.0, max(busy) / timings.wall_s)
    return Efficiency(balance * communication, balance, communication)


def spans(timings: Timings) -> Iterator[Span]:
    """The longest tasks of all lanes, by lane and time."""
    longest = sorted(timings.tasks, key=lambda one: -one.took_s)[:MOST_SPANS]
    shown = set(map(id, longest))
    for number, tasks in enumerate(timings.lanes.values(), 1):
        for task in tasks:
            if id(task) in shown:
                yield Span(-number, "task", task.name, task.began_s, task.ended_s)
