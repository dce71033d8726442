"""Whether anything in a program goes on: CPU time, what is read and written, what its ledgers count."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from mpdiag.hang.tree import Tree
from mpdiag.tap import layout
from mpdiag.watch import procfs
from mpdiag.watch.folder import LEDGERS

#: The part of a CPU below which nothing goes on: what wakes up now and then just to look takes less.
STILL: Final = 0.01
#: Looks in the time that a program may stand still; seconds between two of them at least, and how many times what
#: looking takes.
LOOKS, LEAST_S, TIMES = 10, 0.25, 100.0
#: What says in a ledger that something was done.
COUNTED: Final = slice(layout.H_SLOTS * 8, layout.SLOTS * 8)
WISH: Final = slice((layout.H_WISH - layout.H_SLOTS) * 8, (layout.H_WISH - layout.H_SLOTS + 1) * 8)


@dataclass(frozen=True)
class Progress:
    """How far a program has come."""

    at: float
    cpu_s: float
    #: All that only changes when something happens.
    marks: tuple[object, ...]


class Stillness:
    """Tells for how long a program has stood still.

    Args:
        tree: the program.
        after_s: seconds that matter.
    """

    def __init__(self, tree: Tree, after_s: float) -> None:
        self.tree = tree
        self.after_s = after_s
        self._since = self._last = progress(tree)
        self._due = self._last.at
        #: Whether it still stands where it stood when that was told.
        self.told = False

    def hangs(self) -> bool:
        """Whether it has stood still for so long, which was not told yet; to be asked again and again."""
        begun = time.monotonic()
        if begun < self._due:
            return False
        now = progress(self.tree)
        self._due = now.at + max(LEAST_S, self.after_s / LOOKS, TIMES * (now.at - begun))
        if now.marks != self._last.marks or now.cpu_s - self._last.cpu_s > STILL * (now.at - self._last.at):
            self._since, self.told = now, False
        self._last = now
        return not self.told and now.at - self._since.at >= self.after_s

    def tell(self) -> None:
        """It was told; having been asked counts as no progress."""
        self.told = True
        self._last = progress(self.tree)


def progress(tree: Tree) -> Progress:
    """How far the program has come by now."""
    pids = tree.pids()
    stats = [stat for pid in pids if (stat := procfs.stat(pid))]
    marks = [(pid, procfs.moved(pid)) for pid in pids]
    counts = [counted(tree, pid, number) for pid, number in tree.numbers().items()]
    return Progress(time.monotonic(), sum(stat.user_s + stat.system_s for stat in stats), (marks, counts))


def counted(tree: Tree, pid: int, number: int) -> bytes:
    """What a process has counted in its ledger."""
    assert tree.folder
    try:
        with (tree.folder / LEDGERS / f"{pid}.{number}").open("rb") as file:
            raw = bytearray(file.read(COUNTED.stop)[COUNTED])
    except OSError:
        return b""
    raw[WISH] = bytes(8)
    return bytes(raw)
