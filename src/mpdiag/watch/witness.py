"""Tells whether a signal went to the whole process group or to us alone."""

from __future__ import annotations

import math
import os
import select
import signal
import time
from collections.abc import Iterable
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
    """

    def __init__(self, numbers: Iterable[int]) -> None:
        ours, theirs = os.pipe()
        self._hears, tells = os.pipe()
        self._seen_at: dict[int, float] = {}
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _testify(ours, tells, numbers)
            finally:
                os._exit(0)
        os.close(ours)
        os.close(tells)
        self._holds = theirs

    def saw(self, number: int) -> bool:
        """Whether the signal ``number``, which has just come, reached the group."""
        told = self._seen_at.get(number, -math.inf) > time.monotonic() - PATIENCE  # two may have come at once
        while select.select([self._hears], [], [], 0.0 if told else PATIENCE)[0]:
            words = os.read(self._hears, 64)
            if not words:  # it was killed
                break
            self._seen_at.update(dict.fromkeys(words, time.monotonic()))
            told = told or number in words
        return told

    def dismiss(self) -> None:
        """It may go."""
        os.close(self._holds)
        os.close(self._hears)
        with suppress(ChildProcessError):  # reaped by the system, as we were started to ignore our children's ends
            os.waitpid(self._pid, 0)


def _testify(ours: int, tells: int, numbers: Iterable[int]) -> None:
    """The witness's life: every signal's number goes to the pipe, until the other one is closed."""
    os.set_blocking(tells, False)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    for number in numbers:
        signal.signal(number, lambda _number, _frame: None)
    first, second = sorted((ours, tells))
    for low, high in ((0, first), (first + 1, second), (second + 1, MOST_DESCRIPTORS)):
        os.closerange(low, high)  # nobody shall wait for us to close what we were given
    os.read(ours, 1)
