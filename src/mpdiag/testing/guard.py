"""Watches the tests of another process from outside: where nothing moves any more, it says why and lets the test fail.

It is no child of that process and no thread in it, so that neither the test nor those who look for causes meet it.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from mpdiag import hanging
from mpdiag.hang.stillness import Stillness
from mpdiag.hang.tree import Tree
from mpdiag.text.present import visible
from mpdiag.units import seconds
from mpdiag.watch import procfs
from mpdiag.watch.folder import outside
from mpdiag.watch.ledgers import Ledgers

#: What wakes the main thread of a test that stands still; None where there is no such signal.
SIGNAL: int | None = getattr(signal, "SIGUSR1", None)
#: Seconds between two looks.
EVERY_S = 0.1


class Guard:
    """The watcher of this process.

    Args:
        after_s: seconds after which a test that stands still fails.
        fail: lets it fail, with the reason.
    """

    def __init__(self, after_s: float, fail: Callable[[str], object]) -> None:
        self._fail = fail
        #: Whether the test at hand stood still.
        self.caught = False
        self._before: Any = None
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="mpdiag-"))
        if SIGNAL is not None:
            command = [sys.executable, "-m", "mpdiag.testing.guard", str(os.getpid()), str(after_s), str(self._said)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=outside(os.environ),
            )  # fmt: skip
            self._process.wait()  # it goes on as nobody's child

    @property
    def _said(self) -> Path:
        return self._folder / "verdict"

    def begin(self, folder: Path) -> None:
        """A test begins, whose processes write into ``folder``."""
        self.caught = False
        if SIGNAL is not None:
            self._before = signal.signal(SIGNAL, self._hangs)
        self._tell(f"begin {folder}")

    def end(self) -> None:
        """The test is over."""
        self._tell("end")
        if SIGNAL is not None:
            signal.signal(SIGNAL, self._before)

    def close(self) -> None:
        """No more tests: the watcher ends by itself."""
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        self._said.unlink(missing_ok=True)
        self._folder.rmdir()

    def _tell(self, line: str) -> None:
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.write(line.encode("utf-8", "surrogateescape") + b"\n")
                self._process.stdin.flush()

    def _hangs(self, _number: int, _frame: FrameType | None) -> None:
        """Nothing moves in the test: fail where it stands."""
        __tracebackhide__ = True
        with suppress(OSError):
            verdict = self._said.read_text(encoding="utf-8")
            self.caught = True
            self._fail(verdict)


class Tests(Tree):
    """The processes of a test: their first one was there before, so that its environment does not tell whose it is."""

    def numbers(self) -> dict[int, int]:
        """The numbers of the ledgers of those that live, by pid."""
        assert self.folder
        ledgers = Ledgers(self.folder)
        found = {pid: ledgers.number(pid) for pid in list(ledgers.fresh()) if procfs.stat(pid)}
        return {pid: number for pid, number in found.items() if number is not None}


def main(pid: int, after_s: float, said: Path) -> None:
    """Watch until standard input ends.

    Args:
        pid: the process that runs the tests, which says on standard input when one begins and ends.
        after_s: seconds after which one that stands still is told of.
        said: where to write why.
    """
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
    still: Stillness | None = None
    while True:
        if selector.select(EVERY_S):
            lines = os.read(sys.stdin.fileno(), 65536).splitlines()
            if not lines:
                return
            what, _, folder = os.fsdecode(lines[-1]).partition(" ")
            still = Stillness(Tests(pid, Path(folder)), after_s) if what == "begin" else None
        if still and still.hangs():
            report = hanging.explain(still.tree)
            still.tell()
            said.write_text(f"Nothing has moved for {seconds(after_s)}. {visible(report.verdict)}", encoding="utf-8")
            os.kill(pid, SIGNAL or 0)


if __name__ == "__main__" and not os.fork():
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
