"""Cheap readers of Linux' /proc: a few microseconds each, for many processes many times a second.

A reader of a process that is gone, or not ours to see, answers None. Sources: proc(5), sched-stats in the kernel's
documentation.
"""

from __future__ import annotations

import os
import re
import select
import stat as stat_of
from collections.abc import Collection, Container, Iterator
from contextlib import suppress
from typing import Final, NamedTuple

#: Clock ticks per second, in which /proc/PID/stat counts.
TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
#: More than any file that is read here in one go.
ENOUGH = 16_384
SIGNALS: Final = re.compile(rb"^SigBlk:\s*(\w+)\nSigIgn:\s*(\w+)\nSigCgt:\s*(\w+)$", re.MULTILINE)
#: What is wanted of the fifty lines of a status.
STATUS: Final = re.compile(rb"^(VmHWM|VmSwap|(?:non)?voluntary_ctxt_switches):\s*(\d+)", re.MULTILINE)
SWAPPED: Final = re.compile(rb"^(pswpin|pswpout) (\d+)$", re.MULTILINE)
#: A line of the maps on memory that is shared and may be written to.
SHARED: Final = re.compile(rb"^(\w+)-(\w+) rw.s (\w+) (\S+) (\d+)", re.MULTILINE)
#: States of a process that has ended.
ENDED = frozenset("ZXx")
#: Libraries that compute in threads of their own, as their files are called.
NATIVE: Final = re.compile(rb"/[^/\n]*?(openblas|mkl_rt|blis|gomp|iomp5|libomp)[^/\n]*\.so[^/\n]*$", re.MULTILINE)


class Stat(NamedTuple):
    """What /proc/PID/stat says of a process, or of one thread."""

    name: str
    state: str
    parent: int
    #: Page faults so far that had to wait for a disk; None where that is not told.
    faults: int | None
    user_s: float
    system_s: float
    threads: int
    #: Clock ticks after the machine's start.
    started: int
    rss: int
    #: As `os.waitstatus_to_exitcode` wants it; of use when it has ended.
    status: int


class Signals(NamedTuple):
    """The signals that a process's main thread blocks, and that it ignores and has handlers for, as masks."""

    blocked: int
    ignored: int
    caught: int

    def heeds(self, number: int) -> bool:
        """Whether signal ``number`` runs a handler, rather than waiting, vanishing or ending the process."""
        bit = 1 << (number - 1)
        return bool(self.caught & bit) and not (self.blocked | self.ignored) & bit


class Status(NamedTuple):
    """What /proc/PID/status says of memory and context switches."""

    rss_peak: int | None
    voluntary: int
    involuntary: int
    #: Bytes of it that lie in the swap space.
    swapped: int | None = None


