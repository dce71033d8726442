"""What pools did: the facts `pools` and `tasks`."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mpdiag.watch.books import EXECUTOR, NS, POOL, Book, Event, Slot, Task
from mpdiag.watch.lives import Life, Run

#: Ends of workers that a pool itself brings about.
ENDED_BY_POOL = frozenset({0, None, "SIGTERM"})


@dataclass
class Worker:
    """A worker of a pool: a process, or a thread of the process that owns the pool."""

    life: Life
    #: The names of its threads: a process works in its main thread.
    threads: frozenset[str]

    def slots(self, *kinds: str) -> Iterator[Slot]:
        """What it did of these kinds."""
        assert self.life.book
        return (slot for slot in self.life.book.of(*kinds) if slot.thread in self.threads)

    @property
    def ready_at(self) -> float:
        """When it could take its first task."""
        return min((slot.first_s for slot in self.slots("wait_task")), default=self.life.work_began_s)


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

    @property
    def threads(self) -> bool:
        """Are its workers threads?"""
        return self.method == "thread"

    def own(self, *kinds: str) -> Iterator[Slot]:
        """What its owner did of these kinds with it."""
        assert self.owner.book
        return (slot for slot in self.owner.book.slots if slot.kind in kinds and slot.name == self.id)

    def working(self, *kinds: str) -> Iterator[Slot]:
        """What its workers did of these kinds."""
        return (slot for worker in self.workers for slot in worker.slots(*kinds))

    @property
    def tally(self) -> Slot | None:
        """Its own slot, in which its owner counts."""
        return next(self.own("pool"), None)

    @property
    def phase_s(self) -> float:
        """Wall time in which it had work: from the first task handed out to the last result that came."""
        tally = self.tally
        return tally.s + max(0.0, tally.last_s - tally.first_s) if tally else 0.0


def seen(lives: Sequence[Life]) -> list[PoolSeen]:
    """All pools of a run, with their workers, in the order of their making."""
    found: dict[str, PoolSeen] = {}
    ordered: list[PoolSeen] = []
    fed = [(life, event) for life in lives if life.book for event in life.book.noted("worker")]
    for life in lives:
        for event in life.book.noted("pool") if life.book else ():
            pool = made(life, event)
            found[pool.id] = pool
            ordered.append(pool)
    for life, event in fed:
        feeding = found.get(event.facts[0])
        if feeding is not None and feeding.threads == (event.facts[1] != "main"):
            feeding.workers.append(Worker(life, frozenset({event.facts[1]})))
    return ordered


def made(owner: Life, event: Event) -> PoolSeen:
    """The pool that ``event`` tells of."""
    name, kind, workers, most_tasks, _, method, place = event.facts
    assert owner.book
    closed = [each.at_s for each in owner.book.noted("closed") if each.facts[0] == name and each.at_s >= event.at_s]
    return PoolSeen(name, kind, workers, most_tasks, method, place, event.at_s, min(closed, default=None), owner)


# --- the facts


def rows(run: Run, pools: Sequence[PoolSeen]) -> list[dict[str, Any]]:
    """One row for each line that makes pools."""
    places: dict[tuple[Any, ...], list[PoolSeen]] = defaultdict(list)
    for pool in pools:
        places[(pool.type, *pool.place[:3])].append(pool)
    return [row(run, number, group) for number, group in enumerate(places.values(), 1)]


def row(run: Run, number: int, group: list[PoolSeen]) -> dict[str, Any]:
    """The facts of the pools made at one place."""
    first = group[0]
    file, line, function = first.place[:3]
    working = [worker for pool in group for worker in pool.workers]
    tasks = [slot for pool in group for slot in pool.working("task")]
    found: dict[str, Any] = {
        "id": number,
        "type": first.type,
        "threads": first.threads,
        "pools": len(group),
        "workers": first.asked,
        "started": len(working),
        "start_method": first.method,
        "maxtasks": first.most_tasks,
        "phase_s": sum(pool.phase_s for pool in group),
        "life_s": sum(max(0.0, (pool.closed_s or run.ended_s) - pool.made_s) for pool in group),
        "file": file,
        "line": line or None,
        "function": function,
    }
    found |= started(group, working) | done(tasks, working) | moved(group, tasks)
    found |= shape(group, found) | waited(group) | fared(group, working)
    return found


def started(group: list[PoolSeen], working: list[Worker]) -> dict[str, Any]:
    """What it took to start the workers and to prepare them."""
    processes = [worker for worker in working if worker.life.start]
    births = [worker.ready_at - worker.life.born_s for worker in processes]
    imports = [
        slot.wall_s
        for worker in processes
        if worker.life.book
        for slot in worker.life.book.of("import", "main_import")
        if slot.main and slot.last_s <= worker.ready_at
    ]
    prepared = [slot for pool in group for slot in pool.working("initializer")]
    return {
        "start_s": sum(
            worker.life.start.done_s - worker.life.start.began_s for worker in processes if worker.life.start
        ),
        "child_start_s": statistics.fmean(births) if births else None,
        "child_import_s": sum(imports) / len(processes) if processes else None,
        "init_s": sum(slot.wall_s for slot in prepared),
        "init_cpu_s": sum(slot.cpu_s for slot in prepared),
    }


def done(tasks: list[Slot], working: list[Worker]) -> dict[str, Any]:
    """What the tasks took."""
    ring = [task for worker in working for task in last_tasks(worker)]
    lasted = sorted(task.ended_s - task.began_s for task in ring)
    count, items = sum(slot.count for slot in tasks), sum(slot.empty for slot in tasks)
    wall, cpu = sum(slot.wall_s for slot in tasks), sum(slot.cpu_s for slot in tasks)
    inside = list(within_tasks(working))
    locked = sum(slot.wall_s for slot in inside if slot.kind == "lock")
    known = cpu + locked + sum(slot.wall_s for slot in inside if slot.kind in ("manager", "put", "send"))
    ready = sum(task_ready_s(worker) for worker in working)
    return {
        "tasks": count,
        "items": items,
        "chunksize": statistics.median(task.items for task in ring) if ring else None,
        "task_s": wall,
        "task_cpu_s": cpu,
        "task_median": statistics.median(lasted) if lasted else None,
        "task_p99": lasted[int(0.99 * (len(lasted) - 1))] if lasted else None,
        "task_max": max((slot.max_s for slot in tasks), default=None),
        "task_max_args": None,
        "item_s": wall / items if items else None,
        "task_lock_s": locked,
        "task_manager_s": sum(slot.wall_s for slot in inside if slot.kind == "manager"),
        "task_ready_s": ready if all(ready_s(worker) is not None for worker in working) else None,
        "task_wait_s": max(0.0, wall - known - ready),
    }


def last_tasks(worker: Worker) -> Iterable[Task]:
    """The last tasks of a worker; the threads of one process share a ring."""
    book = worker.life.book
    return book.tasks if book and "main" in worker.threads else ()


def within_tasks(working: Iterable[Worker]) -> Iterator[Slot]:
    """What tasks did that has a tap: their lines are the user's."""
    return (
        slot
        for worker in working
        for slot in worker.slots("lock", "manager", "put", "send", "recv", "get")
        if slot.file
    )


