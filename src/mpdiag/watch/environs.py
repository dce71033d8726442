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

#: Of fewer seconds of all CPUs, what others had is not told: the system counts in hundredths, and what a process used
#: that nobody waited for, and that ended between two looks, would be taken for theirs.
ROUGH_S = 1.0


class Environs:
    """Counts from its making on.

    Args:
        pid: the program's own process.
    """

    def __init__(self, pid: int) -> None:
        linux = sys.platform == "linux"
        self._throttled = cgroups.throttled(pid=pid) if linux else {}
        self._killed = cgroups.killed(pid=pid) if linux else {}
        self._pid = pid
        self._tree = tree_cpu_s(pid)
        self._children = children_cpu_s()
        self._own = own_cpu_s()
        self._busy = busy_s()

    def cpu_s(self) -> float:
        """CPU time of what has been waited for meanwhile, of our own children or of the program, which may be over."""
        return max(children_cpu_s() - self._children, tree_cpu_s(self._pid) - self._tree)

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
            others_share=min(1.0, others / capacity) if capacity > ROUGH_S else None,
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


def tree_cpu_s(pid: int) -> float:
    """CPU time of a process and of its children that it has waited for, with theirs; 0 if it cannot be known."""
    try:
        return sum(psutil.Process(pid).cpu_times()[:4])
    except psutil.Error:
        return 0.0


def own_cpu_s() -> float:
    """CPU time of this process."""
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


def busy_s() -> float:
    """CPU time that anybody on this machine has had."""
    times = psutil.cpu_times()
    return float(sum(times) - sum(getattr(times, name, 0.0) for name in IDLE))
