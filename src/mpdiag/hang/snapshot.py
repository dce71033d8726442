"""What a program's processes do, looked at twice, a moment apart: progress between the looks tells slow from stuck."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from mpdiag.hang import answers, kernel, sockets
from mpdiag.hang.answers import Answer, ThreadAnswer
from mpdiag.hang.kernel import End, ProcessLook
from mpdiag.hang.tree import Tree
from mpdiag.watch import procfs
from mpdiag.watch.folder import LEDGERS
from mpdiag.watch.lives import SERVERS

#: Seconds between the two looks.
APART: Final = 0.7
#: Descriptors that a program has from whoever started it.
STANDARD: Final = (0, 1, 2)


@dataclass(frozen=True)
class Seen:
    """One process, as it was at the second look."""

    pid: int
    look: ProcessLook
    command: tuple[str, ...]
    #: What it says of itself, at the first look and at the second; None if it did not answer.
    before: Answer | None
    answer: Answer | None
    #: Between the looks: CPU seconds, and bytes read and written.
    cpu_s: float
    moved: int | None

    @property
    def python(self) -> bool:
        """Whether it runs Python."""
        return self.answer is not None or any("python" in word.rpartition("/")[2] for word in self.command[:1])

    @property
    def marks(self) -> list[str]:
        """What its command line shows of a server of multiprocessing."""
        return [mark for mark in SERVERS if mark in " ".join(self.command)]

    @property
    def ended(self) -> bool:
        """Whether it has ended, and its parent has not taken its exit code yet."""
        return self.look.stat.state in procfs.ENDED

    def same(self, thread: ThreadAnswer) -> bool:
        """Whether a thread is where it was."""
        earlier = self.before.threads if self.before else ()
        return any(each.native == thread.native and each.stack == thread.stack for each in earlier)


@dataclass(frozen=True)
class Snapshot:
    """A program at one moment."""

    tree: Tree
    #: Its processes by pid, the root first.
    processes: Mapping[int, Seen]
    ends: tuple[End, ...]
    #: Those pipes and sockets that somebody outside holds as well.
    shared: frozenset[str]
    #: The other ends of local sockets, by name.
    peers: Mapping[str, str]
    #: Seconds between the two looks.
    apart_s: float
    #: Processes that came or went between them.
    born: int
    gone: int
    #: When the second look was, on the monotonic clock.
    at_s: float

    @cached_property
    def helpers(self) -> dict[int, str]:
        """The processes that multiprocessing keeps for itself, with their roles; what they fork looks like them."""
        found = {pid: marks[0] for pid, seen in self.processes.items() if (marks := seen.marks)}
        return {
            pid: SERVERS[mark] for pid, mark in found.items() if found.get(self.processes[pid].look.stat.parent) != mark
        }

    @property
    def living(self) -> Mapping[int, Seen]:
        """The processes that have not ended."""
        return {pid: seen for pid, seen in self.processes.items() if not seen.ended}


def take(tree: Tree, apart_s: float = APART) -> Snapshot:
    """Look at a program twice.

    Args:
        tree: the program.
        apart_s: seconds between the looks.
    """
    before = asked(tree)
    first = looks(tree.pids())
    began = time.monotonic()
    time.sleep(apart_s)
    second = looks(tree.pids())
    apart = time.monotonic() - began
    now = asked(tree)
    processes = {
        pid: Seen(
            pid=pid,
            look=look,
            command=procfs.command_line(pid),
            before=before.get(pid),
            answer=now.get(pid),
            cpu_s=look.cpu_s - first[pid].cpu_s if pid in first else look.cpu_s,
            moved=difference(look.moved, first[pid].moved if pid in first else 0),
        )
        for pid, look in second.items()
    }
    ends = kernel.ends(processes)
    names = {end.object for end in ends}
    standard = {end.object for end in ends if end.pid == tree.root and end.descriptor in STANDARD}
    return Snapshot(
        tree=tree,
        processes=processes,
        ends=ends,
        shared=kernel.held_outside(names, processes.keys()) | standard,
        peers={f"pipe:{one}": f"pipe:{other}" for one, other in sockets.peers().items() if f"pipe:{one}" in names},
        apart_s=apart,
        born=len(second.keys() - first.keys()),
        gone=len(first.keys() - second.keys()),
        at_s=time.monotonic(),
    )


def asked(tree: Tree) -> dict[int, Answer]:
    """What the processes say of themselves that can be asked."""
    numbers = tree.numbers()
    return answers.ask(tree.folder / LEDGERS, numbers) if tree.folder and numbers else {}


def looks(pids: list[int]) -> dict[int, ProcessLook]:
    """All processes as the kernel shows them, now."""
    found = {pid: kernel.look(pid) for pid in pids}
    return {pid: look for pid, look in found.items() if look is not None}


def difference(later: int | None, earlier: int | None) -> int | None:
    """By how much a count has grown; None if it is not known."""
    return None if later is None or earlier is None else later - earlier