def ready_s(worker: Worker) -> float | None:
    """Time for which the worker could have run, but had no CPU."""
    vital = worker.life.vital
    return vital.main_ready_s if vital and "main" in worker.threads else None


def task_ready_s(worker: Worker) -> float:
    """The part of it that fell into tasks, as far as is known: in proportion to their part of its CPU time."""
    ready, cpu = ready_s(worker), worker.life.vital.main_cpu_s if worker.life.vital else None
    if not ready or not cpu:
        return 0.0
    inside = sum(slot.cpu_s for slot in worker.slots("task"))
    return min(ready * min(1.0, inside / cpu), worker_task_s(worker))


def worker_task_s(worker: Worker) -> float:
    """Time that a worker spent inside tasks."""
    return sum(slot.wall_s for slot in worker.slots("task"))


def moved(group: list[PoolSeen], tasks: list[Slot]) -> dict[str, Any]:
    """What was pickled, sent and unpickled, by whom."""
    unpickled = [slot for pool in group for slot in pool.working("unpickle") if slot.name == pool.id]
    results = [slot for pool in group for slot in pool.working("pickle") if not slot.file]
    count = sum(slot.count for slot in tasks)
    feeding, taking = parent_side(group)
    return {
        "args_b": mean(unpickled),
        "result_b": mean(results),
        "pickle_s": sum(slot.s for slot in feeding if slot.kind == "pickle"),
        "send_s": sum(slot.s for slot in feeding if slot.kind in ("send", "put")),
        "unpickle_s": sum(slot.s for slot in unpickled),
        "result_pickle_s": sum(slot.s for slot in results),
        "result_send_s": sum(slot.s for pool in group for slot in pool.working("send") if not slot.file),
        "result_unpickle_s": sum(slot.s for slot in taking if slot.kind == "unpickle"),
        "recv_s": None,
        "dispatch_s": dispatch_s(group, feeding, taking, count),
        "queue_s": None,
        "same_b": None,
    }


