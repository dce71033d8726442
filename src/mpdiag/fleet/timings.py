"""What a cluster told of the tasks of a run; no I/O.

A lane is a thread of a worker that runs tasks.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

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
    #: By how much the tasks were moved, as the clocks of workers and client differ.
    moved_s: float = 0.0
    #: Whether these are all tasks that there were.
    whole: bool = True

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


def within(tasks: Sequence[Task], wall_s: float) -> tuple[tuple[Task, ...], float]:
    """``tasks``, moved in time so that they lie in the run, and by how much: clocks differ from machine to machine."""
    first, last = min((one.began_s for one in tasks), default=0.0), max((one.ended_s for one in tasks), default=0.0)
    by_s = -first if first < 0 else min(wall_s - last, 0.0)
    return (tuple(moved(task, by_s) for task in tasks) if by_s else tuple(tasks)), by_s


def moved(task: Task, by_s: float) -> Task:
    """A task at another time."""

    def later(stretches: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
        return tuple((began + by_s, ended + by_s) for began, ended in stretches)

    return replace(
        task,
        began_s=task.began_s + by_s,
        ended_s=task.ended_s + by_s,
        fetched=later(task.fetched),
        unpickled=later(task.unpickled),
    )