def read(path: str) -> bytes | None:
    """The first bytes of a file; None if it cannot be read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(file, ENOUGH)
    except OSError:  # the process ended meanwhile
        return None
    finally:
        os.close(file)


def stat(pid: int, thread: int | None = None) -> Stat | None:
    """State, CPU time and identity of a process, or of one of its threads alone."""
    raw = read(f"/proc/{pid}/stat" if thread is None else f"/proc/{pid}/task/{thread}/stat")
    if not raw:
        return None
    before, _, after = raw.rpartition(b")")  # the name may hold brackets and blanks
    cells = after.split()
    return Stat(
        name=before.partition(b"(")[2].decode("utf-8", "replace"),
        state=cells[0].decode(),
        parent=int(cells[1]),
        faults=int(cells[9]),
        user_s=int(cells[11]) / TICKS,
        system_s=int(cells[12]) / TICKS,
        threads=int(cells[17]),
        started=int(cells[19]),
        rss=int(cells[21]) * PAGE,
        status=int(cells[49]) if len(cells) > 49 else 0,
    )


def schedule(pid: int, thread: int) -> tuple[int, int] | None:
    """Nanoseconds that a thread ran, and that it waited for a CPU."""
    raw = read(f"/proc/{pid}/task/{thread}/schedstat")
    if not raw:
        return None
    cells = raw.split()
    return int(cells[0]), int(cells[1])


def threads(pid: int) -> list[int]:
    """The native numbers of its threads; none if it is gone."""
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208 - many times a second
    except OSError:
        return []


def children(pid: int, thread: int) -> list[int] | None:
    """The children that a thread has started; None where the kernel does not list them (CONFIG_PROC_CHILDREN)."""
    try:
        with open(f"/proc/{pid}/task/{thread}/children", "rb", buffering=0) as file:  # noqa: PTH123 - many times a second
            return [int(child) for child in file.readall().split()]  # one read gives a page at most
    except OSError:
        return None


def status(pid: int, thread: int | None = None) -> Status | None:
    """Peak of resident memory and context switches: of its main thread, or of another one."""
    raw = read(f"/proc/{pid}/status" if thread is None else f"/proc/{pid}/task/{thread}/status")
    fields = dict(STATUS.findall(raw or b""))
    try:
        return Status(
            rss_peak=_kibibytes(fields.get(b"VmHWM")),
            voluntary=int(fields[b"voluntary_ctxt_switches"]),
            involuntary=int(fields[b"nonvoluntary_ctxt_switches"]),
            swapped=_kibibytes(fields.get(b"VmSwap")),
        )
    except KeyError:  # it is gone
        return None


def swapped() -> tuple[int | None, int | None]:
    """Bytes that the machine has read back from its swap space and written to it; None where that is not told."""
    counts = {name: int(count) * PAGE for name, count in SWAPPED.findall(read("/proc/vmstat") or b"")}
    return counts.get(b"pswpin"), counts.get(b"pswpout")


def signals(pid: int) -> Signals | None:
    """What it does about signals."""
    found = SIGNALS.search(read(f"/proc/{pid}/status") or b"")
    return Signals(*(int(mask, 16) for mask in found.groups())) if found else None


def memory(pid: int) -> tuple[int, int, int] | None:
    """RSS, USS and PSS in bytes. The kernel visits every page for it: some milliseconds per gigabyte."""
    fields = dict(_fields(read(f"/proc/{pid}/smaps_rollup")))
    rss, pss = _kibibytes(fields.get(b"Rss")), _kibibytes(fields.get(b"Pss"))
    if rss is None or pss is None:
        return None
    own = (b"Private_Clean", b"Private_Dirty", b"Private_Hugetlb")
    return rss, sum(_kibibytes(fields.get(name)) or 0 for name in own), pss


def held(pid: int) -> int | None:
    """Bytes of resident memory that no file backs and that is not shared memory."""
    raw = read(f"/proc/{pid}/statm")
    if not raw:
        return None
    _, resident, backed, *_ = raw.split()
    return (int(resident) - int(backed)) * PAGE


def native_pools(pid: int) -> tuple[str, ...] | None:
    """The libraries with threads of their own that are mapped into a process; some 0.1 ms.

    None if it is gone, or about to: then it has no memory any more, and what was mapped there cannot be seen.
    """
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:  # noqa: PTH123 - a page at a time would be cut off
            mapped = file.read()
    except OSError:
        return None
    return tuple(sorted({match[1].decode() for match in NATIVE.finditer(mapped)})) if mapped else None


def command_line(pid: int) -> tuple[str, ...]:
    """The words with which it was started; none for a zombie."""
    raw = read(f"/proc/{pid}/cmdline") or b""
    return tuple(word.decode("utf-8", "replace") for word in raw.removesuffix(b"\0").split(b"\0")) if raw else ()


def program(pid: int) -> str | None:
    """The file that it executes; changes with an exec."""
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - before each signal
    except OSError:
        return None


def wchan(pid: int, thread: int) -> str:
    """The function of the kernel in which a thread sleeps; empty where that is not told."""
    return (read(f"/proc/{pid}/task/{thread}/wchan") or b"").decode("ascii", "replace").strip("0")


def system_call(pid: int, thread: int) -> tuple[int, ...] | None:
    """The number and arguments of the system call in which a thread sleeps; None if it runs, or we may not see."""
    cells = (read(f"/proc/{pid}/task/{thread}/syscall") or b"").split()
    return tuple(int(cell, 0) for cell in cells[:7]) if len(cells) > 6 else None


def moved(pid: int) -> int | None:
    """Bytes that it has read and written, of files, pipes or terminals; None where that is not told."""
    fields = dict(_fields(read(f"/proc/{pid}/io")))
    try:
        return int(fields[b"rchar"]) + int(fields[b"wchar"])
    except KeyError:
        return None


class Descriptor(NamedTuple):
    """An open descriptor: where it leads, as ``pipe:[123]`` or a path, and which ways it goes."""

    number: int
    target: str
    reads: bool
    writes: bool


def descriptors(pid: int, targets: Collection[str]) -> list[Descriptor] | None:
    """Its open descriptors that lead to one of ``targets``; None if they are not ours to see."""
    try:
        names = os.listdir(f"/proc/{pid}/fd")  # noqa: PTH208 - of hundreds of processes, with hundreds of descriptors each
    except OSError:
        return None
    return [each for name in names if (each := descriptor(pid, name, targets))] if targets else []


def descriptor(pid: int, number: int | str, targets: Container[str]) -> Descriptor | None:
    """An open descriptor, if it leads to one of ``targets``."""
    target = leads_to(pid, number)
    if target in targets:
        with suppress(OSError):
            mode = os.lstat(f"/proc/{pid}/fd/{number}").st_mode
            return Descriptor(int(number), target or "", bool(mode & 0o400), bool(mode & 0o200))
    return None


def leads_to(pid: int, descriptor: int | str) -> str | None:
    """Where a descriptor leads; None if it is closed, or not ours to see."""
    try:
        return os.readlink(f"/proc/{pid}/fd/{descriptor}")  # noqa: PTH115 - likewise
    except OSError:
        return None


def streams(pid: int) -> list[str]:
    """Where those of its descriptors lead that are pipes or sockets; none if they are not ours to see."""
    found = []
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - likewise
            with suppress(FileNotFoundError):
                mode = os.stat(f"/proc/{pid}/fd/{name}").st_mode  # noqa: PTH116 - likewise
                if stat_of.S_ISFIFO(mode) or stat_of.S_ISSOCK(mode):
                    found.append(leads_to(pid, name))
    return [target for target in found if target]


def ready(pid: int, number: int, writes: bool) -> bool | None:
    """Whether a pipe that one of its descriptors leads to has something to read, or room to write; None if untold.

    An end of it is opened for a moment, without waiting, and nothing is read or written.
    """
    mode, event = (os.O_WRONLY, select.POLLOUT) if writes else (os.O_RDONLY, select.POLLIN)
    try:
        end = os.open(f"/proc/{pid}/fd/{number}", mode | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        asked = select.poll()
        asked.register(end, event)
        return any(found & event for _, found in asked.poll(0))
    finally:
        os.close(end)


class Mapping(NamedTuple):
    """A stretch of a process's memory that it shares with others: from where to where, and of which file."""

    start: int
    end: int
    offset: int
    #: Device and inode.
    file: str


