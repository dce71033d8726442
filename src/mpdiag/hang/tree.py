"""Which processes belong to a program, by any one of them, and where their taps write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from mpdiag.errors import BadInput
from mpdiag.watch import procfs
from mpdiag.watch.folder import LEDGERS, VARIABLE
from mpdiag.watch.ledgers import Ledgers

#: What the command line of a child of multiprocessing shows that is not forked.
CHILDREN: Final = ("multiprocessing.spawn", "multiprocessing.forkserver", "multiprocessing.resource_tracker")


@dataclass(frozen=True)
class Tree:
    """A program: its first process, and the private folder of the run that it is under, if it is."""

    root: int
    folder: Path | None

    def numbers(self) -> dict[int, int]:
        """The numbers of the ledgers of those of its processes that have one and live, by pid."""
        if self.folder is None:
            return {}
        ledgers = Ledgers(self.folder)
        found = {pid: ledgers.number(pid) for pid in list(ledgers.fresh()) if ledgers.owns(pid)}
        return {pid: number for pid, number in found.items() if number is not None}

    def pids(self) -> list[int]:
        """All its processes, the root first; those of a run that have lost their parents too."""
        found = list(descend([self.root, *self.numbers()]))
        return found if procfs.stat(self.root) else [pid for pid in found if pid != self.root]


def descend(pids: list[int]) -> Iterator[int]:
    """The processes and all that come of them, each once."""
    seen: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop(0)
        if pid not in seen:
            seen.add(pid)
            yield pid
            waiting += children(pid)


def children(pid: int) -> list[int]:
    """The children of all threads of a process."""
    found = [procfs.children(pid, thread) for thread in procfs.threads(pid)]
    if any(some is None for some in found):  # the kernel does not list them
        with suppress(psutil.Error):
            return [child.pid for child in psutil.Process(pid).children()]
        return []
    return [child for some in found for child in some or ()]


def of(pid: int) -> Tree:
    """The program that a process belongs to.

    Raises:
        BadInput: there is no such process.
    """
    if procfs.stat(pid) is None:
        raise BadInput(f"there is no process {pid}", "`mpdiag hang NAME` lists those whose command line has NAME.")
    folder = folder_of(pid)
    if folder is None:
        pid, folder = next(observed(pid), (pid, None))
    while (parent := parent_of(pid)) and belongs(pid, parent, folder):
        pid = parent
    return Tree(pid, folder)


def observed(pid: int) -> Iterator[tuple[int, Path]]:
    """The program that a process observes, if it is an `mpdiag run`."""
    if {"run", "mpdiag"} <= {Path(word).name for word in procfs.command_line(pid)}:
        yield from ((child, folder) for child in children(pid) if (folder := folder_of(child)))


def parent_of(pid: int) -> int | None:
    """The parent of a process."""
    stat = procfs.stat(pid)
    return stat.parent if stat and stat.parent > 1 else None


def belongs(pid: int, parent: int, folder: Path | None) -> bool:
    """Whether a process is a part of its parent's program: under the same run, or of its making."""
    if folder is not None:
        return folder_of(parent) == folder
    command = procfs.command_line(pid)
    forked = bool(command) and command == procfs.command_line(parent) and procfs.program(pid) == procfs.program(parent)
    return forked or any(mark in " ".join(command) for mark in CHILDREN)


def folder_of(pid: int) -> Path | None:
    """The private folder of the run that a process is under; None if it is under none, or not ours to see."""
    prefix = os.fsencode(f"{VARIABLE}=")
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if entry.startswith(prefix):
                folder = Path(os.fsdecode(entry.removeprefix(prefix)))
                return folder if os.access(folder / LEDGERS, os.R_OK | os.W_OK) else None
    return None


def named(name: str) -> dict[int, str]:
    """The programs whose command line has ``name``, by the pid of their first process; not ourselves."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = {}
    for pid in psutil.pids():
        command = " ".join(procfs.command_line(pid))
        if name in command and pid not in own:
            with suppress(BadInput):
                root = of(pid).root
                found[root] = " ".join(procfs.command_line(root))
    return found
