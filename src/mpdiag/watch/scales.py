"""Weighs the memory of all processes at once, seldom: the kernel visits every page for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from mpdiag.watch.tracked import Tracked

#: Seconds until all are weighed for the first time, and the longest between two times.
FIRST, LONGEST = 0.3, 8.0
#: A process that is younger is not weighed: it would wait for the kernel to be done, whenever it wants more memory.
YOUNG = 0.2
#: The share of the time that weighing may take, and what it may take before that has added up.
SHARE, ADVANCE = 0.005, 0.004
#: Seconds that a process of ordinary size takes.
ONE = 0.0004
#: Weighings of one process that are kept.
KEPT = 64


class Scales:
    """When to weigh, and the highest sum."""

    def __init__(self) -> None:
        #: The highest sum of proportional set sizes, in bytes; None where the system does not tell.
        self.peak: int | None = None
        self._due = FIRST
        self._gap = FIRST
        self._spent = 0.0
        #: Seconds per byte, from the last time.
        self._pace = 0.0
        self._count = 0

    def weigh(self, processes: Sequence[Tracked], clock: Callable[[], float]) -> bool:
        """Weigh all of ``processes`` if it is time and not too dear; returns whether they were.

        Args:
            processes: those that live; the young ones among them are left out.
            clock: the time since the sampler began.
        """
        now = clock()
        processes = [process for process in processes if now - process.first_seen >= YOUNG]
        early = len(processes) != self._count or any(process.grown() for process in processes)
        if not processes or now < (FIRST if early else self._due):
            return False
        expected = max(len(processes) * ONE, self._pace * sum(process.rss for process in processes))
        if self._spent + expected > SHARE * now + ADVANCE:
            return False
        begun = time.monotonic()
        for process in processes:
            if len(process.memory) >= KEPT:
                del process.memory[1:-1:2]  # the first and the last stay
            process.weigh(now)
        took = time.monotonic() - begun
        self._spent += took
        self._pace = took / max(1, sum(process.rss for process in processes))
        self._gap = min(2 * self._gap, LONGEST)
        self._due = clock() + self._gap
        self._count = len(processes)
        self._add_up(processes, now)
        return True

    def _add_up(self, processes: Sequence[Tracked], now: float) -> None:
        shares = [process.memory[-1].pss for process in processes if process.memory and process.memory[-1].at == now]
        known = [share for share in shares if share is not None]
        if known:
            self.peak = max(sum(known), self.peak or 0)
