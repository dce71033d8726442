"""Finds integers in shared memory that wrap around, by looking at that memory from outside.

Values and arrays without a lock are plain memory: no code of Python's runs when they are written. Their memory is a
file that the process which made them keeps open. An element that has always gone in one direction and then leaps by
nearly all of its range the other way has wrapped. One that has ever turned back is no counter and is not judged.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

from mpdiag.tap import layout
from mpdiag.watch.books import parsed
from mpdiag.watch.tracked import LINUX
from mpdiag.watch.values import Wrap

#: Elements that are followed in all, and of one array.
MOST, MOST_EACH = 512, 32
#: Processes whose values are followed: those that share some start early.
LEDGERS = 32
#: Steps in one direction after which an element's pace is known, and how far the next may differ from the longest.
STEPS, TIMES = 3, 4.0
#: Of its range, an element may do this much between two looks; else nobody can tell in which direction it went.
PART = 0.25
#: After so many steps that nobody can tell, an element is no counter: a late look makes one or two.
UNCLEAR = 2
#: Seconds between two looks at the elements alone, and what each of them adds to that.
PAUSE, PAUSE_EACH = 0.02, 0.0001
INTEGERS = "bBhHiIlLqQ"


@dataclass
class Element:
    """One integer in shared memory."""

    type: Any
    at: int
    last: int | None = None
    #: Its last steps, all in one direction.
    steps: deque[int] = field(default_factory=lambda: deque(maxlen=STEPS))
    turned: bool = False
    unclear: int = 0

    @property
    def range(self) -> int:
        """How many numbers it can hold."""
        return int(1 << 8 * ctypes.sizeof(self.type))

    def met(self, now: int) -> tuple[int, int] | None:
        """Take in what the element holds now; if it has wrapped, what it was and what it is."""
        before, self.last = self.last, now
        if before is None or before == now or self.turned:
            return None
        step = now - before
        onward = step - self.range if step > 0 else step + self.range
        if abs(step) > self.range / 2 and self._fits(onward):
            return before, now
        if abs(step) > PART * self.range and self.unclear < UNCLEAR:
            self.unclear += 1
            self.steps.clear()
            return None
        self.turned = bool(self.steps) and (step > 0) != (self.steps[-1] > 0)
        self.steps.append(step)
        return None

    def _fits(self, step: int) -> bool:
        longest = max(map(abs, self.steps), default=0)
        return (
            len(self.steps) == STEPS
            and (step > 0) == (self.steps[-1] > 0)
            and abs(step) <= min(TIMES * longest, PART * self.range)
        )


class News:
    """What the ledger of a process tells of shared values, as it comes.

    Args:
        pid: the process that writes it.
        ledger: its file, which is kept open.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, pid: int, ledger: Path) -> None:
        self.pid = pid
        self._file = FileIO(ledger)
        self._seen = 0

    def values(self) -> Iterator[tuple[Any, ...]]:
        """The events of those that were made since the last time."""
        with suppress(OSError):
            used = int.from_bytes(os.pread(self._file.fileno(), 8, 8 * layout.H_TEXT), sys.byteorder)
            if used > self._seen:
                text = os.pread(self._file.fileno(), used - self._seen, layout.TEXT + self._seen)
                self._seen = used
                lines = text.decode("utf-8", "replace").splitlines()
                yield from parsed(line for line in lines if line.startswith("('value',"))  # parsing is dear

    def close(self) -> None:
        """Read no more."""
        self._file.close()


class Leaps:
    """Looks at the shared integers of observed processes, whenever it is told to."""

    def __init__(self) -> None:
        self._news: list[News] = []
        self._maps: dict[tuple[int, int], mmap.mmap | None] = {}
        self._elements: dict[str, tuple[mmap.mmap, list[Element]]] = {}
        self._wraps: dict[str, Wrap] = {}

    def add(self, pid: int, ledger: Path) -> None:
        """Follow what process ``pid`` shares, as its ledger tells."""
        if LINUX and len(self._news) < LEDGERS:
            with suppress(OSError):
                self._news.append(News(pid, ledger))

    def look(self) -> None:
        """Look at all elements that are known by now."""
        for news in self._news:
            for facts in news.values():
                self._follow(news.pid, facts)
        self.meet()

    @property
    def pause(self) -> float:
        """Seconds until the next time to `meet`; without elements, for ever."""
        count = sum(len(elements) for _, elements in self._elements.values())
        return PAUSE + PAUSE_EACH * count if count else float("inf")

    def meet(self) -> None:
        """Look again at the elements that are known: what counts fast goes too far between two looks at processes."""
        for name, (memory, elements) in self._elements.items():
            for element in elements:
                wrapped = element.met(element.type.from_buffer_copy(memory, element.at).value)
                if wrapped:
                    wrap = self._wraps.setdefault(name, Wrap())
                    wrap.count += 1
                    wrap.steps.append(wrapped)

    def found(self) -> dict[str, Wrap]:
        """What has wrapped so far, by the value's name."""
        return self._wraps

    def close(self) -> None:
        """Let go of the program's memory."""
        self._elements.clear()
        for news in self._news:
            news.close()
        for memory in self._maps.values():
            if memory is not None:
                memory.close()

    def _follow(self, pid: int, facts: tuple[Any, ...]) -> None:
        """Follow the elements of a value that was just made, if they are integers and can be seen."""
        _, _, name, _, length, _, (descriptor, start, code, size) = facts
        known = sum(len(elements) for _, elements in self._elements.values())
        if not code or code not in INTEGERS or known >= MOST or name in self._elements:
            return
        memory = self._map(pid, descriptor)
        kind = getattr(ctypes, f"c_{'u' * code.isupper()}int{8 * size}")
        if memory is None or start + size * length > len(memory):
            return
        step = max(1, length // MOST_EACH)
        places = range(0, length, step)
        self._elements[name] = memory, [Element(kind, start + size * place) for place in places]

    def _map(self, pid: int, descriptor: int) -> mmap.mmap | None:
        key = (pid, descriptor)
        if key not in self._maps:
            self._maps[key] = _mapped(pid, descriptor)
        return self._maps[key]


def _mapped(pid: int, descriptor: int) -> mmap.mmap | None:
    """The memory file that a process holds open, to be read; None if it may not or it is gone."""
    if descriptor < 0:
        return None
    try:
        file = os.open(f"/proc/{pid}/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return mmap.mmap(file, 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    finally:
        os.close(file)
