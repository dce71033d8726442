"""What a program's processes do, looked at twice, a moment apart: progress between the looks tells slow from stuck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from mpdiag.hang.answers import Answer, ThreadAnswer
from mpdiag.hang.kernel import End, ProcessLook, ThreadLook
from mpdiag.hang.tree import Tree
from mpdiag.watch import processes, procfs
from mpdiag.watch.lives import SERVERS
from mpdiag.watch.procfs import Descriptor

#: What an answer may take of the main thread that gives it; for the first one it imports what it needs.
ANSWERING_NS: Final = 10_000_000
Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Seen:
    """One process, as it was at the second look."""

    pid: int
    look: ProcessLook
    #: The same at the first look; None if it is younger.
    then: ProcessLook | None
    command: tuple[str, ...]
    #: What it says of itself, at the first look and at the second; None if it did not answer.
    before: Answer | None
    answer: Answer | None
    #: Of one that did not answer: its threads as they were seen from outside.
    unwound: tuple[ThreadAnswer, ...]
    #: How often it was asked for its stacks between the looks, which wakes its main thread.
    asked: int

    @property
    def cpu_s(self) -> float:
        """CPU seconds between the looks."""
        return self.look.cpu_s - (self.then.cpu_s if self.then else 0.0)

    @property
    def moved(self) -> int | None:
        """Bytes read and written between the looks; None where that is not told."""
        return difference(self.look.moved, self.then.moved if self.then else 0)

    @property
    def faults(self) -> int | None:
        """Page faults between the looks that had to wait for a disk; None where that is not told."""
        return difference(self.look.stat.faults, self.then.stat.faults if self.then else 0)

    @cached_property
    def ran(self) -> Mapping[int, int]:
        """For how many nanoseconds each thread ran between the looks; a new one, since it began."""
        then = {thread.native: thread.ran for thread in self.then.threads} if self.then else {}
        return {thread.native: thread.ran - then.get(thread.native, -1) for thread in self.look.threads}

    @cached_property
    def deep(self) -> frozenset[int]:
        """The threads that were in the same uninterruptible sleep at both looks."""
        then = {thread.native for thread in self.then.threads if thread.state == "D"} if self.then else set()
        return frozenset(
            each.native for each in self.look.threads if each.state == "D" and not self.ran[each.native]
        ).intersection(then)

    @property
    def paging(self) -> int:
        """Threads that at both looks waited in the kernel, but in no system call: for a page of memory."""
        then = {each.native for each in self.then.threads if pages(each)} if self.then else set()
        return len(then.intersection(each.native for each in self.look.threads if pages(each)))

    @property
    def python(self) -> bool:
        """Whether it runs Python."""
        return bool(self.threads) or runs_python(self.pid, self.command)

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
        questions = self.asked + self.still_answering if thread.main else 0
        if not earlier and self.woken(thread) > questions:  # as when an answer came too late to be an earlier one
            return False
        ran = self.ran.get(thread.native or 0, 0)
        return ran <= ANSWERING_NS * questions or bool(earlier and thread.since)

    def woken(self, thread: ThreadAnswer) -> int:
        """How often a thread has gone to sleep anew between the looks, as far as that is told."""
        now, then = (
            next((each.slept for each in look.threads if each.native == thread.native), None) if look else None
            for look in (self.look, self.then)
        )
        return difference(now, then) or 0

    @property
    def still_answering(self) -> bool:
        """Whether its main thread, asked just before the first look, may not have gone back to its wait by then."""
        then = self.then.threads if self.then and self.before else ()
        return any(each.native == self.pid and each.state == "R" for each in then)


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
    #: The open descriptors of each process; None of one whose are not ours to see.
    opened: Mapping[int, Sequence[Descriptor] | None] = field(default_factory=dict)
    #: Those pipes from which a reader gets something at once, and those that have room for a writer, of pipes for which
    #: nobody tells who waits for them.
    readable: frozenset[str] = frozenset()
    writable: frozenset[str] = frozenset()
    #: Sockets on which a manager's server takes requests, at an address that no other program is told.
    private: frozenset[str] = frozenset()
    #: Seconds between the looks in which any of its group waited for memory; how many of it the kernel killed for that.
    stalled_s: float | None = None
    killed: int | None = None
    #: Bytes between the looks that the machine read back from its swap space, and that it wrote to it.
    swapped_in: int | None = None
    swapped_out: int | None = None
    #: Bytes of those processes there that had to wait for a page; None where that is not told.
    in_swap: int | None = None

    @cached_property
    def helpers(self) -> dict[int, str]:
        """The processes that multiprocessing keeps for itself, with their roles; what they fork looks like them."""
        found = {pid: marks[0] for pid, seen in self.processes.items() if (marks := seen.marks)}
        return {
            pid: SERVERS[mark] for pid, mark in found.items() if found.get(self.processes[pid].look.stat.parent) != mark
        }

    @cached_property
    def own_pipes(self) -> frozenset[str]:
        """The pipes of multiprocessing, as far as the processes tell of them: those of queues, and of their ends."""
        told = [seen.answer for seen in self.processes.values() if seen.answer]
        queues = {queue.name for answer in told for queue in answer.queues}
        return frozenset(queues.union(*(answer.sentinels for answer in told)))

    def importing(self, parent: int) -> bool:
        """Whether a process has children that import its main module: those of spawn and forkserver."""
        return any(seen.look.stat.parent == parent and seen.marks for seen in self.processes.values())

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

    def mappings(self, pid: int) -> Sequence[procfs.Mapping]:
        """The memory that a process shares with others."""
        if pid not in self._mapped:
            self._mapped[pid] = procfs.shared_mappings(pid)
        return self._mapped[pid]

    @cached_property
    def _mapped(self) -> dict[int, Sequence[procfs.Mapping]]:
        return {}

    @cached_property
    def hidden(self) -> list[int]:
        """The living processes whose descriptors are not ours to see."""
        return [pid for pid in self.living if self.opened.get(pid, ()) is None]

    @cached_property
    def living(self) -> Mapping[int, Seen]:
        """The processes that have not ended."""
        return {pid: seen for pid, seen in self.processes.items() if not seen.ended}


def pages(look: ThreadLook) -> bool:
    """Whether a thread waits uninterruptibly, but in no system call that is known."""
    return look.state == "D" and look.doing == "unknown"


def runs_python(pid: int, command: tuple[str, ...]) -> bool:
    """Whether a process runs Python."""
    names = (*command[:1], processes.program(pid) or "")
    return any("python" in Path(name).name for name in names)


def difference(later: Number | None, earlier: Number | None) -> Number | None:
    """By how much a count has grown; None if it is not known."""
    return None if later is None or earlier is None else later - earlier
