"""What the system tells of this process and others: clocks, waits for a CPU, threads, memory."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from mpdiag import work


@dataclass(frozen=True)
class Clocks:
    """The clocks at one moment."""

    process: float
    thread: float
    ready: Optional[float]
    children: float

    @classmethod
    def now(cls) -> Clocks:
        """What they show."""
        return cls(time.process_time(), time.thread_time(), queued("thread-self"), children_cpu())

    def since(self, before: Clocks) -> Clocks:
        """What they have gone on since ``before``."""
        ready = None if self.ready is None or before.ready is None else self.ready - before.ready
        return Clocks(
            self.process - before.process, self.thread - before.thread, ready, self.children - before.children
        )


def queued(process: object) -> Optional[float]:
    """Seconds that a process (a main thread) has waited for a CPU so far; None where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None


def idle() -> Optional[tuple[float, int]]:
    """Seconds that the CPUs this process may use were idle so far, and their number; None if the system is silent.

    It counts in ticks, mostly of ten milliseconds.
    """
    try:
        usable = {f"cpu{number}" for number in os.sched_getaffinity(0)}
        lines = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
        ticks = [int(line[4]) + int(line[5]) for line in lines if line and line[0] in usable]
        return (sum(ticks) / os.sysconf("SC_CLK_TCK"), len(ticks)) if ticks else None
    except (AttributeError, OSError, IndexError, ValueError):
        return None


def children_cpu() -> float:
    """CPU seconds of the child processes that have ended."""
    try:
        import resource
    except ImportError:
        return 0.0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident() -> int:
    """Bytes of memory in use; 0 where the system does not tell."""
    return work.own_memory()[0] or 0


def threads() -> Optional[int]:
    """The threads of this process that are none of Python's; None where the system does not tell."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return int(text.partition("\nThreads:")[2].split()[0]) - threading.active_count()


def memory(pid: Optional[int]) -> Optional[tuple[int, int]]:
    """Bytes that a process has for itself, at its peak, and its share of all; None where the system does not tell."""
    folder = Path(f"/proc/{pid}")
    try:
        rollup, status = (folder / "smaps_rollup").read_text(), (folder / "status").read_text()
    except OSError:
        return None
    sizes = {words[0]: int(words[1]) * 1024 for line in rollup.splitlines() if (words := line.split())[-1] == "kB"}
    peak = {words[0]: int(words[1]) * 1024 for line in status.splitlines() if (words := line.split())[-1] == "kB"}
    own = sizes.get("Private_Clean:", 0) + sizes.get("Private_Dirty:", 0)
    freed = max(0, peak.get("VmHWM:", 0) - peak.get("VmRSS:", 0))
    return own + freed, sizes.get("Pss:", own) + freed
