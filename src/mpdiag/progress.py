"""Progress with time left, on standard error and only where someone looks."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.live import Live
from rich.text import Text

#: Seconds between two refreshes: drawing more often would disturb what is measured.
REFRESH = 0.5


class Silent:
    """No progress: for pipes, logs and ``--quiet``."""

    def probing(self, name: str, position: int, left_s: float) -> None:
        """A probe begins."""

    def tick(self) -> None:
        """Time passes."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class Shown(Silent):
    """One line that names the probe and the seconds left; it draws in the caller's thread, so nothing runs beside.

    Args:
        count: how many things there are; of 0, their numbers are not shown.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._line = ""
        self._end = self._drawn = time.monotonic()
        self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)

    def __enter__(self) -> Shown:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def probing(self, name: str, position: int, left_s: float) -> None:
        """A probe begins: draw at once."""
        self._line = f"{position + 1}/{self._count} {name}" if self._count else name
        self._end = time.monotonic() + left_s
        self._draw()

    def tick(self) -> None:
        """Draw again when the last time is long enough ago."""
        if time.monotonic() - self._drawn >= REFRESH:
            self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        left = max(0, round(self._end - self._drawn))
        self._live.update(Text(f"measuring {self._line} · about {left} s left", style="dim"), refresh=True)


def progress(quiet: bool, count: int) -> Silent:
    """What fits standard error: a live line on a terminal, else nothing."""
    console = Console(stderr=True)
    if quiet or not sys.stderr.isatty() or console.is_dumb_terminal:
        return Silent()
    return Shown(count)
