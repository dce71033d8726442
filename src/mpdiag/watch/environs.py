"""What happens around the program while it runs: other programs' load, and what its control group withholds."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import psutil

from mpdiag.machine import cgroups
from mpdiag.watch.observation import Surroundings

#: Of the machine's CPU times, those in which no CPU works; guests are counted as user time already.
IDLE = ("idle", "iowait", "guest", "guest_nice")


class Environs:
    """Counts from its making on.

    Args:
        pid: the program's own process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._throttled = self._held_up()
        self._children = children_cpu_s()
        self._own = own_cpu_s()
        self._busy = busy_s()

    def cpu_s(self) -> float:
        """CPU time of children that have been waited for meanwhile, with their children."""
        return children_cpu_s() - self._children

    def surroundings(self, wall_s: float, cpu_s: float, **known: Any) -> Surroundings:
        """All together.

        Args:
            wall_s: how long the program has run.
            cpu_s: what CPU time it had.
            known: further cells of the result.
        """
        busy = busy_s() - self._busy
        others = max(0.0, busy - cpu_s - (own_cpu_s() - self._own))
        capacity = wall_s * (psutil.cpu_count() or 1)
        held_up = self._held_up()
        both = held_up is not None and self._throttled is not None
        result = Surroundings(
            wall_s=wall_s,
            cpu_s=cpu_s,
            others_cpu_s=others,
            others_share=min(1.0, others / capacity) if capacity else None,
            busy_share=min(1.0, busy / capacity) if capacity else None,
            throttled_s=(held_up or 0.0) - (self._throttled or 0.0) if both else None,
            memory_peak=None,
            processes_at_once=0,
            looking_s=0.0,
            ticks=0,
        )
        return replace(result, **known)

    def _held_up(self) -> float | None:
        if sys.platform != "linux":
            return None
        found = cgroups.throttled(pid=self._pid)
        return cgroups.throttled() if found is None else found  # it has ended: it was in our group


def children_cpu_s() -> float:
    """CPU time of this process's children that have ended, with theirs; 0 where the system does not tell."""
    times = psutil.Process().cpu_times()
    return float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))


def own_cpu_s() -> float:
    """CPU time of this process."""
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


def busy_s() -> float:
    """CPU time that anybody on this machine has had."""
    times = psutil.cpu_times()
    return float(sum(times) - sum(getattr(times, name, 0.0) for name in IDLE))