def mean(slots: list[Slot]) -> float | None:
    """Bytes for each event."""
    count = sum(slot.count for slot in slots)
    return sum(slot.bytes for slot in slots) / count if count else None


def parent_side(group: list[PoolSeen]) -> tuple[list[Slot], list[Slot]]:
    """What the threads of a pool's owner did to hand out tasks, and to take in results."""
    feeding: list[Slot] = []
    taking: list[Slot] = []
    for owner in {pool.owner.pid: pool.owner for pool in group}.values():
        assert owner.book
        ids = {pool.id for pool in group if pool.owner.pid == owner.pid}
        threads = {slot.native for slot in owner.book.slots if slot.name in ids and slot.kind == "send"}
        feeding += [
            slot
            for slot in owner.book.slots
            if slot.native in threads and slot.kind in ("pickle", "send") and not slot.file
        ]
        taking += [
            slot
            for slot in owner.book.slots
            if slot.kind == "unpickle" and not slot.file and slot.via & (POOL | EXECUTOR)
        ]
    return feeding, taking


def dispatch_s(group: list[PoolSeen], feeding: list[Slot], taking: list[Slot], count: int) -> float | None:
    """CPU time of the owner's helper threads for each task, besides pickling; null if there were none."""
    owner = group[0].owner
    if not count or owner.book is None or owner.book.cpu_s is None or owner.book.main_cpu_s is None:
        return None
    helpers = owner.book.cpu_s - owner.book.main_cpu_s
    pickling = sum(slot.s for slot in (*feeding, *taking) if slot.kind in ("pickle", "unpickle"))
    return max(0.0, helpers - pickling) / count


# --- how the work was spread


def shape(group: list[PoolSeen], facts: dict[str, Any]) -> dict[str, Any]:
    """How busy the workers were, and how many at once."""
    phase, workers = facts["phase_s"], max(1, facts["workers"])
    running = [overlap(pool) for pool in group]
    spans = [span for span, _, _ in running if span]
    return {
        "wait_task_s": sum(slot.s for pool in group for slot in pool.working("wait_task")),
        "busy_share": min(1.0, facts["task_s"] / (workers * phase)) if phase else None,
        "concurrency": sum(total for _, total, _ in running) / sum(spans) if spans else None,
        "concurrency_max": max((most for _, _, most in running), default=None),
        "imbalance": sum(tail(pool)[0] for pool in group),
        "tail_s": sum(tail(pool)[1] for pool in group),
    }


def overlap(pool: PoolSeen) -> tuple[float, float, int]:
    """Of the last tasks: the time when any ran, the sum of their times, and the most at once."""
    tasks = [task for worker in pool.workers for task in last_tasks(worker)]
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


def tail(pool: PoolSeen) -> tuple[float, float]:
    """The time between the first and the last worker's end of work, and how long some of them had nothing to do."""
    ends = sorted(max((slot.last_s for slot in worker.slots("task")), default=0.0) for worker in pool.workers)
    ends = [end for end in ends if end]
    if not ends:
        return 0.0, 0.0
    idle_from = ends[0] if len(ends) >= pool.asked else min(ends[0], pool.made_s)
    last_began = last_phase_began(pool)
    alone = ends[-1] - max(idle_from, last_began)
    return ends[-1] - ends[0], max(0.0, alone)


def last_phase_began(pool: PoolSeen) -> float:
    """When its last phase of work began."""
    return pool.tally.first_s if pool.tally else pool.made_s


# --- who waited for what, and what came of it


def waited(group: list[PoolSeen]) -> dict[str, Any]:
    """How work was handed out and awaited."""
    submits = [slot for pool in group for slot in pool.own("submit")]
    apis: dict[str, int] = defaultdict(int)
    for slot in submits:
        apis[slot.api] += slot.count
    how = max(apis, key=lambda name: apis[name], default=None)
    if how == "map" and "Executor" in group[0].type:
        how = "executor.map"
    waits = [slot for pool in group for slot in pool.own("result") if slot.main]
    return {
        "how": how,
        "submits": sum(pool.tally.count for pool in group if pool.tally),
        "waited_each": sum(pool.tally.timed for pool in group if pool.tally),
        "main_wait_s": sum(slot.wall_s for slot in waits) + nameless_waits(group),
    }


