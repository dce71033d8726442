"""Where a cluster's time went, from the timings of its tasks: lanes, groups of tasks, hosts, the account; no I/O.

A lane is a thread of a worker that runs tasks. What no task was computed in is waiting: for the inputs of the next
one, as far as they were on their way, else for a task.
"""

from __future__ import annotations

import os
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from statistics import median

from mpdiag.model import Cell, Column
from mpdiag.report import Account, Efficiency, Memory, ProcessAccount, Section, Span

#: Spans of the timeline that a report keeps.
MOST_SPANS = 800

Stretch = tuple[float, float]


@dataclass(frozen=True)
class Task:
    """One task; times in seconds since the run began."""

    name: str
    worker: str
    thread: int
    began_s: float
    ended_s: float
    #: When its inputs were on their way, or turned into objects.
    fetched: tuple[Stretch, ...] = ()
    unpickled: tuple[Stretch, ...] = ()
    result_b: int = 0

    @property
    def took_s(self) -> float:
        """How long it ran."""
        return self.ended_s - self.began_s


@dataclass(frozen=True)
class Timings:
    """What the cluster told of a run."""

    wall_s: float
    tasks: tuple[Task, ...]
    #: Threads of each worker, and its host.
    threads: Mapping[str, int]
    hosts: Mapping[str, str]
    #: The part of the tasks of a name in which they had a CPU, as far as it is known.
    cpu_share: Mapping[str, float] = field(default_factory=dict)
    #: When graphs were sent by the client, and results there, with their bytes.
    graphs: tuple[tuple[float, int], ...] = ()
    results: tuple[tuple[float, int], ...] = ()
    #: CPU time of the client.
    main_cpu_s: float = 0.0

    @cached_property
    def lanes(self) -> dict[tuple[str, int], list[Task]]:
        """The tasks of each lane in their order; threads beyond those announced have lanes as well."""
        found: dict[tuple[str, int], list[Task]] = {}
        seen: dict[str, dict[int, int]] = {worker: {} for worker in self.threads}
        for task in sorted(self.tasks, key=lambda one: one.began_s):
            numbers = seen.setdefault(task.worker, {})
            number = numbers.setdefault(task.thread, len(numbers) + 1)
            found.setdefault((task.worker, number), []).append(task)
        for worker, count in self.threads.items():
            for number in range(len(seen[worker]) + 1, count + 1):
                found[worker, number] = []
        return dict(sorted(found.items()))

    @cached_property
    def _busy(self) -> tuple[list[float], list[float], list[float], list[float]]:
        starts, ends = sorted(one.began_s for one in self.tasks), sorted(one.ended_s for one in self.tasks)
        return starts, list(accumulate(starts, initial=0.0)), ends, list(accumulate(ends, initial=0.0))

    def _until(self, moment: float) -> float:
        starts, started, ends, ended = self._busy
        begun, over = bisect(starts, moment), bisect(ends, moment)
        return begun * moment - started[begun] - (over * moment - ended[over])

    def busy_s(self, began_s: float, ended_s: float) -> float:
        """How long tasks ran in that time, in all lanes together."""
        return self._until(ended_s) - self._until(began_s)

    def idle_s(self, began_s: float, ended_s: float) -> float:
        """How long lanes had no task in that time, divided by their number: wall time that was not used."""
        count = max(len(self.lanes), 1)
        return max((ended_s - began_s) - self.busy_s(began_s, ended_s) / count, 0.0)

    def computed_s(self, task: Task) -> float:
        """How much of a task's time it had a CPU; all of it where that is not known."""
        return task.took_s * min(max(self.cpu_share.get(task.name, 1.0), 0.0), 1.0)


# --- the account


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


# --- tables


def groups(timings: Timings) -> list[dict[str, Cell]]:
    """A row for the tasks of each name, those that took most first."""
    named: dict[str, list[Task]] = defaultdict(list)
    for task in timings.tasks:
        named[task.name].append(task)
    rows = [group(timings, name, tasks) for name, tasks in named.items()]
    return sorted(rows, key=lambda row: -float(str(row["task_s"])))


def group(timings: Timings, name: str, tasks: Sequence[Task]) -> dict[str, Cell]:
    """The tasks of one name."""
    lengths = [task.took_s for task in tasks]
    first, last = min(task.began_s for task in tasks), max(task.ended_s for task in tasks)
    handed_out = max(task.began_s for task in tasks)
    return {
        "name": name,
        "tasks": len(tasks),
        "task_s": sum(lengths),
        "task_median": median(lengths),
        "task_max": max(lengths),
        "cpu": timings.cpu_share.get(name),
        "fetch_s": sum(ended - began for task in tasks for began, ended in task.fetched),
        "result_b": sum(task.result_b for task in tasks) / len(tasks),
        "phase_s": last - first,
        "idle_s": timings.idle_s(first, handed_out),
        "tail_s": last - handed_out,
        "tail_idle_s": timings.idle_s(handed_out, last),
    }


