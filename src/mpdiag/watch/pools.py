"""The pools of a run, with their workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from math import inf
from typing import Any

from mpdiag.watch.books import Book, Event, Slot, Task
from mpdiag.watch.lives import WORKERS, Life, Start

#: What a pool is called whose workers are threads, each with an interpreter of its own.
INTERPRETER = "interpreter"
#: The part of a task beside which others may run while it still runs alone: short ones are not seen exactly.
BESIDE = 0.2


@dataclass
class Worker:
    """A worker of a pool: a process, or a thread of the process that owns the pool."""

    life: Life
    #: The names of its threads: a process works in its main thread.
    threads: frozenset[str]

    @property
    def book(self) -> Book:
        """Its ledger; it has one, else it would not be known as a worker."""
        assert self.life.book
        return self.life.book

    def slots(self, *kinds: str) -> Iterator[Slot]:
        """What it did of these kinds."""
        return (slot for slot in self.book.of(*kinds) if slot.thread in self.threads)

    @cached_property
    def ready_at(self) -> float | None:
        """When it could take its first task; None if it never came to that."""
        waits = [slot.first_s for slot in self.slots("wait_task")]
        if "main" in self.threads:  # one that still waits for its first has counted none
            waits += [
                since
                for native, kind, since in self.book.threads
                if native == self.book.main_thread and kind == "wait_task" and not waits
            ]
        return min(waits, default=None)

    @cached_property
    def ended_work(self) -> float | None:
        """When its last task was over; None if it had none."""
        return max((slot.last_s for slot in self.slots("task")), default=None)

    @property
    def tasks(self) -> Iterator[Task]:
        """Its last tasks."""
        return (task for task in self.book.tasks if task.thread in self.threads)

    @property
    def ready_s(self) -> float | None:
        """Time for which it could have run, but had no CPU; of a thread that is not known."""
        return self.life.vital.main_ready_s if self.life.vital and "main" in self.threads else None


@dataclass
class PoolSeen:
    """One pool: the event of its making, who owns it, and its workers."""

    id: str
    type: str
    asked: int
    most_tasks: int | None
    method: str
    place: tuple[Any, ...]
    made_s: float
    closed_s: float | None
    owner: Life
    workers: list[Worker] = field(default_factory=list)
    #: Processes that were started for it and ended before they could work.
    unready: list[Life] = field(default_factory=list)
    #: Pools made later at the same line under the same name: that of a pool of threads is its queue's address, and
    #: what was done with them is counted together.
    again: list[PoolSeen] = field(default_factory=list)

    @property
    def threads(self) -> bool:
        """Are its workers threads of the process that owns it, even if each runs an interpreter of its own?"""
        return self.method in ("thread", INTERPRETER)

    @property
    def take_turns(self) -> bool:
        """Does one of its workers at a time run Python code, where there is a GIL?"""
        return self.method == "thread"

    def own(self, *kinds: str) -> Iterator[Slot]:
        """What its owner did of these kinds with it."""
        assert self.owner.book
        return (slot for slot in self.owner.book.slots if slot.kind in kinds and slot.name == self.id)

    def working(self, *kinds: str) -> Iterator[Slot]:
        """What its workers did of these kinds."""
        return (slot for worker in self.workers for slot in worker.slots(*kinds))

    @cached_property
    def tally(self) -> Slot | None:
        """Its own slot, in which its owner counts."""
        return next(self.own("pool"), None)

    @cached_property
    def busy_s(self) -> float:
        """Wall time in which it had work: from the first task handed out to the last result that came."""
        tally = self.tally
        if tally and tally.last_s:
            return tally.s + max(0.0, tally.last_s - tally.first_s)
        # Nobody counts the results of threads.
        if self.again:
            span, _, _ = self.running
            ring = sum(1 for worker in self.workers for _ in worker.tasks)
            return min(span * sum(slot.count for slot in self.working("task")) / max(1, ring), self.open_s(inf))
        ended = max((worker.ended_work for worker in self.workers if worker.ended_work), default=0.0)
        return max(0.0, ended - self.first_submit)

    @cached_property
    def running(self) -> tuple[float, float, int]:
        """Of the last tasks: the time when any ran, the sum of their times, and the most at once."""
        tasks = [task for worker in self.workers for task in worker.tasks]
        edges = sorted([(task.began_s, 1) for task in tasks] + [(task.ended_s, -1) for task in tasks])
        running = most = 0
        since = span = 0.0
        for at, step in edges:
            if running == 0:
                since = at
            running += step
            most = max(most, running)
            if running == 0:
                span += at - since
        return span, sum(task.ended_s - task.began_s for task in tasks), most

    @cached_property
    def alone(self) -> tuple[float, float]:
        """Of the last tasks: the share that ran while hardly any other did, and what these took of the time of all."""
        tasks = sorted((task for worker in self.workers for task in worker.tasks), key=lambda task: task.began_s)
        before, lasted, lonely = -inf, 0.0, []
        for task, following in zip_longest(tasks, tasks[1:]):
            took = task.ended_s - task.began_s
            beside = max(0.0, before - task.began_s)
            beside += max(0.0, task.ended_s - following.began_s) if following else 0.0
            before, lasted = max(before, task.ended_s), lasted + took
            if beside <= BESIDE * took:
                lonely.append(took)
        return len(lonely) / max(1, len(tasks)), sum(lonely) / lasted if lasted else 0.0

    @property
    def all(self) -> tuple[PoolSeen, ...]:
        """It and those that are told with it."""
        return (self, *self.again)

    def open_s(self, until_s: float) -> float:
        """How long it was there, at the latest until ``until_s``; one that is closed goes on with what it was given."""
        last = self.tally.last_s if self.tally and not self.again else 0.0
        return sum(max(0.0, max(pool.closed_s or until_s, last) - pool.made_s) for pool in self.all)

    @cached_property
    def first_submit(self) -> float:
        """When it was first given work."""
        return min((slot.first_s for slot in self.own("submit")), default=self.made_s)

    @cached_property
    def late_s(self) -> float:
        """How long it had work but its first workers, in the mean, were still coming to life."""
        first = sorted(self.workers, key=lambda worker: worker.life.born_s)[: self.asked]
        if self.threads or not first:
            return 0.0
        delays = [worker.ready_at - max(self.first_submit, worker.life.born_s) for worker in first if worker.ready_at]
        late = sum(max(0.0, delay) for delay in delays) / max(1, len(delays))
        return min(late, self.busy_s)

    @property
    def phase_s(self) -> float:
        """Wall time in which it had work and workers."""
        return self.busy_s - self.late_s


def seen(lives: Sequence[Life]) -> list[PoolSeen]:
    """All pools of a run, with their workers, in the order of their making."""
    found: dict[str, PoolSeen] = {}
    ordered: list[PoolSeen] = []
    fed = [(life, event) for life in lives if life.book for event in life.book.noted("worker")]
    for life in lives:
        for event in life.book.noted("pool") if life.book else ():
            pool, before = made(life, event), found.get(event.facts[0])
            if before is not None and before.place[:3] == pool.place[:3]:
                before.again.append(pool)
                continue
            found[pool.id] = pool
            ordered.append(pool)
    for life, event in fed:
        feeding = found.get(event.facts[0])
        if feeding is not None and feeding.threads == (event.facts[1] != "main"):
            feeding.workers.append(Worker(life, frozenset({event.facts[1]})))
    working = {life.pid for life, event in fed if event.facts[1] == "main"}
    for life in lives:
        if life.start and life.start.target in WORKERS and life.pid not in working:
            started_for(life, life.start, ordered)
    return ordered


def started_for(life: Life, start: Start, pools: Sequence[PoolSeen]) -> None:
    """Find the pool that started a worker which never said so: the one made last, at the same place if there is one."""
    there = [
        pool
        for pool in pools
        if pool.owner.pid == start.parent
        and not pool.threads
        and pool.made_s <= start.began_s <= (pool.closed_s or float("inf"))
    ]
    there.sort(key=lambda pool: (pool.place[:3] == start.where[:3], pool.made_s))
    if there:
        there[-1].unready.append(life)


def made(owner: Life, event: Event) -> PoolSeen:
    """The pool that ``event`` tells of."""
    name, kind, workers, most_tasks, _, method, place = event.facts
    assert owner.book
    closed = [each.at_s for each in owner.book.noted("closed") if each.facts[0] == name and each.at_s >= event.at_s]
    return PoolSeen(name, kind, workers, most_tasks, method, place, event.at_s, min(closed, default=None), owner)


def numbered(pools: Sequence[PoolSeen]) -> dict[str, int]:
    """The number of the row in which each pool is told."""
    places: dict[tuple[Any, ...], int] = {}
    return {pool.id: places.setdefault((pool.type, *pool.place[:3]), len(places) + 1) for pool in pools}
