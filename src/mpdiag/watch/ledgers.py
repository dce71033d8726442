"""Which processes have ledgers, by the names in the folder where the taps write."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mpdiag.watch.folder import LEDGERS, VARIABLE

#: Nanoseconds by which the time of a folder's last change may lag behind.
COARSE_NS = 20_000_000


class Ledgers:
    """The ledgers of one run.

    Args:
        folder: the private folder of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / LEDGERS
        self._mark = os.fsencode(f"{VARIABLE}={folder}")
        self._numbers: dict[int, int] = {}
        self._changed = 0
        self._read = 0

    def number(self, pid: int) -> int | None:
        """The number of the last ledger that a process of this pid has made."""
        return self._numbers.get(pid)

    def path(self, pid: int) -> Path:
        """The last ledger of a process that has one."""
        return self.folder / f"{pid}.{self._numbers[pid]}"

    def fresh(self) -> Iterator[int]:
        """The pids of ledgers that are new since the last call."""
        with suppress(OSError):
            changed = self.folder.stat().st_mtime_ns
            if changed == self._changed and self._read > changed + COARSE_NS:
                return
            self._changed, self._read = changed, time.time_ns()
            for name in os.listdir(self.folder):  # noqa: PTH208 - many times a second
                pid, _, number = name.partition(".")
                if pid.isdigit() and number.isdigit() and int(number) > self._numbers.get(int(pid), -1):
                    self._numbers[int(pid)] = int(number)
                    yield int(pid)

    def owns(self, pid: int) -> bool:
        """Whether the process of this pid belongs to the run: a pid from inside a container is another one's here."""
        if sys.platform != "linux":
            return True
        with suppress(OSError):
            return self._mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return False
