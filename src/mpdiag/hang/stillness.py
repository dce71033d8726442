"""Whether anything in a program goes on: CPU time, what is read and written, what its ledgers count."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from mpdiag.hang import ending
from mpdiag.hang.tree import Tree
from mpdiag.tap import layout
from mpdiag.watch import processes
from mpdiag.watch.folder import LEDGERS

#: The part of a CPU below which nothing goes on: what wakes up now and then just to look takes less.
STILL: Final = 0.01
#: Looks in the time that a program may stand still; seconds between two of them at least, and how many times what
#: looking takes.
LOOKS, LEAST_S, TIMES = 10, 0.25, 100.0
#: After each look at a program that computes, but does nothing that is counted, the next one comes so much later.
RARER: Final = 2.0
#: Doings that are a program's work: who only starts and ends processes, or polls, gets nothing done.
WORK: Final = tuple(layout.KIND[kind] for kind in ("task", "put", "get", "result", "submit", "manager", "sync", "lock"))
#: Messages, of which some go to the fork server for each process that is started.
TALK: Final = (layout.KIND["send"], layout.KIND["recv"])
START: Final = layout.KIND["start"]
#: What says in a ledger that something was done.
COUNTED: Final = slice(layout.H_SLOTS * 8, layout.SLOTS * 8)
FIRST: Final = layout.COUNTS - layout.H_SLOTS
WISH: Final = slice((layout.H_WISH - layout.H_SLOTS) * 8, (layout.H_WISH - layout.H_SLOTS + 1) * 8)


@dataclass(frozen=True)
class Progress:
    """How far a program has come."""

    at: float
    cpu_s: float
    #: All that only changes when something happens.
    marks: tuple[object, ...]
    #: What living processes have done so far, by pid and ledger.
    work: dict[tuple[int, int], Work]


@dataclass(frozen=True)
class Work:
    """What one process has done so far."""

    done: int = 0
    #: Messages sent and received, and processes started.
    talked: int = 0
    started: int = 0

    def more(self, before: Work, pid: int) -> bool:
        """Whether it has done anything since: messages with the fork server are only a part of starting processes."""
        if self.done > before.done:
            return True
        return self.talked > before.talked and self.started == before.started and not ending.is_helper(pid)


class Stillness:
    """Tells for how long a program has stood still.

    Args:
        tree: the program.
        after_s: seconds that matter.
    """

    def __init__(self, tree: Tree, after_s: float) -> None:
        self.tree = tree
        self.after_s = after_s
        self._since = self._worked = self._last = progress(tree)
        self._due = self._last.at
        self._patience = after_s
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
        if any(done.more(self._last.work.get(process, Work()), process[0]) for process, done in now.work.items()):
            self._worked, self._patience = now, self.after_s
        self._last = now
        return not self.told and now.at - self._since.at >= self.after_s

    def idles(self) -> bool:
        """Whether it has got nothing done for so long, though it computes: worth a look; to be asked after `hangs`."""
        return not self.told and self._last.at - self._worked.at >= self._patience

    def tell(self, told: bool = True) -> None:
        """It was looked at, and told if there was something to tell; having been asked counts as no progress."""
        self.told = told
        self._last = progress(self.tree)
        if not told:
            self._patience *= RARER


def progress(tree: Tree) -> Progress:
    """How far the program has come by now."""
    pids = tree.pids()
    stats = [stat for pid in pids if (stat := processes.stat(pid))]
    marks = [(pid, processes.moved(pid)) for pid in pids]
    counts = {each: counted(tree, *each) for each in tree.numbers().items()}
    work = {each: work_of(raw) for each, raw in counts.items() if raw}
    cpu_s = sum(stat.user_s + stat.system_s for stat in stats)
    return Progress(time.monotonic(), cpu_s, (marks, counts), work)


def work_of(raw: bytes) -> Work:
    """What a process has done by what its ledger counts."""
    words = memoryview(raw).cast("q")[FIRST:]
    return Work(sum(words[kind] for kind in WORK), sum(words[kind] for kind in TALK), words[START])


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
