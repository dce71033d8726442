"""Tells whether a signal went to the whole process group or to us alone."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress

#: Seconds in which a signal to the group has reached all its members, on a busy machine too.
PATIENCE = 0.1
#: Descriptors above are none that we were given.
MOST_DESCRIPTORS = 65_536


class Witness:
    """An idle process of our group, which tells what signals it gets; it ends when we do, however that comes.

    A Ctrl-C, or a signal to the group, reaches the observed program by itself: passed on, it would come twice. One that
    was sent to us alone was meant for the program. A signal does not tell which it was; a second receiver does.

    Args:
        numbers: the signals to tell of.
        orphaned: what it does when we end without dismissing it.
    """

    def __init__(self, numbers: Collection[int], orphaned: Callable[[], object] = lambda: None) -> None:
        ours, theirs = os.pipe()
        self._hears, tells = os.pipe()
        #: When we last heard of each signal; two that come at once may be told as one.
        self._told: dict[int, float] = {}
        self._silent = False
        before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # until it is ready for them
        self._pid = os.fork()
        if self._pid == 0:
            try:
                if not _testify(ours, tells, numbers):
                    orphaned()
            finally:
                os._exit(0)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(ours)
        os.close(tells)
        self._holds = theirs

    def saw(self, number: int, came: float) -> bool:
        """Whether the signal ``number`` reached the group.

        Args:
            number: the signal.
            came: when it came to us, by `time.monotonic`.
        """
        self.listen()
        while self._told.get(number, 0.0) < came - PATIENCE:
            left = came + PATIENCE - time.monotonic()
            if self._silent or left <= 0:
                return False
            self.listen(left)
        return True

    def listen(self, seconds: float = 0.0) -> None:
        """Take in what it tells, within so many seconds; unless asked now and then, it is late with its news."""
        if self._silent or not select.select([self._hears], [], [], seconds)[0]:
            return
        words = os.read(self._hears, 64)
        self._silent = not words  # it was killed
        self._told.update(dict.fromkeys(words, time.monotonic()))

    def dismiss(self) -> None:
        """It may go."""
        with suppress(BrokenPipeError):  # it was killed
            os.write(self._holds, b".")
        os.close(self._holds)
        os.close(self._hears)
        with suppress(ChildProcessError):  # reaped by the system, as we were started to ignore our children's ends
            os.waitpid(self._pid, 0)


def _testify(ours: int, tells: int, numbers: Collection[int]) -> bool:
    """The witness's life: every signal's number goes to the pipe, until the other one dismisses it, or is gone."""
    os.set_blocking(tells, False)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    for number in numbers:
        signal.signal(number, lambda _number, _frame: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    first, second = sorted((ours, tells))
    for low, high in ((0, first), (first + 1, second), (second + 1, MOST_DESCRIPTORS)):
        os.closerange(low, high)  # nobody shall wait for us to close what we were given
    return bool(os.read(ours, 1))
