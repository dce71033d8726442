"""Asks busy processes for their stacks, by a signal to whose handler the tap holds them.

A process without that handler would die of the signal. So each condition is looked at again right before it is sent:
the file that the tap made when it was ready, the identity of the process, its program and its signal masks. No second
signal is sent before the first is answered.
"""

from __future__ import annotations

import os
import signal
import struct
import time
from contextlib import suppress
from pathlib import Path

from mpdiag.tap import layout
from mpdiag.watch import procfs
from mpdiag.watch.observation import StackSample, ThreadLook
from mpdiag.watch.stacks import Counts, Parser
from mpdiag.watch.tracked import LinuxProcess

#: Seconds between two questions to one process, unless somebody wants to see its stacks.
EVERY = 0.045
#: A thread that ran for less since the last question has not been busy.
BUSY_NS = 2_000_000
#: What was checked longer ago may no longer hold: we lost the CPU ourselves meanwhile.
FRESH_NS = 1_000_000
TRIES = 3
#: What a process was started for: its target, or a task.
WORK = frozenset((layout.KIND["run"], layout.KIND["task"]))
#: An answer is some kilobytes.
LONGEST = 1 << 18


def signal_number() -> int | None:
    """The signal that asks for stacks; None where there are no such signals."""
    last = getattr(signal, "SIGRTMAX", None)
    return None if last is None else int(last) - 3


class Asked:
    """One process that may be asked.

    Args:
        process: the process.
        path: the file in which it answers.
        parser: reads the answers.
        every: seconds between two questions.
    """

    def __init__(self, process: LinuxProcess, path: Path, parser: Parser, every: float = EVERY) -> None:
        self.process = process
        self.path = str(path)
        self._ledger = self.path.removesuffix(".stacks")
        self._parser = parser
        self._every = every
        self.counts = Counts(process.pid)
        self._program = procfs.program(process.pid)
        self._asked_at = float("-inf")
        self._outstanding = False
        self._ran = dict(process.ran)
        self._last_ran = dict(process.ran)

    def turn(self, now: float, pidfd: int | None) -> bool:
        """Take its answer, and ask again if it is busy.

        Args:
            now: the time by the sampler's clock.
            pidfd: a descriptor of the process.

        Returns:
            Whether it was asked.
        """
        if self._outstanding:
            self._take()
        busy = self._is_busy()
        self._last_ran = dict(self.process.ran)
        if self._outstanding or not busy or now - self._asked_at < self._every:
            return False
        return self._ask(now, pidfd)

    def meet(self, now: float, pidfd: int | None) -> bool:
        """As `turn`, at the first look, if it does what it was started for: it may have ended before the next."""
        at_work = self._at_work_ns() if self.process.state == "R" else 0
        if not at_work or not self._ask(now, pidfd):
            return False
        pid = self.process.pid
        self._ran[pid] = max(0, self._ran.get(pid, 0) - at_work)  # its start is another matter
        return True

    def _ask(self, now: float, pidfd: int | None) -> bool:
        self._outstanding = self.ask(pidfd)
        if self._outstanding:
            self._asked_at = now
        return self._outstanding

    def finish(self) -> tuple[StackSample, ...]:
        """The stacks seen, with those of an answer that was not yet taken."""
        if self._outstanding:
            self._take()
        return self.counts.result()

    def _is_busy(self) -> bool:
        """Whether it burns CPU time right now, and would not be disturbed in a system call."""
        process = self.process
        burnt = {thread: ran - self._last_ran.get(thread, 0) for thread, ran in process.ran.items()}
        if process.state == "R":
            return burnt.get(process.pid, 0) > 0
        others = sum(ns for thread, ns in burnt.items() if thread != process.pid)
        return process.state == "S" and others >= BUSY_NS and procfs.waits_for_lock(process.pid)

    def ask(self, pidfd: int | None) -> bool:
        """Send the signal, if the process would answer; says whether it was sent."""
        number = signal_number()
        if number is None:
            return False
        for _ in range(TRIES):
            looked = time.monotonic_ns()
            if not self._would_answer(number, pidfd):
                return False
            if time.monotonic_ns() - looked < FRESH_NS:
                return send(self.process.pid, pidfd, number)
        return False

    def _would_answer(self, number: int, pidfd: int | None) -> bool:
        pid = self.process.pid
        if pidfd is None:  # with one, no other process can be reached
            stat = procfs.stat(pid)
            if stat is None or stat.started != self.process.started or stat.state in procfs.ENDED:
                return False
        if self._program is None or procfs.program(pid) != self._program or not self._is_ready():
            return False
        signals = procfs.signals(pid)
        return signals is not None and signals.heeds(number)

    def _is_ready(self) -> bool:
        """Whether the tap says in the ledger that it heeds the signal."""
        return self._words(layout.H_READY, 1) == (1,)

    def _at_work_ns(self) -> int:
        """For how long its main thread has been at its target or a task; 0 if it does something else."""
        words = self._words(layout.THREADS, layout.THREAD)
        return time.monotonic_ns() - words[layout.T_SINCE] if words and words[layout.T_KIND] in WORK else 0

    def _words(self, first: int, count: int) -> tuple[int, ...]:
        """Some words of its ledger; none if it cannot be read."""
        try:
            with open(self._ledger, "rb", buffering=0) as file:  # noqa: PTH123 - before each signal
                return struct.unpack(f"{count}q", os.pread(file.fileno(), 8 * count, 8 * first))
        except (OSError, struct.error):
            return ()

    def _take(self) -> None:
        """Count the answer, if it has come, and empty the file."""
        try:
            with open(self.path, "r+b", buffering=0) as file:  # noqa: PTH123 - likewise
                raw = file.read(LONGEST)
                if not raw:
                    return
                file.truncate(0)
        except OSError:  # the process has ended or executes another program
            return
        self._outstanding = False
        ran = self.process.ran
        for thread, stack in self._parser.parse(raw.decode("utf-8", "replace")):
            if thread is not None:
                self.counts.see(stack[0])
            key = self.process.pid if thread is None else thread
            burnt = ran.get(key, 0) - self._ran.get(key, 0)
            if burnt > 0:
                self.counts.add(thread, stack, burnt / 1e9)
        self._ran = dict(ran)


