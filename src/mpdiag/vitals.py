"""What a host and its children use, seen from outside with psutil.

CPU time and context switches are read only before and after the timing; memory is sampled in the profile pass, so
that looking never disturbs what is timed.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import psutil


class Vitals:
    """Watches the process ``pid`` and what descends from it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._timed = False
        self._before: dict[str, float] = {}
        self._peaks: dict[str, int] = {}

    def begin(self) -> None:
        """Timing begins."""
        self._before = self._read()

    def end(self) -> dict[str, Any]:
        """Timing is over: CPU seconds, context switches and the share of the machine that others used meanwhile."""
        self._timed = True
        with suppress(psutil.Error):  # at once: what ends soon cannot be looked at later
            self._peak("rss_peak", psutil.Process(self._pid).memory_info().rss)
        after = self._read()
        used = {key: after[key] - self._before[key] for key in after if key in self._before}
        wall = used.pop("clock", 0.0)
        busy = used.pop("machine_busy_s", 0.0)
        if wall:
            own = used.get("cpu_user_s", 0.0) + used.get("cpu_system_s", 0.0)
            used["others_cpu_fraction"] = max(0.0, busy - own) / (wall * (psutil.cpu_count() or 1))
        return used

    def sample(self) -> None:
        """Take the memory of all now; does nothing while timing."""
        if not self._timed:
            return
        with suppress(psutil.Error):
            host = psutil.Process(self._pid)
            self._peak("rss_peak", host.memory_info().rss)
            self._peak("uss_peak", memory(host, "uss"))
            children = host.children(recursive=True)
            self._peak("children_peak", len(children))
            self._peak("children_rss_peak", sum(memory(child, "rss") for child in children))
            self._peak("children_uss_peak", sum(memory(child, "uss") for child in children))

    def peaks(self) -> dict[str, int]:
        """The highest memory seen, in bytes, and the most children at once."""
        return self._peaks

    def _peak(self, name: str, value: int) -> None:
        self._peaks[name] = max(value, self._peaks.get(name, 0))

    def _read(self) -> dict[str, float]:
        """Figures of the machine, and of the processes while there are any."""
        machine = psutil.cpu_times()
        read = {
            "clock": time.monotonic(),
            "machine_busy_s": sum(machine)
            - machine.idle
            - getattr(machine, "iowait", 0.0)
            - getattr(machine, "guest", 0.0)
            - getattr(machine, "guest_nice", 0.0),
        }
        with suppress(psutil.Error):
            host = psutil.Process(self._pid)
            switches, family = host.num_ctx_switches(), [host.cpu_times()]
            for child in host.children(recursive=True):
                with suppress(psutil.Error):
                    family.append(child.cpu_times())
            read["cpu_user_s"] = sum(times.user + times.children_user for times in family)
            read["cpu_system_s"] = sum(times.system + times.children_system for times in family)
            read["voluntary_switches"] = switches.voluntary
            read["involuntary_switches"] = switches.involuntary
        return read


def memory(process: psutil.Process, kind: str) -> int:
    """Resident (``rss``) or unique (``uss``) memory in bytes; nothing for a process that is gone or not ours to see."""
    with suppress(psutil.Error):
        return int(getattr(process.memory_full_info() if kind == "uss" else process.memory_info(), kind))
    return 0
