"""What is known of one process of the program while it is watched: through /proc on Linux, through psutil elsewhere."""

from __future__ import annotations

import os
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from mpdiag.watch import procfs
from mpdiag.watch.observation import MemoryLook, Vital

LINUX: Final = sys.platform == "linux"
#: Looks between two readings of what changes slowly or costs more.
SELDOM = 8
#: After so many looks, children are looked for at every third only: those that matter have a ledger.
YOUNG, OLD_EVERY = 12, 3
#: With more threads than this, they too are read seldom.
MANY_THREADS = 16
#: A change of memory that is worth a closer look, in bytes, and how many such looks are kept.
CHANGE, KEPT = 4 * 2**20, 64


class Tracked(ABC):
    """One process, known by pid and start.

    Args:
        pid: its process id.
        started: when it began, in the system's own terms.
        now: when it is first seen, by the sampler's clock.
    """

    def __init__(self, pid: int, started: float, now: float) -> None:
        self.pid = pid
        self.started = started
        self.first_seen = self.looked = now
        self.ended: float | None = None
        self.born: float | None = None
        self.parent: int | None = None
        self.name = ""
        self.cmdline: tuple[str, ...] = ()
        self.user_s: float | None = None
        self.system_s: float | None = None
        self.voluntary: int | None = None
        self.involuntary: int | None = None
        self.rss = 0
        self.rss_peak: int | None = None
        self.threads = 1
        self.threads_peak: int | None = None
        self.states: dict[str, int] = {}
        self.exit: int | None = None
        self.native: tuple[str, ...] | None = None
        self.memory: list[MemoryLook] = []
        self.held: list[tuple[float, int]] = []
        self.looks = 0
        #: Nanoseconds that its threads ran, and waited for a CPU, by native number; of the main thread by the pid.
        self.ran: dict[int, int] = {}
        self.waited: dict[int, int] = {}

    @abstractmethod
    def look(self, now: float) -> None:
        """Read its figures once more; sets `ended` when it is no more."""

    @abstractmethod
    def children(self) -> list[int] | None:
        """Its children; None if only a search of the whole system would tell."""

    @abstractmethod
    def weigh(self, now: float) -> None:
        """Read its memory, which is dear."""

    @property
    def cpu_s(self) -> float:
        """CPU time so far; 0 while it is not known."""
        return (self.user_s or 0.0) + (self.system_s or 0.0)

    def grown(self) -> bool:
        """Whether it holds a fifth more memory than when it was weighed."""
        weighed = self.memory[-1].rss if self.memory else None
        return weighed is None or self.rss > 1.2 * weighed

    def vital(self) -> Vital:
        """All that was seen."""
        known = [look for look in self.memory if look.pss is not None]
        return Vital(
            pid=self.pid,
            started=self.started,
            parent=self.parent,
            name=self.name,
            cmdline=self.cmdline,
            first_seen=self.first_seen,
            born=self.born,
            ended=self.ended,
            looked=self.looked,
            cpu_user_s=self.user_s,
            cpu_system_s=self.system_s,
            main_cpu_s=self.ran[self.pid] / 1e9 if self.pid in self.ran else None,
            ready_s=sum(self.waited.values()) / 1e9 if self.waited else None,
            main_ready_s=self.waited[self.pid] / 1e9 if self.pid in self.waited else None,
            voluntary_switches=self.voluntary,
            involuntary_switches=self.involuntary,
            rss_peak=self.rss_peak,
            uss_peak=max((look.uss for look in self.memory if look.uss is not None), default=None),
            pss_peak=max((look.pss for look in known if look.pss is not None), default=None),
            threads_peak=self.threads_peak,
            native=self.native,
            memory=tuple(self.memory),
            held=tuple(self.held),
            states=dict(self.states),
            exit=self.exit,
            looks=self.looks,
        )

    def _seen(self, state: str, rss: int, threads: int) -> None:
        self.looks += 1
        self.states[state] = self.states.get(state, 0) + 1
        self.rss, self.threads = rss, threads
        self.rss_peak = max(rss, self.rss_peak or 0) or None  # what has ended holds no memory
        self.threads_peak = max(threads, self.threads_peak or 0)