def shared_mappings(pid: int) -> list[Mapping]:
    """The writable memory that it shares with others, as semaphores are; none if it is not ours to see."""
    with suppress(OSError), open(f"/proc/{pid}/maps", "rb") as file:  # noqa: PTH123 - likewise
        return [
            Mapping(int(start, 16), int(end, 16), int(offset, 16), f"{device.decode()}.{inode.decode()}")
            for start, end, offset, device, inode in SHARED.findall(file.read())
        ]
    return []


def memory_at(pid: int, address: int, size: int) -> bytes | None:
    """A piece of its memory; None if that is not ours to see."""
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:  # noqa: PTH123 - likewise
            found = os.pread(file.fileno(), size, address)
    except (OSError, OverflowError, ValueError):
        return None
    return found if len(found) == size else None


def polled(pid: int, descriptor: int) -> list[int]:
    """The descriptors that one of epoll lists."""
    raw = read(f"/proc/{pid}/fdinfo/{descriptor}") or b""
    return [int(line.split()[1]) for line in raw.splitlines() if line.startswith(b"tfd:")]


def waits_for_lock(pid: int) -> bool:
    """Whether its main thread sleeps in a futex: a lock, which a signal's handler does not disturb."""
    return wchan(pid, pid).startswith("futex")


def _fields(raw: bytes | None) -> Iterator[tuple[bytes, bytes]]:
    for line in (raw or b"").splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            yield name, value


def _kibibytes(value: bytes | None) -> int | None:
    return None if value is None else int(value.split()[0]) * 1024
