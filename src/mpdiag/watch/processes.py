"""Processes as any system shows them: by /proc on Linux, by psutil elsewhere, which tells less.

What is gone, or not ours to see, is None or empty, as in `procfs`.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from mpdiag.watch import procfs
from mpdiag.watch.procfs import Stat

LINUX: Final = sys.platform == "linux"
#: psutil's words for what `procfs.Stat` tells by a letter; others count as sleeping.
STATES: Final = {
    psutil.STATUS_RUNNING: "R",
    psutil.STATUS_DISK_SLEEP: "D",
    psutil.STATUS_STOPPED: "T",
    psutil.STATUS_TRACING_STOP: "t",
    psutil.STATUS_ZOMBIE: "Z",
    psutil.STATUS_DEAD: "X",
}


def stat(pid: int) -> Stat | None:
    """State, CPU time and identity of a process."""
    if LINUX:
        return procfs.stat(pid)
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        name, state, parent = process.name(), process.status(), process.ppid()
        user_s, system_s, threads = 0.0, 0.0, 1
        with suppress(psutil.AccessDenied):
            threads = process.num_threads()
            times = process.cpu_times()
            user_s, system_s = times.user, times.system
        return Stat(
            name=name,
            state=STATES.get(state, "S"),
            parent=parent,
            faults=None,
            user_s=user_s,
            system_s=system_s,
            threads=threads,
            started=int(process.create_time() * 1000),
            rss=0,
            status=0,
        )
    return None


def command_line(pid: int) -> tuple[str, ...]:
    """The words with which it was started."""
    if LINUX:
        return procfs.command_line(pid)
    with suppress(psutil.Error):
        return tuple(psutil.Process(pid).cmdline())
    return ()


def program(pid: int) -> str | None:
    """The file that it executes."""
    if LINUX:
        return procfs.program(pid)
    with suppress(psutil.Error):
        return psutil.Process(pid).exe() or None
    return None


def children(pid: int) -> list[int]:
    """The children of all its threads."""
    found = [procfs.children(pid, thread) for thread in procfs.threads(pid)] if LINUX else [None]
    if any(some is None for some in found):  # the kernel does not list them
        with suppress(psutil.Error):
            return [child.pid for child in psutil.Process(pid).children()]
        return []
    return [child for some in found for child in some or ()]


def ran(pid: int) -> dict[int, int]:
    """Nanoseconds that each of its threads ran, by native number; of all together where that is not told apart."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        with suppress(psutil.AccessDenied):
            return {each.id: round((each.user_time + each.system_time) * 1e9) for each in process.threads()}
        times = process.cpu_times()
        return {pid: round((times.user + times.system) * 1e9)}
    return {}


def moved(pid: int) -> int | None:
    """Bytes that it has read and written."""
    if LINUX:
        return procfs.moved(pid)
    with suppress(psutil.Error, AttributeError):  # macOS has no such counters
        counted = psutil.Process(pid).io_counters()
        return int(counted.read_bytes + counted.write_bytes)
    return None


def variable(pid: int, name: str) -> str | None:
    """A variable of the environment that it was started with."""
    if not LINUX:
        with suppress(psutil.Error):
            return psutil.Process(pid).environ().get(name)
        return None
    prefix = os.fsencode(f"{name}=")
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if entry.startswith(prefix):
                return os.fsdecode(entry.removeprefix(prefix))
    return None
