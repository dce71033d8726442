"""What the kernel tells of a program: in what each thread sleeps, and which process holds which end of a pipe."""

from __future__ import annotations

import platform
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from mpdiag.watch import processes, procfs
from mpdiag.watch.procfs import Descriptor

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
#: Where a call says how long it waits at most: the place of the argument, and whether it is a pointer, 0 if unlimited.
LIMITS: Final[Mapping[int, tuple[int, bool]]] = {
    "x86_64": {
        202: (3, True),
        7: (2, False),
        23: (4, True),
        232: (3, False),
        270: (4, True),
        271: (2, True),
        281: (3, False),
    },
    "aarch64": {98: (3, True), 22: (3, False), 72: (4, True), 73: (2, True)},
}.get(platform.machine(), {})
#: As a limit that is no pointer: none.
FOREVER: Final = 0xFFFF_FFFF
FUTEX, EPOLL, POLL, WAITID = (
    frozenset({"x86_64": x86, "aarch64": arm}.get(platform.machine(), ()))
    for x86, arm in (((202,), (98,)), ((232, 281), (22,)), ((7, 271), (73,)), ((247,), (95,)))
)
#: As poll() has its descriptors in memory; so many are read at most.
POLLED: Final = struct.Struct("=ihh")
MOST: Final = 4096
#: The kernel's functions that wait for what an epoll lists, and where the descriptor of one leads.
EPOLLING: Final = re.compile("ep_poll|epoll_p?wait")
EPOLLS: Final = ("anon_inode:[eventpoll]",)
#: How the targets of descriptors begin that lead to a pipe without a name, or to a socket.
STREAMS: Final = ("pipe:[", "socket:[")
#: Calls that take a path where others take a descriptor.
PATHS = frozenset({"x86_64": {257}, "aarch64": {56}}.get(platform.machine(), ()))
#: In a futex's operation: what is waited for is the process's alone.
PRIVATE: Final = 128
#: What lasts until others do something.
LASTING: Final = frozenset({"lock", "read", "write", "child", "several"})
#: The kernel's functions that sleep, where the system call is not told.
FUNCTIONS: Final[tuple[tuple[Doing, re.Pattern[str]], ...]] = (
    ("lock", re.compile("futex")),
    ("read", re.compile("pipe_read|stream_read|stream_data_wait|unix_.*recv")),
    ("write", re.compile("pipe_write|alloc_send_pskb")),
    ("child", re.compile("do_wait|waitid")),
    ("sleep", re.compile("nanosleep")),
    ("signal", re.compile("pause|sigtimedwait|sigsuspend")),
    ("several", re.compile("poll|select")),
    ("outside", re.compile("accept|connect|flock|setlk|wait_woken|sk_wait|skb_wait|tty")),
)


@dataclass(frozen=True)
class ThreadLook:
    """A thread as the kernel shows it."""

    native: int
    #: As in `procfs.Stat`: R running, S sleeping, D in uninterruptible sleep, T stopped.
    state: str
    doing: Doing
    #: The descriptor that it reads, writes or else waits for, the child, or the address of a lock that processes share,
    #: if that is told.
    argument: int | None
    #: The descriptors of which it waits for any.
    polled: tuple[int, ...]
    #: Whether the wait ends by itself; None if that is not told.
    limited: bool | None
    #: Nanoseconds that it has run so far.
    ran: int
    #: How often it has gone to sleep so far; None if that is not told.
    slept: int | None = None
    #: The kernel's function in which it sleeps, where only that is told.
    function: str = ""


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

    @property
    def at_rest(self) -> bool:
        """Whether all its threads wait for what others do, without a limit."""
        return all(each.limited is False and each.doing in LASTING and each.slept is not None for each in self.threads)


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
    stat = processes.stat(pid)
    if stat is None:
        return None
    threads = () if stat.state in procfs.ENDED else tuple(threads_of(pid))
    return ProcessLook(pid, stat, threads, processes.moved(pid))


