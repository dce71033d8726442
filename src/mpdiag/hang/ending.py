"""Ends a program that hangs: as Ctrl-C would first, so that it can clean up, and by force what stays."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from mpdiag.hang.tree import Tree, parent_of
from mpdiag.watch import processes, procfs
from mpdiag.watch.lives import SERVERS

#: Seconds that processes have to end after each signal.
PATIENCE: Final = 1.5
PAUSE: Final = 0.02
#: Windows has neither: SIGTERM ends a process by force there.
KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
GO_ON: Final = (signal.SIGCONT,) if hasattr(signal, "SIGCONT") else ()


def end(tree: Tree, patience: float = PATIENCE) -> None:
    """End all processes of a program; helpers of multiprocessing clear up behind the others and end by themselves.

    Args:
        tree: the program.
        patience: seconds to wait after each signal.
    """
    alive = known(tree.pids())
    steps: tuple[tuple[Callable[[int], bool], int], ...] = (
        (lambda pid: pid == tree.root, signal.SIGINT),
        (lambda pid: pid != tree.root and not is_helper(pid), signal.SIGTERM),  # it may wait for them to end
        (lambda pid: pid == tree.root, signal.SIGTERM),
        (lambda pid: not is_helper(pid), KILL),
        (lambda _: True, KILL),
    )
    for concerned, number in steps:
        alive = alive | known(tree.pids())  # it may have grown
        send([pid for pid, started in alive.items() if concerned(pid) and lives(pid, started)], number)
        deadline = time.monotonic() + patience
        while (alive := {pid: started for pid, started in alive.items() if lives(pid, started)}) and (
            time.monotonic() < deadline
        ):
            time.sleep(PAUSE)
        if not alive:
            return


def known(pids: Collection[int]) -> dict[int, int]:
    """The processes with what tells them from others that get the same pid."""
    return {pid: stat.started for pid in pids if (stat := processes.stat(pid))}


def lives(pid: int, started: int) -> bool:
    """Whether it is the same process, and has not ended."""
    stat = processes.stat(pid)
    return stat is not None and stat.started == started and stat.state not in procfs.ENDED


def is_helper(pid: int) -> bool:
    """Whether a process takes away what others leave behind, or forks for them, and ends when they have."""
    parent = parent_of(pid)
    own, parents = mark(pid), mark(parent) if parent else None
    return own is not None and own != parents


def mark(pid: int) -> str | None:
    """What the command line of a server of multiprocessing shows."""
    command = " ".join(processes.command_line(pid))
    return next((mark for mark in SERVERS if mark in command), None)


def send(pids: Collection[int], number: int) -> None:
    """Send a signal to processes; a stopped one is let go on, or it would not notice."""
    for pid in pids:
        for each in (number, *GO_ON):
            with suppress(OSError):
                os.kill(pid, each)
