"""Makes the tables that rules judge of a snapshot and of the ledgers, if there are some."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mpdiag.advice import Facts
from mpdiag.hang.graph import Graph
from mpdiag.hang.snapshot import Seen
from mpdiag.hang.waits import Wait
from mpdiag.watch import lives
from mpdiag.watch.books import Book
from mpdiag.watch.lives import Life

#: Doings with a queue or a pipe that take from it, and that put into it.
TAKING, GIVING = ("get", "recv", "wait_task"), ("put", "send")
NOWHERE = (None, None, None, None)
#: The part of a CPU from which on a program does something.
MOVING = 0.02


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


def gather(scene: Scene) -> dict[str, Facts]:
    """All tables, by name.

    Args:
        scene: what was seen.
    """
    tables: dict[str, list[dict[str, Any]]] = {
        "look": [look_row(scene)],
        "members": list(member_rows(scene)),
        "waits": [wait_row(wait, scene) for wait in scene.graph.waits],
        "ends": list(end_rows(scene)),
        "holders": list(holder_rows(scene)),
        "queues": list(queue_rows(scene)),
        "users": list(user_rows(scene)),
    }
    return {name: Facts(name, {"": tuple(rows)}) for name, rows in tables.items()}


def look_row(scene: Scene) -> dict[str, Any]:
    """The program as a whole."""
    snapshot = scene.graph.snapshot
    living = snapshot.living.values()
    moved = [seen.moved for seen in living if seen.moved is not None]
    return {
        "state": state(scene.graph),
        "apart_s": snapshot.apart_s,
        "processes": len(living),
        "answered": sum(seen.answer is not None for seen in living),
        "observed": snapshot.tree.folder is not None,
        "cpu_s": sum(seen.cpu_s for seen in living),
        "moved": sum(moved) if moved else None,
        "born": snapshot.born,
        "gone": snapshot.gone,
        "stuck": sum(not scene.graph.can_move(wait) for wait in scene.graph.waits),
    }


def state(graph: Graph) -> str:
    """Whether the program is ``stuck``, ``partly`` so, ``moving`` or ``idle``."""
    main = graph.main(graph.snapshot.tree.root)
    if main and not graph.can_move(main):
        return "stuck"
    if any(wait.main and wait.kind != "serves" and not graph.can_move(wait) for wait in graph.waits):
        return "partly"
    cpu_s = sum(seen.cpu_s for seen in graph.snapshot.processes.values())
    moves = cpu_s > MOVING * graph.snapshot.apart_s or any(wait.kind == "runs" for wait in graph.waits)
    return "moving" if moves else "idle"


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
            "command": " ".join(seen.command)[:200] if seen else None,
            "file": file,
            "line": line or None,
            "function": function,
        }


def role(pid: int, scene: Scene) -> str:
    """What a process is for."""
    life = scene.lives.get(pid)
    if pid == scene.graph.snapshot.tree.root:
        return "main"
    return scene.graph.snapshot.helpers.get(pid) or (life.role if life else "process")


def wait_row(wait: Wait, scene: Scene) -> dict[str, Any]:
    """One thread."""
    calls = {frame.function for frame in wait.stack}
    about = {thing.kind: thing for thing in reversed(wait.things)}
    return {
        "pid": wait.pid,
        "native": wait.native,
        "process": scene.name(wait.pid),
        "thread": wait.name,
        "main": wait.main,
        "daemon": wait.daemon,
        "kind": wait.kind,
        "object": wait.objects[0] if wait.objects else None,
        "objects": ", ".join(wait.objects),
        "timeout": wait.timeout,
        "can_move": scene.graph.can_move(wait),
        "doing": wait.doing,
        "api": wait.api,
        "feeds": "_feed" in calls,
        "exits": bool(calls & {"_exit_function", "_shutdown"}),
        "channel": next((about[kind].facts[0] for kind in ("queue", "connection") if kind in about), None),
        "bound": about["queue"].facts[1] if "queue" in about else None,
        "future": about["future"].facts[0] if "future" in about else None,
        "pool": next((about[kind].facts[-2 if kind != "future" else 1] for kind in POOLED if kind in about), None),
        "since_s": since(wait, scene),
        "answered": bool(wait.stack),
        "file": wait.place.file if wait.place else None,
        "line": wait.place.line if wait.place else None,
        "function": wait.place.function if wait.place else None,
    }


#: What tells the pool that a thread waits for.
POOLED = ("future", "result", "pool")


def since(wait: Wait, scene: Scene) -> float | None:
    """For how long a thread has waited, where its ledger tells."""
    life = scene.lives.get(wait.pid)
    for native, kind, since_s in life.book.threads if life and life.book else ():
        if native == wait.native and kind != "idle":
            return scene.graph.snapshot.at_s - since_s
    return None


def end_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """One row for each process that holds an end of a pipe or socket."""
    found: dict[tuple[str, int], list[bool]] = defaultdict(lambda: [False, False])
    sockets = set()
    for end in scene.graph.snapshot.ends:
        found[end.object, end.pid][0] |= end.reads
        found[end.object, end.pid][1] |= end.writes
        if end.socket:
            sockets.add(end.object)
    for (name, pid), (reads, writes) in found.items():
        socket = name in sockets
        yield {
            "object": name,
            "pid": pid,
            "process": scene.name(pid),
            "reads": reads,
            "writes": writes,
            "socket": socket,
        }


def holder_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """One row for each lock and process that knows it; where it was made, if that was noted."""
    made = places(scene, "lock")
    for pid, seen in scene.graph.snapshot.processes.items():
        for lock in seen.answer.locks if seen.answer else ():
            file, line, function, whole = made.get(lock.name, NOWHERE)
            yield {
                "object": lock.name,
                "type": lock.type,
                "of": whole,
                "pid": pid,
                "process": scene.name(pid),
                "held": lock.held,
                "by_main": lock.by_main,
                "value": lock.value,
                "file": file,
                "line": line,
                "function": function,
            }


def queue_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """One row for each queue: what the processes that know it say together."""
    made = places(scene, "queue")
    known: dict[str, list[Any]] = defaultdict(list)
    for seen in scene.graph.snapshot.processes.values():
        for queue in seen.answer.queues if seen.answer else ():
            known[queue.name].append(queue)
    for name, told in known.items():
        file, line, function, whole = made.get(name, NOWHERE)
        yield {
            "object": name,
            "of": whole,
            "most": max((each.most for each in told if each.most is not None), default=None),
            "inside": max((each.inside for each in told if each.inside is not None), default=None),
            "unread": max((each.unread for each in told if each.unread is not None), default=None),
            "unsent": sum(each.unsent for each in told),
            "file": file,
            "line": line,
            "function": function,
        }


def places(scene: Scene, kind: str) -> dict[str, tuple[Any, ...]]:
    """Where the user's code made what is of that kind, by its name, and what it called for."""
    found: dict[str, tuple[Any, ...]] = {}
    for life in scene.lives.values():
        for event in life.book.noted(kind) if life.book else ():
            where = event.facts[-1]
            if where[0] is not None:
                found[str(event.facts[0])] = tuple(where[:4])
    return found


def user_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """One row for each process and queue or pipe that it has taken from or put into, or is just about to."""
    found: dict[tuple[str, int, str], int] = defaultdict(int)
    for pid, life in scene.lives.items():
        for slot in life.book.slots if life.book else ():
            if slot.name is not None and slot.kind in (*TAKING, *GIVING):
                found[str(slot.name), pid, "takes" if slot.kind in TAKING else "gives"] += slot.count
    for wait in scene.graph.waits:
        for thing in wait.about("queue"):
            found[str(thing.facts[0]), wait.pid, "takes" if wait.api in ("get", "get_nowait") else "gives"] += 0
    for (name, pid, use), count in found.items():
        alive = pid in scene.graph.snapshot.living
        yield {
            "object": name,
            "pid": pid,
            "process": scene.name(pid),
            "use": use,
            "count": count,
            "alive": alive,
            "exit": scene.exit(pid),
            "able": alive and any(scene.graph.can_move(wait) for wait in scene.graph.of(pid)),
        }


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
