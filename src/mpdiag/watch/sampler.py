"""Looks at a running program's processes from outside, in a thread of mpdiag's own.

New processes are found as children of known ones and by the ledgers that their taps make, so that one that has left
its parent is found as well. Looking takes less than a hundredth of a CPU: with many processes it gets rarer.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import psutil

from mpdiag.watch.asking import EVERY, Asker
from mpdiag.watch.environs import Environs
from mpdiag.watch.leaps import Leaps
from mpdiag.watch.ledgers import Ledgers
from mpdiag.watch.observation import Observation, Surroundings, Vital
from mpdiag.watch.scales import Scales
from mpdiag.watch.tracked import LinuxProcess, Tracked, find

#: Older than that, a process was there before the sampler: what it did until then is not counted.
OLD_S = 0.1
#: After each look, the next one may be so much later.
RELAXING = 1.02
#: Seconds that looks are apart at most.
RAREST = 2.0
#: A dear look, such as the first one at new processes, is paid for in so many pauses: what they do next is not missed.
PAYS_IN = 2
#: Seconds between two searches of the whole system, where children are not listed.
SEARCH_EVERY = 2.0
#: Processes that are looked at in one go; of more, each comes in its turn.
BATCH = 48
#: Processes whose end is awaited by a descriptor each, if so many are allowed twice.
DESCRIPTORS = 512


#: A process that is new.
_NOTHING = Vital(pid=0, started=0.0, parent=None, name="", cmdline=(), first_seen=0.0, born=None, ended=None)


class Pace(NamedTuple):
    """How often to look."""

    #: Seconds between two looks: at first, when a program starts its processes, and later.
    first: float
    last: float
    #: Seconds between two questions for the stack of a process.
    ask: float
    #: The share of a CPU that looking may take.
    budget: float


USUAL = Pace(0.03, 0.06, EVERY, 0.006)
#: For those who want to see stacks.
DENSE = Pace(0.008, 0.008, 0.007, 0.1)


class Sampler:
    """Looks at the process ``root_pid`` and all that come of it.

    Args:
        folder: the private folder of the run.
        root_pid: the program's own process.
        began_ns: the zero of all times, by `time.monotonic_ns`; by default now.
        pace: how often to look.
    """

    def __init__(self, folder: Path, root_pid: int, began_ns: int | None = None, pace: Pace = USUAL) -> None:
        self.began_ns = time.monotonic_ns() if began_ns is None else began_ns
        self._root = root_pid
        self._ledgers = Ledgers(folder)
        self._alive: dict[int, Tracked] = {}
        #: Those that were found since the last look.
        self._new: list[Tracked] = []
        self._ended: list[Tracked] = []
        self._before: dict[Tracked, Vital] = {}
        #: Processes that had ended before they could be looked at, and when that was seen.
        self._missed: dict[int, float] = {}
        self._descriptors: dict[int, int] = {}
        self._pace = pace
        self._asker = Asker(self._ledgers.folder, pace.ask)
        self._scales = Scales()
        self._leaps = Leaps()
        self._environs = Environs(root_pid)
        self._around: Surroundings | None = None
        self._most_descriptors = most_descriptors()
        self._searched = float("-inf")
        self._most = 0
        self._ticks = 0
        self._looking_s = 0.0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="mpdiag-sampler", daemon=True)
        self._wake, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._track(root_pid)

    def start(self) -> None:
        """Look from now on, until `stop`."""
        self._thread.start()

    def stop(self) -> tuple[Vital, ...]:
        """Look no more; returns what was seen, in the order in which the processes were found."""
        if self._thread.is_alive():
            self._woken.send(b".")
            self._thread.join()
        if self._around is None:
            self.look(most=None)
            self._around = self._surroundings()
            for pid in list(self._descriptors):
                self._forget_descriptor(pid)
            for end in (self._selector, self._wake, self._woken, self._leaps):
                end.close()
        return self.vitals()

    def vitals(self) -> tuple[Vital, ...]:
        """What has been seen so far; may be asked while looking goes on."""
        with self._lock:
            seen = [*self._ended, *self._alive.values()]
            found = [process.vital().since(self._before.get(process, _NOTHING)) for process in seen]
            known = {process.pid for process in seen}
            missed = [(pid, at) for pid, at in self._missed.items() if pid not in known]
            found += [replace(_NOTHING, pid=pid, first_seen=at, ended=at) for pid, at in missed]
            return tuple(sorted(found, key=lambda vital: vital.first_seen))

    def observation(self) -> Observation:
        """All that was seen; of use after `stop`."""
        around = self._around or self._surroundings()
        stacks, threads = self._asker.result(), self._asker.threads()
        return Observation(self.began_ns, self.vitals(), stacks, around, self._leaps.found(), threads)

    def now(self) -> float:
        """Seconds since the zero of all times."""
        return (time.monotonic_ns() - self.began_ns) / 1e9

    def look(self, most: int | None = BATCH) -> None:
        """Look once at processes, and for new ones.

        Args:
            most: how many to look at, in turn; None for all.
        """
        begun = thread_time()
        with self._lock:
            batch = list(islice(self._alive.values(), most))
            for process in batch:
                self._look_at(process)
            self._discover([process for process in batch if process.ended is None])
            if len(self._alive) > len(batch):
                for process in batch:  # to the end of the row
                    if process.ended is None:
                        self._alive[process.pid] = self._alive.pop(process.pid)
            self._most = max(self._most, len(self._alive))
            self._ticks += 1
        self._leaps.look()
        self._looking_s += thread_time() - begun
        self._scales.weigh(list(self._alive.values()), self.now)

    def _run(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are for the main thread
        gap, owed, before = self._pace.first, 0.0, self._looking_s
        while True:
            self.look()
            owed += self._looking_s - before
            before = self._looking_s
            gap = min(gap * RELAXING, self._pace.last)
            pause = min(max(gap, owed / self._pace.budget / PAYS_IN), RAREST)
            if self._wait(pause):
                return
            owed = max(0.0, owed - pause * self._pace.budget)

    def _wait(self, seconds: float) -> bool:
        """Wait until the next look is due, seeing meanwhile when processes end; true when all is over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready = [key for key, _ in self._selector.select(min(left, self._leaps.pause))]
            begun = thread_time()
            self._leaps.meet()
            for key in ready:
                if key.data is None:
                    return True
                with self._lock:
                    self._look_at(key.data)
                    self._forget_descriptor(key.data.pid)
            self._looking_s += thread_time() - begun
        return False

    def _look_at(self, process: Tracked) -> None:
        now = self.now()
        process.look(now)
        if process.ended is not None:
            self._alive.pop(process.pid, None)
            self._ended.append(process)
            self._forget_descriptor(process.pid)
        elif isinstance(process, LinuxProcess):
            self._asker.turn(process, self._ledgers.number(process.pid), now, self._descriptors.get(process.pid))

    def _discover(self, fresh: list[Tracked]) -> None:
        """Track the children of processes, and theirs, and processes that have a new ledger."""
        while fresh:
            found = [self._track(child) for process in fresh for child in self._children(process)]
            fresh = [process for process in found if process]
        for pid in self._ledgers.fresh():
            self._leaps.add(pid, self._ledgers.path(pid))
            if pid not in self._alive and self._ledgers.owns(pid):
                self._track(pid)
            elif pid not in self._alive and not psutil.pid_exists(pid):
                self._missed.setdefault(pid, self.now())
        for process in self._new:
            if isinstance(process, LinuxProcess):
                number, descriptor = self._ledgers.number(process.pid), self._descriptors.get(process.pid)
                self._asker.meet(process, number, self.now(), descriptor)
        self._new.clear()

    def _children(self, process: Tracked) -> Iterator[int]:
        children = process.children()
        if children is None and process.pid == self._root and self.now() - self._searched > SEARCH_EVERY:
            self._searched = self.now()
            with suppress(psutil.Error):
                children = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        yield from (child for child in children or () if child not in self._alive)

    def _track(self, pid: int) -> Tracked | None:
        if pid in self._alive:
            return None
        descriptor = self._open(pid)  # before the look: what lives then is what it leads to
        process = find(pid, self.now())
        if process is not None:
            process.look(self.now())
        if process is None or process.ended is not None:
            if descriptor is not None:
                os.close(descriptor)
            if process and process.looks:  # a zombie that its parent has not taken yet
                self._remember_once(process)
            return None
        self._alive[pid] = process
        self._new.append(process)
        if process.born is not None and process.born < -OLD_S:
            self._before[process] = process.vital()
        if descriptor is not None:
            self._descriptors[pid] = descriptor
            self._selector.register(descriptor, selectors.EVENT_READ, process)
        return process

    def _open(self, pid: int) -> int | None:
        """A descriptor of the process, if there are enough of them."""
        if hasattr(os, "pidfd_open") and len(self._descriptors) < self._most_descriptors:
            with suppress(OSError):
                return os.pidfd_open(pid)
        return None

    def _remember_once(self, zombie: Tracked) -> None:
        if all((known.pid, known.started) != (zombie.pid, zombie.started) for known in self._ended):
            self._ended.append(zombie)

    def _forget_descriptor(self, pid: int) -> None:
        descriptor = self._descriptors.pop(pid, None)
        if descriptor is not None:
            self._selector.unregister(descriptor)
            os.close(descriptor)

    def _surroundings(self) -> Surroundings:
        seen = sum(vital.cpu_s or 0.0 for vital in self.vitals())
        return self._environs.surroundings(
            wall_s=self.now(),
            cpu_s=max(seen, self._environs.cpu_s()),
            memory_peak=self._scales.peak,
            processes_at_once=self._most,
            looking_s=self._looking_s,
            ticks=self._ticks,
        )


def thread_time() -> float:
    """CPU time of this thread; of a system that does not tell, wall time."""
    return time.thread_time() if hasattr(time, "thread_time") else time.monotonic()


def most_descriptors() -> int:
    """How many descriptors may be spent on processes; raising the limit would be passed on to programs."""
    try:
        import resource
    except ImportError:
        return 0
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(DESCRIPTORS, soft // 2)
