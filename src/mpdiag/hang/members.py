"""The table of a stuck program's processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mpdiag.hang.scene import NOWHERE, Scene, role


def member_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """One row for each process, those that have ended too."""
    processes = scene.graph.snapshot.processes
    for pid in [*processes, *(pid for pid in scene.lives if pid not in processes)]:
        seen, life = processes.get(pid), scene.lives.get(pid)
        file, line, function = life.start.where[:3] if life and life.start else NOWHERE[:3]
        yield {
            "pid": pid,
            "parent": seen.look.stat.parent if seen else life.parent if life else None,
            "process": scene.name(pid),
            "role": role(pid, scene),
            "state": seen.look.stat.state if seen else None,
            "alive": seen is not None and not seen.ended,
            "exit": scene.exit(pid),
            "cpu_s": seen.cpu_s if seen else None,
            "moved": seen.moved if seen else None,
            "answered": bool(seen and seen.answer),
            "python": bool(life and life.book) or bool(seen and seen.python),
            "start_method": life.start_method if life else None,
            "threads_at_fork": life.start.threads if life and life.start and life.start.method == "fork" else None,
            "target": life.target if life else None,
            "forked": forked(pid, scene),
            "parent_threads": parent_threads(pid, scene),
            "command": " ".join(seen.command)[:200] if seen else None,
            "file": file,
            "line": line or None,
            "function": function,
        }


def forked(pid: int, scene: Scene) -> bool:
    """Whether a process is a copy of its parent, as far as its command line tells."""
    seen = scene.graph.snapshot.processes.get(pid)
    parent = scene.graph.snapshot.processes.get(seen.look.stat.parent) if seen else None
    return bool(seen and parent and seen.command and seen.command == parent.command)


def parent_threads(pid: int, scene: Scene) -> int | None:
    """How many threads its parent has by now."""
    seen = scene.graph.snapshot.processes.get(pid)
    parent = scene.graph.snapshot.processes.get(seen.look.stat.parent) if seen else None
    return parent.look.stat.threads if parent else None
