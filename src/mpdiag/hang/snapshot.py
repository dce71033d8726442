"""What a program's processes do, looked at twice, a moment apart: progress between the looks tells slow from stuck."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from mpdiag.hang import answers, kernel, sockets, unwinding
from mpdiag.hang.answers import Answer, ThreadAnswer
from mpdiag.hang.kernel import End, ProcessLook
from mpdiag.hang.tree import Tree
from mpdiag.tap import layout
from mpdiag.watch import procfs
from mpdiag.watch.folder import LEDGERS
from mpdiag.watch.lives import SERVERS

#: Seconds between the two looks.
APART: Final = 0.7
SETTLING: Final = 0.02
#: What an answer may take of the main thread that gives it.
ANSWERING_NS: Final = 2_000_000
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
    #: Of one that did not answer: its threads as they were seen from outside.
    unwound: tuple[ThreadAnswer, ...]
    #: Between the looks: CPU seconds, bytes read and written, for how many nanoseconds each thread ran, and how often
    #: it was asked for its stacks, which wakes its main thread.
    cpu_s: float
    moved: int | None
    ran: Mapping[int, int]
    asked: int

    @property
    def python(self) -> bool:
        """Whether it runs Python."""
        return bool(self.threads) or is_python(self.pid, self.command)

    @property
    def marks(self) -> list[str]:
        """What its command line shows of a server of multiprocessing."""
        return [mark for mark in SERVERS if mark in " ".join(self.command)]

    @property
    def ended(self) -> bool:
        """Whether it has ended, and its parent has not taken its exit code yet."""
        return self.look.stat.state in procfs.ENDED

    @property
    def threads(self) -> tuple[ThreadAnswer, ...]:
        """Its threads of Python code, whoever tells of them."""
        return self.answer.threads if self.answer else self.unwound

    def stood(self, thread: ThreadAnswer) -> bool:
        """Whether a thread has stood still between the looks: where it was, in the same call, and not awake."""
        known = self.before.threads if self.before and self.answer else ()
        earlier = next((each for each in known if each.native == thread.native), None)
        if earlier and (earlier.stack, earlier.since) != (thread.stack, thread.since):
            return False
        ran = self.ran.get(thread.native or 0, 0)
        answering = ANSWERING_NS * self.asked if thread.main and earlier else 0
        return ran <= answering or bool(earlier and thread.since)


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

    def acting(self, pids: Iterable[int]) -> list[int]:
        """Those that act where these processes hold something: a fork server only passes on how its children end."""
        found: dict[int, None] = {}
        for pid in pids:
            role = self.helpers.get(pid)
            if role == "forkserver":
                found.update((each, None) for each, seen in self.processes.items() if seen.look.stat.parent == pid)
            elif role is None:
                found[pid] = None
        return list(found)

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
    time.sleep(SETTLING)  # who has just answered goes back to its wait
    asks = asked_of(tree)
    first = looks(tree.pids())
    began = time.monotonic()
    unwound = seen_outside([pid for pid in first if pid not in before])
    time.sleep(max(0.0, apart_s - (time.monotonic() - began)))
    second = looks(tree.pids())
    asks = {pid: count - asks.get(pid, 0) for pid, count in asked_of(tree).items()}
    apart = time.monotonic() - began
    now = asked(tree)
    processes = {
        pid: Seen(
            pid=pid,
            look=look,
            command=procfs.command_line(pid),
            before=before.get(pid),
            answer=now.get(pid),
            unwound=unwound.get(pid, ()),
            cpu_s=look.cpu_s - first[pid].cpu_s if pid in first else look.cpu_s,
            moved=difference(look.moved, first[pid].moved if pid in first else 0),
            ran=ran(look, first.get(pid)),
            asked=asks.get(pid, 0),
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


def seen_outside(pids: list[int]) -> dict[int, tuple[ThreadAnswer, ...]]:
    """The threads of those processes that run Python, as far as they can be seen."""
    python = [pid for pid in pids if is_python(pid, procfs.command_line(pid))]
    return unwinding.stacks(python) if python else {}


def is_python(pid: int, command: tuple[str, ...]) -> bool:
    """Whether a process runs Python."""
    names = (*command[:1], procfs.program(pid) or "")
    return any("python" in Path(name).name for name in names)


def ran(now: ProcessLook, before: ProcessLook | None) -> dict[int, int]:
    """For how many nanoseconds each thread has run since the look ``before``; a new one, since it began."""
    then = {thread.native: thread.ran for thread in before.threads} if before else {}
    return {thread.native: thread.ran - then.get(thread.native, -1) for thread in now.threads}


def asked_of(tree: Tree) -> dict[int, int]:
    """How often each process was asked for its stacks so far."""
    return {pid: word(tree, pid, number, layout.H_ASKED) for pid, number in tree.numbers().items()}


def word(tree: Tree, pid: int, number: int, place: int) -> int:
    """A word of a ledger; 0 where it is gone."""
    assert tree.folder
    with suppress(OSError), (tree.folder / LEDGERS / f"{pid}.{number}").open("rb") as file:
        return int.from_bytes(os.pread(file.fileno(), 8, 8 * place), sys.byteorder)
    return 0


def looks(pids: list[int]) -> dict[int, ProcessLook]:
    """All processes as the kernel shows them, now."""
    found = {pid: kernel.look(pid) for pid in pids}
    return {pid: look for pid, look in found.items() if look is not None}


def difference(later: int | None, earlier: int | None) -> int | None:
    """By how much a count has grown; None if it is not known."""
    return None if later is None or earlier is None else later - earlier
