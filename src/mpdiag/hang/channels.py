"""The tables of what the threads of a stuck program wait for: pipes, locks, queues and who uses them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from mpdiag.hang.scene import NOWHERE, Scene

#: Doings with a queue or a pipe that take from it, and that put into it.
TAKING, GIVING = ("get", "recv", "wait_task"), ("put", "send")


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
            "outside": name in scene.graph.snapshot.shared,
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
    for book in filter(None, (life.book for life in scene.lives.values())):
        pools = {event.facts[-1][:2]: event.facts[1] for event in book.noted("pool")}
        for event in book.noted(kind):
            file, line, function, api, *_ = event.facts[-1]
            if file is not None:
                called = pools.get((file, line), api) if api == "__init__" else api
                found[str(event.facts[0])] = (file, line, function, called)
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
    if not scene.lives:
        found.update(guessed_users(scene))
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


def guessed_users(scene: Scene) -> dict[tuple[str, int, str], int]:
    """Without ledgers: who waits for data from a pipe takes from it, others with its writing end may put into it.

    Who waits for the lock that get() takes is in get() too, also where stacks are not known.
    """
    takers = {(wait.objects[0], wait.pid) for wait in scene.graph.waits if wait.kind == "read" and wait.objects}
    known = [wait for wait in scene.graph.waits if wait.api == "get" and wait.library == "multiprocessing/queues.py"]
    locks = {wait.objects for wait in known if wait.kind == "lock"}
    alike = [wait for wait in scene.graph.waits if wait.kind == "lock" and wait.objects in locks]
    gets = {wait.pid for wait in (*known, *alike)}
    wanted = {name for name, _ in takers}
    givers = {
        (end.object, end.pid)
        for end in scene.graph.snapshot.ends
        if end.object in wanted and end.writes and end.pid not in gets.union(scene.graph.snapshot.helpers)
    }
    return {**{(*each, "gives"): 0 for each in givers - takers}, **{(*each, "takes"): 0 for each in takers}}


def dropped_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """One row for each message that never got into its queue, as it could not be pickled."""
    for pid, life in scene.lives.items():
        for event in life.book.noted("dropped") if life.book else ():
            name, kind, text = event.facts
            yield {"object": name, "pid": pid, "process": scene.name(pid), "error": f"{kind}: {text}"}