def send(pid: int, pidfd: int | None, number: int) -> bool:
    """Send a signal; with a descriptor it cannot reach another process that was given the same pid."""
    with suppress(OSError):
        if pidfd is not None and hasattr(signal, "pidfd_send_signal"):
            signal.pidfd_send_signal(pidfd, number)
        else:
            os.kill(pid, number)
        return True
    return False


class Asker:
    """Asks the processes of one run.

    Args:
        ledgers: the folder in which their taps write.
        every: seconds between two questions to one process.
    """

    def __init__(self, ledgers: Path, every: float = EVERY) -> None:
        self._ledgers = ledgers
        self._every = every
        self._parser = Parser()
        #: By pid, start and number of the ledger, which is a new one after an exec.
        self._asked: dict[tuple[int, float, int], Asked] = {}

    def turn(self, process: LinuxProcess, ledger: int | None, now: float, pidfd: int | None) -> bool:
        """Take the answer of ``process`` and ask it again if it is busy.

        Args:
            process: a process that was just looked at.
            ledger: the highest number of its ledgers; None if it has none.
            now: the time by the sampler's clock.
            pidfd: its descriptor.

        Returns:
            Whether it was asked.
        """
        asked = self._of(process, ledger)
        return asked is not None and asked.turn(now, pidfd)

    def meet(self, process: LinuxProcess, ledger: int | None, now: float, pidfd: int | None) -> bool:
        """As `turn`, for a process that was just found."""
        asked = self._of(process, ledger)
        return asked is not None and asked.meet(now, pidfd)

    def _of(self, process: LinuxProcess, ledger: int | None) -> Asked | None:
        if ledger is None:
            return None
        key = process.pid, process.started, ledger
        if key not in self._asked:
            path = self._ledgers / f"{process.pid}.{ledger}.stacks"
            self._asked[key] = Asked(process, path, self._parser, self._every)
        return self._asked[key]

    def result(self) -> tuple[StackSample, ...]:
        """The stacks of all processes."""
        return tuple(sample for asked in self._asked.values() for sample in asked.finish())

    def threads(self) -> tuple[ThreadLook, ...]:
        """Where threads of all processes were seen."""
        return tuple(look for asked in self._asked.values() for look in asked.counts.threads())