class LinuxProcess(Tracked):
    """A process as /proc shows it."""

    #: The state of its main thread at the last look.
    state = ""
    _cpu_at_schedules = 0.0
    _threads_at_maps = 1
    _rss_at_held = -CHANGE

    def __init__(self, pid: int, started: float, now: float) -> None:
        super().__init__(pid, started, now)
        self.native = ()  # a single thread: no library computes in others

    def look(self, now: float) -> None:
        """Read its figures once more; sets `ended` when it is no more."""
        stat = procfs.stat(self.pid)
        if stat is None or stat.started != self.started:
            self.ended = now
            return
        self.state, self.parent, self.name, self.looked = stat.state, stat.parent, stat.name, now
        self.user_s, self.system_s = stat.user_s, stat.system_s
        self._seen(stat.state, stat.rss, stat.threads)
        self._schedules(stat.threads)
        # A library that has threads starts them when it is loaded.
        unnamed = stat.threads > 1 and not self.native and self.looks % SELDOM == 1
        if stat.threads != self._threads_at_maps or unnamed:
            self._threads_at_maps = stat.threads
            found = procfs.native_pools(self.pid)
            self.native = (self.native or None) if found is None else found
        if abs(stat.rss - self._rss_at_held) >= CHANGE and stat.state not in procfs.ENDED:
            self._rss_at_held = stat.rss
            self._hold(now)
        if stat.state in procfs.ENDED:
            self.ended = now
            self.exit = self._exit(stat.status)
        elif self.looks % SELDOM == 1:
            self._slow_figures()

    def children(self) -> list[int] | None:
        """Its children; None where the kernel does not list them. Those of its threads, and later all, seldom."""
        seldom = self.looks % SELDOM == 1
        if self.looks > YOUNG and self.looks % OLD_EVERY:
            return []
        known = procfs.children(self.pid, self.pid)
        if self.threads > 1 and seldom:
            others = (procfs.children(self.pid, thread) for thread in procfs.threads(self.pid) if thread != self.pid)
            return [*(known or ()), *(child for some in others for child in some or ())]
        return known

    def weigh(self, now: float) -> None:
        """Read its memory, which is dear."""
        found = procfs.memory(self.pid)
        if found:
            self.memory.append(MemoryLook(now, *found))

    def _hold(self, now: float) -> None:
        found = procfs.held(self.pid)
        if found is not None:
            if len(self.held) >= KEPT:
                del self.held[1:-1:2]  # the first and the last stay
            self.held.append((now, found))

    def _exit(self, status: int) -> int | None:
        """Its exit code; None if it runs for another user, whose status reads 0."""
        with suppress(OSError):
            if Path(f"/proc/{self.pid}").stat().st_uid == os.geteuid():
                return os.waitstatus_to_exitcode(status)
        return None

    def _schedules(self, threads: int) -> None:
        """Read what its threads ran and waited: of all if it ran at all, of the main thread always."""
        due = self.looks % SELDOM == 1 or (threads <= MANY_THREADS and self.cpu_s != self._cpu_at_schedules)
        every = threads > 1 and due
        if every:
            self._cpu_at_schedules = self.cpu_s
        for thread in procfs.threads(self.pid) if every else (self.pid,):
            schedule = procfs.schedule(self.pid, thread)
            if schedule:
                self.ran[thread], self.waited[thread] = schedule

    def _slow_figures(self) -> None:
        self.cmdline = procfs.command_line(self.pid) or self.cmdline  # an exec changes it
        status = procfs.status(self.pid)
        if status:
            self.voluntary, self.involuntary = status.voluntary, status.involuntary
            self.rss_peak = max(status.rss_peak or 0, self.rss_peak or 0) or None


class OtherProcess(Tracked):
    """A process as psutil shows it, on systems without /proc of Linux' kind."""

    def look(self, now: float) -> None:
        """Read its figures once more; sets `ended` when it is no more."""
        try:
            process = psutil.Process(self.pid)
            with process.oneshot():
                if process.create_time() != self.started or process.status() == psutil.STATUS_ZOMBIE:
                    self.ended = now
                    return
                self.name, self.parent = process.name(), process.ppid()
                with suppress(psutil.AccessDenied):
                    self._figures(process)
                    self.looked = now
        except psutil.NoSuchProcess:
            self.ended = now
        except psutil.AccessDenied:
            self.looks += 1

    def children(self) -> list[int] | None:
        """Unknown without a search of the whole system."""
        return None

    def weigh(self, now: float) -> None:
        """Read its memory, which is dear."""
        with suppress(psutil.Error):
            info = psutil.Process(self.pid).memory_full_info()
            self.memory.append(MemoryLook(now, info.rss, getattr(info, "uss", None), getattr(info, "pss", None)))

    def _figures(self, process: psutil.Process) -> None:
        times = process.cpu_times()
        self.user_s, self.system_s = times.user, times.system
        if not self.cmdline:
            self.cmdline = tuple(process.cmdline())
        switches = process.num_ctx_switches()
        self.voluntary, self.involuntary = switches.voluntary, switches.involuntary or None
        state = "R" if process.status() == psutil.STATUS_RUNNING else "S"
        self._seen(state, process.memory_info().rss, process.num_threads())


def find(pid: int, now: float) -> Tracked | None:
    """Begin to track process ``pid``; None if it is gone.

    Args:
        pid: its process id.
        now: the time by the sampler's clock.
    """
    found: Tracked
    if LINUX:
        stat = procfs.stat(pid)
        if stat is None:
            return None
        found = LinuxProcess(pid, stat.started, now)
        found.born = now - (time.clock_gettime(time.CLOCK_BOOTTIME) - stat.started / procfs.TICKS)
        return found
    try:
        started = psutil.Process(pid).create_time()
    except psutil.Error:
        return None
    found = OtherProcess(pid, started, now)
    found.born = now - (time.time() - started)
    return found
