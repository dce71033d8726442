"""The tables of a run on a cluster: what rules judge, and what people see; no I/O."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from mpdiag.fleet.account import spent
from mpdiag.fleet.timings import Stretch, Task, Timings
from mpdiag.model import Cell, Column
from mpdiag.report import Section


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