def threads_of(pid: int) -> Iterator[ThreadLook]:
    """The threads of a process, now; elsewhere than on Linux, the first one counts as the main thread."""
    if processes.LINUX:
        yield from filter(None, (thread(pid, native) for native in procfs.threads(pid)))
    else:
        for place, (native, ran) in enumerate(processes.ran(pid).items()):
            yield ThreadLook(native if place else pid, "S", "unknown", None, (), None, ran)


def thread(pid: int, native: int) -> ThreadLook | None:
    """One thread, now."""
    stat = procfs.stat(pid, native)
    if stat is None:
        return None
    asleep = Asleep("runs") if stat.state == "R" else sleeping(pid, native)
    schedule = procfs.schedule(pid, native)
    ran = schedule[0] if schedule else round((stat.user_s + stat.system_s) * 1e9)
    status = procfs.status(pid, native)
    return ThreadLook(
        native=native,
        state=stat.state,
        doing=asleep.doing,
        argument=asleep.argument,
        polled=asleep.polled,
        limited=asleep.limited,
        ran=ran,
        slept=status.voluntary if status else None,
        function=asleep.function,
    )


def slept(pid: int) -> dict[int, int]:
    """How often each thread of a process has gone to sleep so far."""
    told = {native: procfs.status(pid, native) for native in procfs.threads(pid)}
    return {native: status.voluntary for native, status in told.items() if status}


class Asleep(NamedTuple):
    """In what a thread sleeps, on what, and whether that ends by itself; as in `ThreadLook`."""

    doing: Doing
    argument: int | None = None
    polled: tuple[int, ...] = ()
    limited: bool | None = None
    function: str = ""


def sleeping(pid: int, native: int) -> Asleep:
    """In what a sleeping thread sleeps."""
    call = procfs.system_call(pid, native)
    if not call:
        name = procfs.wchan(pid, native)
        doing: Doing = next((doing for doing, pattern in FUNCTIONS if pattern.search(name)), "unknown")
        return Asleep(doing, polled=only_epoll(pid) if EPOLLING.search(name) else (), function=name)
    number, *arguments = call
    doing = BY_NUMBER.get(number, "unknown")
    limited = False
    if number in LIMITS:
        limit, pointer = LIMITS[number]
        limited = arguments[limit] != 0 if pointer else arguments[limit] & FOREVER != FOREVER
    return Asleep(doing, argument_of(number, doing, arguments), polled(pid, number, arguments), limited)


def argument_of(number: int, doing: Doing, arguments: list[int]) -> int | None:
    """What of the arguments of a system call tells on what it waits."""
    if number in FUTEX:
        return None if arguments[1] & PRIVATE else arguments[0]
    if doing == "child":
        one = arguments[1] if number in WAITID else arguments[0]
        return one if 0 < one < 1 << 31 else None
    return arguments[0] if doing in ("read", "write", "outside") and number not in PATHS else None


def polled(pid: int, number: int, arguments: list[int]) -> tuple[int, ...]:
    """The descriptors that a thread polls."""
    if number in EPOLL:
        return tuple(procfs.polled(pid, arguments[0]))
    if number in POLL:
        raw = procfs.memory_at(pid, arguments[0], POLLED.size * min(arguments[1], MOST)) or b""
        return tuple(descriptor for descriptor, _, _ in POLLED.iter_unpack(raw))
    return ()


def only_epoll(pid: int) -> tuple[int, ...]:
    """The descriptors that a process's only epoll lists; none where it has several, or they are not ours to see."""
    found = procfs.descriptors(pid, EPOLLS) or ()
    return tuple(procfs.polled(pid, found[0].number)) if len(found) == 1 else ()


def ends(opened: Mapping[int, Sequence[Descriptor] | None]) -> tuple[End, ...]:
    """The ends of pipes and sockets among the descriptors of processes; of those that are not ours to see, none."""
    return tuple(
        End(
            f"pipe:{each.target.partition('[')[2][:-1]}",
            pid,
            each.number,
            each.reads,
            each.writes,
            each.target[0] == "s",
        )
        for pid, descriptors in opened.items()
        for each in descriptors or ()
        if each.target.startswith(STREAMS)
    )
