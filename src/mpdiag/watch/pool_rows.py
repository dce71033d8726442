"""The table of pools: a row for each line that makes some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from mpdiag.watch import pool_tasks, pool_traffic, thread_locks
from mpdiag.watch.books import NS, Slot
from mpdiag.watch.lives import Run
from mpdiag.watch.pools import INTERPRETER, PoolSeen, Worker

#: Ends of workers that a pool itself brings about.
ENDED_BY_POOL = frozenset({0, None, "SIGTERM"})


def rows(run: Run, pools: Sequence[PoolSeen]) -> list[dict[str, Any]]:
    """One row for each line that makes pools."""
    places: dict[tuple[Any, ...], list[PoolSeen]] = defaultdict(list)
    for pool in pools:
        places[(pool.type, *pool.place[:3])].append(pool)
    return [row(run, number, group) for number, group in enumerate(places.values(), 1)]


def row(run: Run, number: int, group: Sequence[PoolSeen]) -> dict[str, Any]:
    """The facts of the pools made at one place."""
    first = group[0]
    file, line, function = first.place[:3]
    working = [worker for pool in group for worker in pool.workers]
    tasks = [slot for pool in group for slot in pool.working("task")]
    found: dict[str, Any] = {
        "id": number,
        "type": first.type,
        "threads": first.take_turns,
        "pools": sum(len(pool.all) for pool in group),
        "owners": len({pool.owner.pid for pool in group}),
        "workers": first.asked,
        "started": len(working) + sum(len(pool.unready) for pool in group),
        "start_method": first.method,
        "maxtasks": first.most_tasks,
        "phase_s": sum(pool.phase_s for pool in group),
        "life_s": sum(pool.open_s(run.ended_s) for pool in group),
        "file": file,
        "line": line or None,
        "function": function,
    }
    found |= pool_traffic.started(group, working) | pool_traffic.moved(group, tasks)
    if first.method == INTERPRETER:  # what is handed over is pickled where no tap is
        found |= dict.fromkeys(pool_traffic.CARRIED)
    found |= pool_tasks.done(tasks, working, (pool_tasks.concurrency(group) or 1.0) if first.take_turns else 0.0)
    looks = run.outside.threads if run.outside and first.take_turns else ()
    found |= thread_locks.waited(looks, {pool.owner.pid for pool in group}, found["task_s"])
    return found | pool_tasks.shape(group, found["task_s"]) | waited(group) | fared(group, working)


# --- who waited for what, and what came of it


def waited(group: Sequence[PoolSeen]) -> dict[str, Any]:
    """How work was handed out and awaited."""
    apis: dict[str, int] = defaultdict(int)
    for pool in group:
        for slot in pool.own("submit"):
            apis[slot.api] += slot.count
    how = max(apis, key=lambda name: apis[name], default=None)
    if how == "map" and "Executor" in group[0].type:
        how = "executor.map"
    waits = [slot for pool in group for slot in pool.own("result") if slot.main]
    return {
        "how": how,
        **line_of(group, "submit", lambda slot: slot.count),
        **line_of(group, "result", lambda slot: slot.wall_s),
        "submits": sum(pool.tally.count for pool in group if pool.tally),
        "waited_each": sum(awaited(pool) for pool in group),
        "main_wait_s": sum(slot.wall_s for slot in waits) + nameless_waits(group),
        **in_order(group),
    }


def line_of(group: Sequence[PoolSeen], kind: str, much: Callable[[Slot], float]) -> dict[str, Any]:
    """The line where the owners did most of a kind, by how ``much`` each slot stands for."""
    lines: dict[tuple[Any, ...], float] = defaultdict(float)
    for pool in group:
        for slot in pool.own(kind):
            lines[slot.file, slot.line or None, slot.function] += much(slot)
    where = max(lines, key=lambda line: lines[line], default=(None, None, None))
    return dict(zip((f"{kind}_file", f"{kind}_line", f"{kind}_function"), where, strict=True))


def in_order(group: Sequence[PoolSeen]) -> dict[str, float | None]:
    """How long the owners waited for one result while another was there, and what they did else while they took them.

    Of such waits no more was lost than they still had to do when all results were there. None where nobody told, as an
    owner that was killed.
    """
    found: list[tuple[float, float]] = []
    for pool in group:
        book, tally = pool.owner.book, pool.tally
        told = {event.facts[0]: event.facts[1] * NS for event in book.noted("awaited")} if book else {}
        if tally and pool.id in told:
            waits = [slot for slot in pool.own("result") if slot.main]
            taking = tally.wall_s - min((slot.first_s for slot in waits), default=tally.wall_s)
            left = max(0.0, tally.wall_s - tally.last_s)
            found.append((min(told[pool.id], left), max(0.0, taking - sum(slot.wall_s for slot in waits))))
    waited, handled = (sum(each) for each in zip(*found, strict=True)) if found else (None, None)
    return {"ordered_wait_s": waited, "handled_s": handled}


def awaited(pool: PoolSeen) -> int:
    """The tasks for whose result the owner waited before it handed out the next.

    Only waits that were timed are known to have come before the next task. When many were not, those stand for all.
    """
    tally, book = pool.tally, pool.owner.book
    if tally is None or book is None:
        return 0
    waits = [slot for slot in book.slots if slot.kind == "result" and slot.name in (pool.id, None)]
    timed = sum(slot.timed for slot in waits)
    scale = max(1.0, sum(slot.count for slot in waits) / timed) if timed else 1.0
    return min(tally.count, round(tally.timed * scale))


def nameless_waits(group: Sequence[PoolSeen]) -> float:
    """The owner's waits by as_completed() and wait(), which know no pool: those while this one lived."""
    owner = group[0].owner.book
    assert owner
    return sum(
        slot.wall_s
        for slot in owner.slots
        if slot.kind == "result"
        and slot.main
        and slot.name is None
        and any(each.made_s <= slot.first_s <= (each.closed_s or slot.last_s) for pool in group for each in pool.all)
    )


def fared(group: Sequence[PoolSeen], working: Sequence[Worker]) -> dict[str, Any]:
    """Tasks that failed or that nobody wanted any more, and workers that died."""
    unwanted = [after_last_look(pool) for pool in group]
    processes = {worker.life.pid: worker.life for worker in working if worker.life.start}
    return {
        "role": group[0].owner.role,
        "fetched": sum(pool.tally.empty for pool in group if pool.tally),
        "closed": sum(each.closed_s is not None for pool in group for each in pool.all),
        "workers_cpu_s": sum(life.cpu_s for life in processes.values()),
        "failed": sum(round(pool.tally.max_s / NS) for pool in group if pool.tally),
        "fetched_failed": sum(round(pool.tally.cpu_s / NS) for pool in group if pool.tally),
        "cancelled": None,
        "unwanted": sum(count for count, _ in unwanted),
        "unwanted_s": sum(seconds for _, seconds in unwanted),
        "died": sum(worker.life.exit not in ENDED_BY_POOL for worker in working if worker.life.start),
    }


def after_last_look(pool: PoolSeen) -> tuple[int, float]:
    """The tasks that began after the program had taken its last result, and how long it then waited for them."""
    tally = pool.tally
    if tally is None or not tally.empty or tally.bytes <= tally.empty:  # it took none, or all
        return 0, 0.0
    # A result is asked for first, and has been waited for then.
    looked = max([tally.wall_s, *(slot.last_s for slot in pool.own("result"))])
    begun = sum(task.began_s > looked for worker in pool.workers for task in worker.tasks)
    joined = sum(slot.wall_s for slot in pool.own("join") if slot.first_s >= looked)
    return begun, joined if begun else 0.0
