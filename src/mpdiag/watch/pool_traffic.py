"""What pools cost beside their tasks: starting workers, and carrying arguments and results."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from mpdiag.watch.books import EXECUTOR, POOL, Slot
from mpdiag.watch.imports import own_s, unused_s
from mpdiag.watch.lives import Life
from mpdiag.watch.pools import PoolSeen, Worker

#: Bytes a second that go through a pipe where neither end keeps the other waiting, and seconds that a call takes.
PACE, CALL_S = 1e9, 20e-6


#: What is told of carrying arguments and results.
CARRIED = (
    "args_b", "result_b", "pickle_s", "send_s", "recv_s", "unpickle_s", "result_pickle_s", "result_send_s",
    "result_unpickle_s", "dispatch_s",
)  # fmt: skip


def started(group: Sequence[PoolSeen], working: Sequence[Worker]) -> dict[str, Any]:
    """What it took to start the workers of one place's pools and to prepare them."""
    processes = {worker.life.pid: worker for worker in working if worker.life.start}.values()
    births = [ready - worker.life.born_s for worker in processes if (ready := worker.ready_at)]
    imports = [imported_s(worker) for worker in processes]
    unused = [unused_s(worker.book) for worker in processes]
    known = [seconds for seconds in unused if seconds is not None]
    prepared = [slot for pool in group for slot in pool.working("initializer")]
    return {
        "start_s": sum(start.done_s - start.began_s for worker in processes if (start := worker.life.start)),
        "late_s": sum(pool.late_s for pool in group),
        "child_start_s": mean(births),
        "child_import_s": mean(imports),
        "child_main_s": mean([own_s(worker.book) for worker in processes]),
        "child_unused_s": mean(known),
        "init_s": sum(slot.wall_s for slot in prepared),
        "init_cpu_s": sum(slot.cpu_s for slot in prepared),
    }


def mean(numbers: Sequence[float]) -> float | None:
    """Their mean; None of none."""
    return statistics.fmean(numbers) if numbers else None


def imported_s(worker: Worker) -> float:
    """What a worker imported before its first task, the main module among it."""
    until = worker.ready_at or worker.life.ended_s
    slots = worker.book.of("import", "main_import")
    return sum(slot.s for slot in slots if slot.main and slot.first_s <= until)


def moved(group: Sequence[PoolSeen], tasks: Sequence[Slot]) -> dict[str, Any]:
    """What was pickled, sent and unpickled, by whom."""
    unpickled = [slot for pool in group for slot in pool.working("unpickle") if slot.name == pool.id]
    results = [slot for pool in group for slot in pool.working("pickle") if not slot.file]
    reading = [slot for pool in group for slot in pool.working("read") if slot.name == pool.id]
    feeding, taking = parent_side(group)
    helping = helpers_cpu_s(group[0].owner)
    pickling = total(feeding, "pickle")
    unpickling = total(taking, "unpickle")
    count = sum(slot.count for slot in tasks)
    return {
        "args_b": per_event(unpickled),
        "result_b": per_event(results),
        "pickle_s": pickling,
        "send_s": min(total(feeding, "send"), max(0.0, helping - pickling), copied_s(feeding, "send")),
        "recv_s": min(total(reading, "read"), copied_s(unpickled, "unpickle")),
        "unpickle_s": sum(slot.s for slot in unpickled),
        "result_pickle_s": sum(slot.s for slot in results),
        "result_send_s": sum(slot.s for pool in group for slot in pool.working("send") if not slot.file),
        "result_unpickle_s": unpickling,
        "dispatch_s": max(0.0, helping - pickling - unpickling) / count if count else None,
    }


def total(slots: Iterable[Slot], kind: str) -> float:
    """The time of one kind."""
    return sum(slot.s for slot in slots if slot.kind == kind)


def copied_s(slots: Iterable[Slot], kind: str) -> float:
    """What carrying messages through a pipe takes: what takes longer is waiting for the other end."""
    return sum(slot.bytes / PACE + slot.count * CALL_S for slot in slots if slot.kind == kind)


def per_event(slots: Sequence[Slot]) -> float | None:
    """Bytes for each event."""
    count = sum(slot.count for slot in slots)
    return sum(slot.bytes for slot in slots) / count if count else None


def parent_side(group: Sequence[PoolSeen]) -> tuple[list[Slot], list[Slot]]:
    """What the threads of the pools' owners did to hand out tasks, and to take in results."""
    feeding: list[Slot] = []
    taking: list[Slot] = []
    for owner in {pool.owner.pid: pool.owner for pool in group}.values():
        assert owner.book
        ids = {pool.id for pool in group if pool.owner.pid == owner.pid}
        slots = [slot for slot in owner.book.slots if not slot.file]
        threads = {slot.native for slot in slots if slot.name in ids and slot.kind == "send"}
        feeding += [slot for slot in slots if slot.native in threads and slot.kind in ("pickle", "send")]
        taking += [slot for slot in slots if slot.kind == "unpickle" and slot.via & (POOL | EXECUTOR)]
    return feeding, taking


def helpers_cpu_s(owner: Life) -> float:
    """CPU time of a process besides its main thread: of the threads that hand out tasks and take in results."""
    main = owner.main_cpu_s
    return max(0.0, owner.cpu_s - main) if main is not None else 0.0
