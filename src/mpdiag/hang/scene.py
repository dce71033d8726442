"""A program that was looked at, and what its ledgers tell of its processes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from mpdiag.hang.graph import Graph
from mpdiag.hang.snapshot import Seen
from mpdiag.watch import lives
from mpdiag.watch.books import Book
from mpdiag.watch.lives import Life

NOWHERE = (None, None, None, None)


@dataclass(frozen=True)
class Scene:
    """A program that was looked at: its threads, and what is known of its processes from their ledgers."""

    graph: Graph
    lives: Mapping[int, Life]

    def name(self, pid: int) -> str:
        """What people call a process: ``Worker-1 (4711)``."""
        return f"{self.plain_name(pid)} ({pid})" if pid != self.graph.snapshot.tree.root else "main"

    def plain_name(self, pid: int) -> str:
        """The same without its number."""
        life, seen = self.lives.get(pid), self.graph.snapshot.processes.get(pid)
        if pid == self.graph.snapshot.tree.root:
            return "main"
        if life:
            return life.name
        if seen and seen.answer and seen.answer.name:
            return seen.answer.name
        return seen.look.stat.name if seen else "process"

    def exit(self, pid: int) -> int | str | None:
        """How a process has ended; None if it lives, or nobody knows."""
        seen, life = self.graph.snapshot.processes.get(pid), self.lives.get(pid)
        if seen is None:
            return life.exit if life else None
        if not seen.ended:
            return None
        with suppress(ValueError):
            return lives.signal_name(os.waitstatus_to_exitcode(seen.look.stat.status))
        return None


def seen_lives(books: Sequence[Book], root: int, now_s: float, processes: Mapping[int, Seen]) -> dict[int, Life]:
    """The lives of all processes of a run so far, by pid.

    Args:
        books: their ledgers.
        root: the program's own process.
        now_s: the time of the look, on the monotonic clock.
        processes: those that were seen.
    """
    mine = [book for book in books if book.pid == root]
    began = mine[-1].began_s if mine else now_s
    run = lives.Run(root, began, now_s, None, float(os.cpu_count() or 1), tuple(books))
    return {life.pid: life for life in lives.lives(run) if life.pid in processes or life.book}


def role(pid: int, scene: Scene) -> str:
    """What a process is for."""
    life = scene.lives.get(pid)
    if pid == scene.graph.snapshot.tree.root:
        return "main"
    return scene.graph.snapshot.helpers.get(pid) or (life.role if life else "process")
