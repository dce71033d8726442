"""CPU time that was burnt by asking again and again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set

from mpdiag.watch.books import Slot
from mpdiag.watch.lives import Life

#: Looks in vain a second from which a loop has no pause in it.
OFTEN = 5000
#: Below as many, it was no loop.
LEAST = 1000


def spins(life: Life, channels: Set[object]) -> Iterator[tuple[str, float]]:
    """The channels that a process asked without a pause, and the CPU time that this took; each second counts once."""
    if life.book is None:
        return
    threads: dict[int, list[Slot]] = defaultdict(list)
    for slot in life.book.of("poll", "get"):
        if slot.empty and slot.name in channels:
            threads[slot.native].append(slot)
    for slots in threads.values():
        asked = sum(slot.empty for slot in slots)
        span = max(slot.last_s for slot in slots) - min(slot.first_s for slot in slots)
        if asked < LEAST or asked < OFTEN * span:
            continue
        burnt = _burnt(life, slots[0], span)
        for slot in slots:
            yield str(slot.name), burnt * slot.empty / asked


def _burnt(life: Life, slot: Slot, span: float) -> float:
    """CPU time of the thread within ``span``: what it did not wait for anything else."""
    assert life.book
    waits = sum(
        each.s for each in life.book.slots if each.native == slot.native and each.kind in ("join", "lock", "sync")
    )
    seen = (life.vital.main_cpu_s, life.vital.cpu_s) if life.vital else (None, None)
    known = [life.book.main_cpu_s, seen[0]] if slot.main else []
    known += [life.book.cpu_s, seen[1]]
    cpu = next((each for each in known if each), span)
    return max(0.0, min(cpu, span - min(waits, span)))
