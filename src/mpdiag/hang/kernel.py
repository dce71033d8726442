"""What the kernel tells of a program: in what each thread sleeps, and which process holds which end of a pipe."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import psutil

from mpdiag.watch import procfs

#: What a thread does; ``unknown`` is not told.
Doing = Literal["unknown", "runs", "lock", "read", "write", "child", "sleep", "signal", "several", "outside"]
#: The numbers of the system calls that sleep: of x86-64 and of ARM 64.
CALLS: Final[Mapping[str, Mapping[Doing, frozenset[int]]]] = {
    "x86_64": {
        "read": frozenset({0, 17, 19, 45, 47}),
        "write": frozenset({1, 18, 20, 44, 46}),
        "lock": frozenset({202}),
        "child": frozenset({61, 247}),
        "sleep": frozenset({35, 230}),
        "signal": frozenset({34, 128, 130}),
        "several": frozenset({7, 23, 232, 270, 271, 281}),
        "outside": frozenset({42, 43, 72, 73, 257, 288}),
    },
    "aarch64": {
        "read": frozenset({63, 65, 67, 207, 212}),
        "write": frozenset({64, 66, 68, 206, 211}),
        "lock": frozenset({98}),
        "child": frozenset({95, 260}),
        "sleep": frozenset({101, 115}),
        "signal": frozenset({133, 137}),
        "several": frozenset({22, 72, 73}),
        "outside": frozenset({25, 32, 56, 202, 203, 242}),
    },
}
BY_NUMBER: Final[Mapping[int, Doing]] = {
    number: doing for doing, numbers in CALLS.get(platform.machine(), {}).items() for number in numbers
}
#: Of these, the second argument names the child.
WAITID: Final = frozenset({95, 247})
#: Seconds that may be spent on looking at all processes of the machine.
PATIENCE: Final = 0.4
#: The kernel's functions that sleep, where the system call is not told.
FUNCTIONS: Final[tuple[tuple[Doing, re.Pattern[str]], ...]] = (
    ("lock", re.compile("futex")),
    ("read", re.compile("pipe_read|stream_read|stream_data_wait|unix_.*recv")),
    ("write", re.compile("pipe_write|alloc_send_pskb")),
    ("child", re.compile("do_wait|waitid")),
    ("sleep", re.compile("nanosleep")),
    ("signal", re.compile("pause|sigtimedwait|sigsuspend")),
    ("several", re.compile("poll|select")),
    ("outside", re.compile("accept|flock|wait_woken|sk_wait|tty")),
)


@dataclass(frozen=True)
class ThreadLook:
    """A thread as the kernel shows it."""

    native: int
    #: As in `procfs.Stat`: R running, S sleeping, D in uninterruptible sleep, T stopped.
    state: str
    doing: Doing
    #: The descriptor that it reads or writes, or the child that it waits for, if that is told.
    argument: int | None
    #: CPU seconds so far.
    cpu_s: float


@dataclass(frozen=True)
class ProcessLook:
    """A process as the kernel shows it."""

    pid: int
    stat: procfs.Stat
    threads: tuple[ThreadLook, ...]
    #: Bytes read and written so far.
    moved: int | None

    @property
    def cpu_s(self) -> float:
        """CPU seconds so far."""
        return self.stat.user_s + self.stat.system_s


@dataclass(frozen=True)
class End:
    """A descriptor of a process that leads to a pipe or a socket."""

    #: As the taps name it: ``pipe:123``, of a socket too.
    object: str
    pid: int
    descriptor: int
    reads: bool
    writes: bool
    socket: bool


def look(pid: int) -> ProcessLook | None:
    """One process, now; None if it is gone."""
    stat = procfs.stat(pid)
    if stat is None:
        return None
    threads = (
        () if stat.state in procfs.ENDED else tuple(filter(None, (thread(pid, one) for one in procfs.threads(pid))))
    )
    return ProcessLook(pid, stat, threads, procfs.moved(pid))


def thread(pid: int, native: int) -> ThreadLook | None:
    """One thread, now."""
    stat = procfs.stat(pid, native)
    if stat is None:
        return None
    doing, argument = ("runs", None) if stat.state == "R" else asleep(pid, native)
    return ThreadLook(native, stat.state, doing, argument, stat.user_s + stat.system_s)


def asleep(pid: int, native: int) -> tuple[Doing, int | None]:
    """In what a sleeping thread sleeps, and on which descriptor, or for which child."""
    call = procfs.system_call(pid, native)
    if call:
        doing = BY_NUMBER.get(call[0], "unknown")
        one = call[1] if call[0] not in WAITID else call[2]
        return doing, one if doing in ("read", "write") or (doing == "child" and 0 < one < 1 << 31) else None
    name = procfs.wchan(pid, native)
    return next((doing for doing, pattern in FUNCTIONS if pattern.search(name)), "unknown"), None


def ends(pids: Iterable[int]) -> tuple[End, ...]:
    """The ends of pipes and sockets that these processes hold, as far as they are ours to see."""
    return tuple(
        End(
            f"pipe:{each.target.partition('[')[2][:-1]}",
            pid,
            each.number,
            each.reads,
            each.writes,
            each.target[0] == "s",
        )
        for pid in pids
        for each in procfs.descriptors(pid) or ()
        if each.target.startswith(("pipe:[", "socket:["))
    )


def held_outside(objects: Collection[str], pids: Collection[int]) -> frozenset[str]:
    """Which of these pipes and sockets other processes hold too, as far as that can be seen in time.

    Args:
        objects: their names.
        pids: the processes of the program; we ourselves are no other process.
    """
    deadline = time.monotonic() + PATIENCE
    others = (pid for pid in psutil.pids() if pid not in pids and pid != os.getpid() and time.monotonic() < deadline)
    return frozenset(end.object for end in ends(others) if end.object in objects)
