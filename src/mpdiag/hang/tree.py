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
from mpdiag.watch import processes
from mpdiag.watch.folder import LEDGERS, VARIABLE
from mpdiag.watch.ledgers import Ledgers

#: What the command line of a child of multiprocessing shows that is not forked.
CHILDREN: Final = ("multiprocessing.spawn", "multiprocessing.forkserver", "multiprocessing.resource_tracker")


@dataclass(frozen=True)
class Tree:
    """A program: its first process, and the private folder of the run that it is under, if it is."""

    root: int
    folder: Path | None
    #: When the first process began, in the system's own terms; None: whatever process has its pid is meant.
    started: int | None = None

    @property
    def rooted(self) -> bool:
        """Whether the first process is there, and no other that was given its pid."""
        stat = processes.stat(self.root)
        return stat is not None and self.started in (None, stat.started)

    def numbers(self) -> dict[int, int]:
        """The numbers of the ledgers of those of its processes that have one and live, by pid."""
        if self.folder is None:
            return {}
        ledgers = Ledgers(self.folder)
        found = {pid: ledgers.number(pid) for pid in list(ledgers.fresh()) if ledgers.owns(pid)}
        return {pid: number for pid, number in found.items() if number is not None}

    def pids(self) -> list[int]:
        """All its processes, the root first; those of a run that have lost their parents too."""
        return list(descend([*([self.root] if self.rooted else []), *self.numbers()]))


def descend(pids: list[int]) -> Iterator[int]:
    """The processes and all that come of them, each once."""
    seen: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop(0)
        if pid not in seen:
            seen.add(pid)
            yield pid
            waiting += processes.children(pid)


def of(pid: int) -> Tree:
    """The program that a process belongs to.

    Raises:
        BadInput: there is no such process.
    """
    if processes.stat(pid) is None:
        raise BadInput(f"there is no process {pid}", "`mpdiag hang NAME` lists those whose command line has NAME.")
    folder = folder_of(pid)
    if folder is None:
        pid, folder = next(observed(pid), None) or next(observed(parent_of(pid) or pid), (pid, None))
    while (parent := parent_of(pid)) and belongs(pid, parent, folder):
        pid = parent
    stat = processes.stat(pid)
    return Tree(pid, folder, stat.started if stat else None)


def observed(pid: int) -> Iterator[tuple[int, Path | None]]:
    """The program that a process observes, if it is an `mpdiag run`."""
    if {"run", "mpdiag"} <= {Path(word).name for word in processes.command_line(pid)}:
        children = (child for child in processes.children(pid) if processes.variable(child, VARIABLE))
        yield from ((child, folder_of(child)) for child in children)


def parent_of(pid: int) -> int | None:
    """The parent of a process."""
    stat = processes.stat(pid)
    return stat.parent if stat and stat.parent > 1 else None


def belongs(pid: int, parent: int, folder: Path | None) -> bool:
    """Whether a process is a part of its parent's program: under the same run, or of its making."""
    if folder is not None:
        return folder_of(parent) == folder
    command = processes.command_line(pid)
    program = (command, processes.program(pid))
    forked = bool(command) and program == (processes.command_line(parent), processes.program(parent))
    return forked or any(mark in " ".join(command) for mark in CHILDREN)


def folder_of(pid: int) -> Path | None:
    """The private folder of the run that a process is under; None if it is under none, or under another user's.

    What is in a folder of somebody else may be a trap for root, who would write there.
    """
    found = processes.variable(pid, VARIABLE)
    return Path(found) if found and os.access(Path(found, LEDGERS), os.R_OK | os.W_OK) and ours(found) else None


def ours(folder: str) -> bool:
    """Whether a folder belongs to us; elsewhere than on POSIX systems nobody else may open it."""
    with suppress(OSError):
        return not hasattr(os, "geteuid") or Path(folder).stat().st_uid == os.geteuid()
    return False


def named(name: str) -> dict[int, str]:
    """The programs whose command line has ``name``, by the pid of their first process; not ourselves."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = {}
    for pid in psutil.pids():
        command = " ".join(processes.command_line(pid))
        if name in command and pid not in own:
            with suppress(BadInput):
                root = of(pid).root
                found[root] = " ".join(processes.command_line(root))
    return found
