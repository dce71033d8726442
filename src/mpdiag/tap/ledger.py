"""The memory-mapped file in which a process counts and notes rare events.

It is in the run's private folder. Writing to it needs no system call and survives any end of the process; the file is
allocated in full when it is made, so that a disk that fills up later cannot kill the program by SIGBUS. No file
descriptor stays open: a program that closes or counts all of them sees none of ours.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock

from . import layout

try:
    from . import mmap  # type: ignore[attr-defined]
except ImportError:  # `sitecustomize` has not loaded one for us alone
    import mmap

#: Ledgers that may be in memory instead of on a disk, and what the system adds for each to the size of their folder
#: there (BOGO_DIRENT_SIZE in Linux's mm/shmem.c).
ENOUGH, ENTRY = 512, 20
#: Maps that must never be freed: their destructor would close a descriptor that is the program's by now. `core` has the
#: interpreter keep this list to its very end.
kept: list[object] = []


class Ledger:
    """Counters of one process; without a folder that can be written they count in plain memory, for nobody.

    Args:
        folder: the folder of all ledgers of the run; empty: none.
    """

    def __init__(self, folder: str) -> None:
        self._lock = allocate_lock()
        try:
            self.path, self._bytes = _mapped(folder)
        except OSError:
            self.path, self._bytes = "", memoryview(bytearray(layout.SIZE))
        self.words = self._bytes.cast("q")

    def event(self, *facts: object) -> None:
        """Append one line of plain values: to the map, or to a file when that is full; lost if neither takes it."""
        line = (repr(facts) + "\n").encode("utf-8", "backslashreplace")
        if not self._noted(line):
            self._appended(line)

    def _noted(self, line: bytes) -> bool:
        """Write ``line`` into the map; not from a signal handler amid another one, and not into the last bytes."""
        if not self._lock.acquire(False):
            return False
        try:
            used = self.words[layout.H_TEXT]
            if used + len(line) > layout.TEXT_SIZE:
                return False
            start = layout.TEXT + used
            self._bytes[start : start + len(line)] = line
            self.words[layout.H_TEXT] = used + len(line)
            return True
        finally:
            self._lock.release()

    def _appended(self, line: bytes) -> None:
        if not self.path:
            return
        try:
            file = os.open(self.path + ".events", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return
        try:
            os.write(file, line)
        except OSError:
            pass
        finally:
            os.close(file)


def _mapped(folder: str) -> tuple[str, memoryview]:
    if not folder:
        raise OSError("no folder")
    pid, more = os.getpid(), _more(folder)
    for number in range(100):  # a pid may come again within one run
        path = target = os.path.join(folder, f"{pid}.{number}")
        try:
            if more:
                target = os.path.join(more, f"{pid}.{number}")
                os.symlink(target, path)
            file = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            continue
        return path, _map(path, file)
    raise OSError("no free name")


def _more(folder: str) -> str:
    """The folder for further ledgers, when ``folder`` is a link to one in memory that holds enough; else nothing."""
    if not os.path.islink(folder) or os.stat(folder).st_size < ENOUGH * ENTRY:
        return ""
    return os.path.join(os.path.dirname(folder), "more")


def _map(path: str, file: int) -> memoryview:
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, layout.SIZE)
        else:
            os.write(file, bytes(layout.SIZE))
        mapped = mmap.mmap(file, layout.SIZE, **({"trackfd": False} if sys.version_info >= (3, 13) else {}))
    except (OSError, ValueError):
        os.close(file)
        os.unlink(path)
        raise
    kept.append(mapped)
    own = _descriptor_of(mapped, file)
    os.close(file)
    if own is not None:
        os.close(own)
    return memoryview(mapped)


def _descriptor_of(mapped: mmap.mmap, file: int) -> int | None:
    """The descriptor that ``mapped`` duplicated for itself: the lowest that was free, so close after ``file``."""
    wanted = os.fstat(file)
    for candidate in range(file + 1, file + 64):
        try:
            found = os.fstat(candidate)
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return candidate
    return None