def nameless_waits(group: list[PoolSeen]) -> float:
    """The owner's waits by as_completed() and wait(), which know no pool: those while this one lived."""
    owner = group[0].owner.book
    assert owner
    return sum(
        slot.wall_s
        for slot in owner.slots
        if slot.kind == "result"
        and slot.main
        and slot.name is None
        and any(pool.made_s <= slot.first_s <= (pool.closed_s or slot.last_s) for pool in group)
    )


def fared(group: list[PoolSeen], working: list[Worker]) -> dict[str, Any]:
    """Tasks that failed or that nobody wanted any more, and workers that died."""
    unwanted = [after_last_look(pool) for pool in group]
    processes = {worker.life.pid: worker.life for worker in working if worker.life.start}
    return {
        "role": group[0].owner.role,
        "fetched": sum(pool.tally.empty for pool in group if pool.tally),
        "closed": sum(pool.closed_s is not None for pool in group),
        "workers_cpu_s": sum(cpu_s(life) for life in processes.values()),
        "child_main_s": None,
        "child_unused_s": None,
        "ordered_wait_s": None,
        "handled_s": None,
        "failed": sum(round(pool.tally.max_s / NS) for pool in group if pool.tally),
        "fetched_failed": sum(round(pool.tally.cpu_s / NS) for pool in group if pool.tally),
        "cancelled": None,
        "unwanted": sum(count for count, _ in unwanted),
        "unwanted_s": sum(seconds for _, seconds in unwanted),
        "died": sum(worker.life.exit not in ENDED_BY_POOL for worker in working if worker.life.start),
    }


def cpu_s(life: Life) -> float:
    """CPU time of a process, whole."""
    if life.book and life.book.cpu_s is not None:
        return life.book.cpu_s
    return life.vital.cpu_s or 0.0 if life.vital else 0.0


def after_last_look(pool: PoolSeen) -> tuple[int, float]:
    """The tasks that began after the program had taken its last result, and how long it then waited for them."""
    tally = pool.tally
    if tally is None or not tally.empty or tally.bytes <= tally.empty:  # it took none, or all
        return 0, 0.0
    looked = tally.wall_s
    begun = sum(task.began_s > looked for worker in pool.workers for task in last_tasks(worker))
    joined = sum(slot.wall_s for slot in pool.own("join") if slot.first_s >= looked)
    return begun, joined if begun else 0.0


# --- tasks


def task_rows(pools: Sequence[PoolSeen], numbers: dict[str, int]) -> list[dict[str, Any]]:
    """One row for each function that a pool's workers ran."""
    found: dict[tuple[int, str], list[tuple[PoolSeen, Slot]]] = defaultdict(list)
    for pool in pools:
        for slot in pool.working("task"):
            found[numbers[pool.id], str(slot.name)].append((pool, slot))
    return [task_row(number, function, each) for (number, function), each in found.items()]


def task_row(number: int, function: str, each: list[tuple[PoolSeen, Slot]]) -> dict[str, Any]:
    """The facts of one function."""
    slots = [slot for _, slot in each]
    ring = [
        task.ended_s - task.began_s
        for pool in {pool.id: pool for pool, _ in each}.values()
        for worker in pool.workers
        for task in last_tasks(worker)
        if task.function == function
    ]
    same, varying, count = arguments([worker.life.book for pool, _ in each for worker in pool.workers], function)
    wall, cpu = sum(slot.wall_s for slot in slots), sum(slot.cpu_s for slot in slots)
    return {
        "pool": number,
        "function": function,
        "count": sum(slot.count for slot in slots),
        "s": wall,
        "cpu_s": cpu,
        "off_cpu_s": max(0.0, wall - cpu),
        "median_s": statistics.median(ring) if ring else None,
        "same_args": same,
        "varying": varying,
        "compared": count,
    }


def arguments(books: Iterable[Book | None], function: str) -> tuple[str | None, str | None, int]:
    """The positions of arguments that no worker saw change, those that some did, and how many tasks were compared."""
    latest = [[event for event in book.noted("varied") if event.facts[0] == function][-1:] for book in books if book]
    facts = [event.facts for each in latest for event in each]
    if not facts:
        return None, None, 0
    positions = facts[0][2]
    varying = {position for each in facts for position in each[3]}
    same = [position for position in positions if position not in varying]
    return ",".join(same), ",".join(sorted(varying)), sum(each[1] for each in facts)


def numbered(pools: Sequence[PoolSeen]) -> dict[str, int]:
    """The number of the row in which each pool is told."""
    places: dict[tuple[Any, ...], int] = {}
    return {pool.id: places.setdefault((pool.type, *pool.place[:3]), len(places) + 1) for pool in pools}
