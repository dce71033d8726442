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
        linux = sys.platform == "linux"
        self._throttled = cgroups.throttled(pid=pid) if linux else {}
        self._killed = cgroups.killed(pid=pid) if linux else {}
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
        result = Surroundings(
            wall_s=wall_s,
            cpu_s=cpu_s,
            others_cpu_s=others,
            others_share=min(1.0, others / capacity) if capacity else None,
            busy_share=min(1.0, busy / capacity) if capacity else None,
            throttled_s=self._held_up(),
            memory_kills=self._kills(),
            memory_peak=None,
            processes_at_once=0,
            looking_s=0.0,
            ticks=0,
        )
        return replace(result, **known)

    def _held_up(self) -> float | None:
        """Of the groups that the program began in, the longest that one was held up meanwhile."""
        now = {group: cgroups.held_up(group) for group in self._throttled}
        return max((held - self._throttled[group] for group, held in now.items() if held is not None), default=None)

    def _kills(self) -> int | None:
        """How many processes the kernel killed meanwhile for want of memory, of the group that the program began in."""
        now = ((cgroups.kills(file), before) for file, before in self._killed.items())
        return next((count - before for count, before in now if count is not None), None)


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
