"""A page below the output of a program that has the same terminal, while it runs.

The terminal is told to scroll only what is above the page, so that a program may print whatever lines it likes, and
each drawing is one write between saving the cursor and restoring it. `rich.live` cannot do that: it moves the cursor
over what somebody else has printed since.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final

SAVE, RESTORE, DOWN, CLEAR_LINE, CLEAR_BELOW = "\x1b7", "\x1b8", "\x1bD", "\x1b[2K", "\x1b[J"
#: A terminal with fewer lines is left to the program; the page gets at most half of others.
LEAST_LINES: Final = 14
#: Seconds between two pages: at least, at most, and in terms of the CPU time that making one took.
REFRESH, RAREST, PATIENCE = 0.5, 5.0, 40


class Panel:
    """The last lines of a terminal.

    Args:
        fd: the terminal.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._height = 0
        self._size = os.terminal_size((0, 0))

    @property
    def most(self) -> int:
        """How many lines a page may have."""
        return os.get_terminal_size(self.fd).lines // 2

    def show(self, lines: list[str]) -> None:
        """Draw the first of ``lines``, as many as there is room for; they must fit the terminal's width."""
        size = os.get_terminal_size(self.fd)
        if size.lines < LEAST_LINES or not self._in_front():
            return
        height = min(max(len(lines), self._height), size.lines // 2)
        told = [] if (height, size) == (self._height, self._size) else [self._room(height, size)]
        top = size.lines - height + 1
        shown = [*lines[:height], *[""] * (height - len(lines))]
        drawn = [f"\x1b[{top + row};1H{CLEAR_LINE}{line}\x1b[0m" for row, line in enumerate(shown)]
        self._write("".join((*told, SAVE, *drawn, RESTORE)))

    def close(self) -> None:
        """Give the lines back."""
        if self._height:
            self._write(self._released())
            self._height = 0

    def _room(self, height: int, size: os.terminal_size) -> str:
        """What makes room for the page: the lines above scroll up as far as they must, and alone from now on."""
        released = self._released() if self._height else ""
        self._height, self._size = height, size
        return f"{released}{DOWN * height}\x1b[{height}A{SAVE}\x1b[1;{size.lines - height}r{RESTORE}"

    def _released(self) -> str:
        lines = os.get_terminal_size(self.fd).lines
        top = max(1, min(self._size.lines, lines) - self._height + 1)
        return f"{SAVE}\x1b[r\x1b[{top};1H{CLEAR_BELOW}{RESTORE}"

    def _in_front(self) -> bool:
        """Whether the terminal is ours now: a job in the background must not draw over the shell."""
        return not hasattr(os, "tcgetpgrp") or os.tcgetpgrp(self.fd) == os.getpgrp()

    def _write(self, text: str) -> None:
        data = text.encode(errors="replace")
        while data:
            data = data[os.write(self.fd, data) :]


class Live:
    """Draws pages again and again; Ctrl-Z clears the page for as long as we are stopped.

    Args:
        page: makes the lines of a page; it is told how many will be seen.
        panel: where they are drawn.
    """

    def __init__(self, page: Callable[[int], list[str]], panel: Panel) -> None:
        self._page = page
        self._panel = panel
        self._due = time.monotonic() + REFRESH

    def __enter__(self) -> Live:
        if hasattr(signal, "SIGTSTP") and signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._stopped)
        return self

    def __exit__(self, *error: object) -> None:
        if hasattr(signal, "SIGTSTP") and signal.getsignal(signal.SIGTSTP) == self._stopped:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        self.clear()

    def tick(self) -> None:
        """Draw, if it is time."""
        if time.monotonic() < self._due:
            return
        began = time.thread_time()
        self._panel.show(self._page(self._panel.most))
        took = time.thread_time() - began
        self._due = time.monotonic() + min(max(REFRESH, took * PATIENCE), RAREST)

    def clear(self) -> None:
        """Take the page away, until the next one is drawn."""
        with suppress(OSError):  # the terminal is gone
            self._panel.close()

    def _stopped(self, number: int, _frame: FrameType | None) -> None:
        self.clear()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # goes on here when the job does
        signal.signal(number, self._stopped)
        self._due = 0.0


def terminal() -> int | None:
    """The terminal on standard error, if there is one that can move its cursor."""
    with suppress(OSError, ValueError, AttributeError):  # closed, or none at all
        fd = sys.stderr.fileno()
        if os.isatty(fd) and (os.environ.get("TERM") or "dumb") != "dumb":
            return fd
    return None
