"""Arms the taps within a process that runs already, for a while, or for one test after another."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import count
from pathlib import Path
from types import ModuleType

from mpdiag.watch import folder as private
from mpdiag.watch.books import Book, read
from mpdiag.watch.lives import Run

#: What the taps are called in observed processes.
_PACKAGE = "mpdiag_tap"
#: What a process does that uses no others.
_ALONE = frozenset({"import", "boot"})


@dataclass(frozen=True)
class Began:
    """When what is observed began, by all clocks."""

    folder: Path
    wall_s: float
    cpu_s: float
    main_cpu_s: float


def observed() -> bool:
    """Whether this process is observed already, by whomever."""
    return _PACKAGE in sys.modules


class Taps:
    """The taps of this process.

    Args:
        folder: a private folder, laid out for taps.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = count()
        self._used = True
        sys.path.insert(0, str(folder / private.SITE))
        try:
            self._start: ModuleType = import_module(f"{_PACKAGE}.start")
        finally:
            sys.path.remove(str(folder / private.SITE))
        self._start.start_late(str(folder))
        self._environ = {name: os.environ.get(name) for name in ("PYTHONPATH", private.VARIABLE)}
        os.environ.update(private.environment(folder))
        self._began = self._now(folder)

    def begin(self) -> None:
        """A test begins; it gets a new ledger if the one at hand was used."""
        folder = self._began.folder
        if self._used:
            folder = self.folder / str(next(self._numbers))
            (folder / private.LEDGERS).mkdir(parents=True)
            self._arm(folder)
        self._began = self._now(folder)
        self._used = False

    @property
    def place(self) -> Path:
        """Where the processes of the test at hand write."""
        return self._began.folder

    def end(self) -> Run:
        """What is known of the time since it began, which is over."""
        now, began = self._now(self._began.folder), self._began
        books = read(now.folder / private.LEDGERS)
        self._used = _used(books)
        own = os.getpid()
        ended = tuple(self._ended(book, now) if book.pid == own else book for book in books)
        return Run(own, began.wall_s, now.wall_s, None, float(self._start.places.usable()), ended)

    @property
    def used(self) -> bool:
        """Whether processes were used, as far as was known at the end."""
        return self._used

    def forget(self) -> None:
        """What the last test wrote is of no use any more, unless its processes still live; ours is mapped anyway."""
        if self._used and self._began.folder != self.folder:
            for path in (self._began.folder / private.LEDGERS).glob("*"):
                with suppress(OSError):
                    path.unlink()

    def close(self) -> None:
        """Count for nobody from now on, and take everything away."""
        self._start.stop()
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
            del sys.modules[name]  # its folder goes
        for name, value in self._environ.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        private.remove(self.folder)

    def _arm(self, folder: Path) -> None:
        with suppress(OSError):  # where there are no links, children weave for themselves
            (folder / private.WOVEN).symlink_to(self.folder / private.WOVEN)
        self._start.count_in(str(folder))
        os.environ[private.VARIABLE] = str(folder)

    def _now(self, folder: Path) -> Began:
        return Began(folder, time.monotonic(), time.process_time(), time.thread_time())

    def _ended(self, book: Book, now: Began) -> Book:
        """The ledger of this process, as if it had lived for that time alone."""
        return replace(
            book,
            began_s=self._began.wall_s,
            ended_s=now.wall_s,
            cpu_s=now.cpu_s - self._began.cpu_s,
            main_cpu_s=now.main_cpu_s - self._began.main_cpu_s,
        )


def _used(books: Sequence[Book]) -> bool:
    """Whether there was more than one process, or anything that processes do with each other."""
    return len(books) > 1 or any(slot.kind not in _ALONE for book in books for slot in book.slots)