def hosts(timings: Timings, facts: Mapping[str, Mapping[str, Cell]]) -> list[dict[str, Cell]]:
    """A row for each host that has workers.

    Args:
        timings: what was gathered.
        facts: what is known of each host: ``usable_cpus``, ``native_threads``.
    """
    rows: dict[str, dict[str, Cell]] = {}
    for worker, count in timings.threads.items():
        host = timings.hosts.get(worker, worker)
        tasks = [task for (one, _), some in timings.lanes.items() if one == worker for task in some]
        row = rows.setdefault(host, {"host": host, "workers": 0, "threads": 0, **facts.get(host, {})})
        added = {
            "workers": 1,
            "threads": count,
            "tasks": len(tasks),
            "busy_s": sum(task.took_s for task in tasks),
            "cpu_s": sum(map(timings.computed_s, tasks)),
        }
        for key, more in added.items():
            before = row.get(key)
            row[key] = (before if isinstance(before, (int, float)) else 0) + more
    for row in rows.values():
        busy, threads = row["busy_s"], row["threads"]
        assert isinstance(busy, (int, float))
        assert isinstance(threads, int)
        row["busy"] = busy / (threads * timings.wall_s) if threads and timings.wall_s else None
    return list(rows.values())


def cluster(timings: Timings, usable_cpus: float) -> dict[str, Cell]:
    """The facts of the whole run, in one row."""
    lanes = [spent(timings, tasks) for tasks in timings.lanes.values()]
    count = max(len(lanes), 1)
    starts = sorted(task.began_s for task in timings.tasks)
    ends = sorted(task.ended_s for task in timings.tasks)
    return {
        "wall_s": timings.wall_s,
        "cpus": usable_cpus,
        "lanes": len(lanes),
        "tasks": len(timings.tasks),
        "task_s": sum(task.took_s for task in timings.tasks),
        "fetch_s": sum(lane.get("recv", 0.0) + lane.get("unpickle", 0.0) for lane in lanes) / count,
        "graph_b": sum(size for _, size in timings.graphs),
        "graph_s": lost_s(timings, (until_next(sent, starts) for sent, _ in timings.graphs)),
        "result_b": sum(size for _, size in timings.results),
        "result_s": lost_s(timings, (since_last(there, ends) for there, _ in timings.results)),
    }


def until_next(sent: float, starts: Sequence[float]) -> Stretch:
    """From the sending of a graph to the next begin of a task."""
    at = bisect(starts, sent)
    return (sent, starts[at]) if at < len(starts) else (sent, sent)


def since_last(there: float, ends: Sequence[float]) -> Stretch:
    """From the last end of a task to the arrival of results."""
    at = bisect(ends, there)
    return (ends[at - 1], there) if at else (there, there)


def lost_s(timings: Timings, stretches: Iterable[Stretch]) -> float:
    """For how long lanes were idle in these stretches; what two have in common counts once."""
    lost, at = 0.0, 0.0
    for began, ended in sorted(stretches):
        lost += timings.idle_s(max(began, at), max(ended, at))
        at = max(at, ended)
    return lost


# --- the page


def sections(group_rows: Iterable[Mapping[str, Cell]], host_rows: Iterable[Mapping[str, Cell]]) -> tuple[Section, ...]:
    """The tables that people see."""
    of_groups = (
        Column("name", "tasks called"),
        Column("tasks", "tasks", "1"),
        Column("task_s", "in all", "s", bar=True),
        Column("task_median", "median", "s"),
        Column("task_max", "longest", "s"),
        Column("cpu", "on a CPU", "fraction"),
        Column("fetch_s", "fetching inputs", "s", wide=True),
        Column("result_b", "result", "B", wide=True),
    )
    of_hosts = (
        Column("host", "host"),
        Column("workers", "workers", "1"),
        Column("threads", "threads", "1"),
        Column("usable_cpus", "usable CPUs", "1"),
        Column("tasks", "tasks", "1"),
        Column("busy", "busy", "fraction", bar=True),
        Column("native_threads", "native threads", "1", wide=True),
    )
    return (
        Section("groups", "Tasks", "ok", columns=of_groups, rows=tuple(map(dict, group_rows))),
        Section("workers", "Workers of each host", "ok", columns=of_hosts, rows=tuple(map(dict, host_rows))),
    )
