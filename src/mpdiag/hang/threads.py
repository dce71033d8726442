"""The table of a stuck program's threads, and what they wait for."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator
from typing import Any

from mpdiag.hang.answers import Thing
from mpdiag.hang.kernel import ThreadLook
from mpdiag.hang.scene import Scene
from mpdiag.hang.waits import Wait, is_users, library, users_line
from mpdiag.watch.bindings import names_in
from mpdiag.watch.hot import INSTALLED
from mpdiag.watch.imports import parsed
from mpdiag.watch.invariance import holds
from mpdiag.watch.polling import spinning

#: What tells the pool that a thread waits for.
POOLED = ("future", "result", "pool")
#: A line that takes a lock.
LOCKING = re.compile(r"\bwith\b|\.acquire\(")
#: What the library's own threads do, and workers between two tasks, by the function that they run.
JOBS = frozenset({"_feed", "_handle_workers", "_handle_tasks", "_handle_results", "wait_result_broken_or_wakeup"})
IDLE = frozenset({"worker", "_process_worker", "_worker"})
#: What the threads run that hand out the results of pools, and the program's callbacks with them.
HANDS_OUT = frozenset({("futures/process.py", "run"), ("multiprocessing/pool.py", "_handle_results")})
#: The semaphore of the system that locks of multiprocessing are made of.
BARE = "SemLock"
#: Where a proxy waits for the answer of its manager's server.
CALLS_SERVER = ("multiprocessing/managers.py", "_callmethod")
#: Savers of a thread that are told.
MOST = 16


def wait_row(wait: Wait, scene: Scene) -> dict[str, Any]:
    """One thread."""
    return {**who(wait, scene), **what(wait, scene), **meant(wait, scene), **work(wait, scene), **progress(wait, scene)}


def who(wait: Wait, scene: Scene) -> dict[str, Any]:
    """Which thread it is, and where in the program."""
    return {
        "pid": wait.pid,
        "native": wait.native,
        "process": scene.name(wait.pid),
        "thread": wait.name,
        "main": wait.main,
        "daemon": wait.daemon,
        "answered": bool(wait.stack),
        "file": wait.place.file if wait.place else None,
        "line": wait.place.line if wait.place else None,
        "function": wait.place.function if wait.place else None,
    }


def what(wait: Wait, scene: Scene) -> dict[str, Any]:
    """What it waits for, and whether that can end."""
    return {
        "kind": wait.kind,
        "object": wait.objects[0] if wait.objects else None,
        "objects": " ".join(wait.objects),
        "alone": alone(wait, scene),
        "peer": peer(wait, scene),
        "limited": wait.limited,
        "known": wait.known,
        "can_move": scene.graph.can_move(wait),
        "doing": wait.doing,
        "api": wait.api,
        "library": wait.library,
        "since_s": since(wait, scene),
        "target": target(wait, scene),
    }


def meant(wait: Wait, scene: Scene) -> dict[str, Any]:
    """The queue, the pool and other things of the library that its calls are about."""
    about = {thing.kind: thing.facts for thing in reversed(wait.things)}
    tools = [lock_type(thing, wait, scene) for thing in wait.things if thing.kind in ("within", "lock")]
    barrier = next(wait.about("barrier"), None)
    return {
        "channel": next((about[kind][0] for kind in ("queue", "connection") if kind in about), None),
        "bound": about["queue"][1] if "queue" in about else None,
        "tool": "Barrier" if barrier else tools[-1] if tools else tool(wait),
        "proxy": wait.api if any((library(each), each.function) == CALLS_SERVER for each in wait.stack) else None,
        "parties": barrier.facts[0] if barrier else None,
        "present": barrier.facts[1] if barrier else None,
        "states": ", ".join(sorted({str(thing.facts[0]) for thing in wait.about("future")})) or None,
        "pool": next((about[kind][1 if kind == "future" else 0] for kind in POOLED if kind in about), None),
        "pool_state": next((about[kind][1] for kind in ("result", "pool") if kind in about), None),
    }


def lock_type(thing: Thing, wait: Wait, scene: Scene) -> str:
    """The type of a lock or of what is built on it; acquire() itself tells only that of the semaphore inside."""
    answer = scene.graph.snapshot.processes[wait.pid].answer
    known = {lock.name: lock.type for lock in answer.locks} if answer and thing.facts[1] == BARE else {}
    return known.get(str(thing.facts[0]), str(thing.facts[1]))


def work(wait: Wait, scene: Scene) -> dict[str, Any]:
    """What it is there for, by the functions that it is in."""
    calls = {frame.function for frame in wait.stack}
    return {
        "job": idle_as(wait) or next(iter(sorted(calls & JOBS)), None),
        "in_task": bool(calls & IDLE) and idle_as(wait) is None,
        "calls_back": wait.place is not None
        and any((library(each), each.function) in HANDS_OUT for each in wait.stack),
        "exits": bool(calls & {"_exit_function", "_shutdown"}),
        "own_pool": own_pool(wait, scene),
        "unguarded": unguarded(wait, scene),
        "asks": asks(wait, scene),
        "locks": bool(wait.place and LOCKING.search(linecache.getline(wait.place.file, wait.place.line))),
    }


def progress(wait: Wait, scene: Scene) -> dict[str, Any]:
    """Whether the system lets it run."""
    process, look = scene.graph.snapshot.processes[wait.pid], look_of(wait, scene)
    return {
        "slept": look.slept if look else None,
        "ran_s": process.ran.get(wait.native, 0) / 1e9,
        "deep": wait.native in process.deep,
    }


def idle_as(wait: Wait) -> str | None:
    """The function of a worker that waits for its next task; None of any other thread."""
    for place, frame in enumerate(wait.stack):
        if frame.function in IDLE:
            inside = wait.stack[place - 1].function if place else "get"  # of a queue in C there is no frame
            return frame.function if inside == "get" else None
    return None


def alone(wait: Wait, scene: Scene) -> bool:
    """Whether no other process could end a wait that is for processes."""
    savers = scene.graph.savers.get((wait.pid, wait.native))
    return savers is not None and all(saver.pid == wait.pid for saver in savers)


def tool(wait: Wait) -> str | None:
    """What a thread waits for, by the calls of the library."""
    inner = wait.stack[: next((place for place, frame in enumerate(wait.stack) if is_users(frame)), len(wait.stack))]
    calls = [(library(frame).rpartition("/")[2], frame.function) for frame in inner]
    waits = sum(call in (("threading.py", "wait"), ("synchronize.py", "wait")) for call in calls)
    if ("threading.py", "_wait") in calls or ("threading.py", "_enter") in calls:
        return "Barrier"
    if ("queue.py", "get") in calls or ("queue.py", "put") in calls:
        return "Queue"
    return "Event" if waits > 1 else "Condition" if waits else None


def peer(wait: Wait, scene: Scene) -> str | None:
    """The other end of what a thread reads or writes, by name; of a pipe both ends have one."""
    return scene.graph.snapshot.peers.get(wait.objects[0], wait.objects[0]) if wait.objects else None


def own_pool(wait: Wait, scene: Scene) -> str | None:
    """The pool that a thread works for."""
    life = scene.lives.get(wait.pid)
    named = "main" if wait.main else wait.name
    events = life.book.noted("worker") if life and life.book else ()
    return next((str(event.facts[0]) for event in events if event.facts[1] == named), None)


def unguarded(wait: Wait, scene: Scene) -> bool:
    """Whether children that import the main module come to the line at which its main thread waits."""
    outermost = wait.stack[-1] if wait.main and wait.stack else None
    module = parsed(outermost.file) if outermost and outermost.function == "<module>" else None
    if module is None or outermost is None or not scene.graph.snapshot.importing(wait.pid):
        return False
    guards = [node for node in module.body if isinstance(node, ast.If) and "__name__" in names_in(node.test)]
    return not any(holds(guard, outermost.line) for guard in guards)


def asks(wait: Wait, scene: Scene) -> bool:
    """Whether a thread runs, and was at both looks in a loop that does nothing but ask."""
    before = scene.graph.snapshot.processes[wait.pid].before
    earlier = [users_line(each.stack) for each in before.threads if each.native == wait.native] if before else []
    return wait.kind == "runs" and all(
        place and not INSTALLED.search(place.file) and spinning(place.file, place.function, place.line)
        for place in (wait.place, *earlier)
    )


def look_of(wait: Wait, scene: Scene) -> ThreadLook | None:
    """The thread as the kernel shows it."""
    threads = scene.graph.snapshot.processes[wait.pid].look.threads
    return next((each for each in threads if each.native == wait.native), None)


def target(wait: Wait, scene: Scene) -> str | None:
    """The one descriptor that a thread is waiting for in the kernel, and where it leads; None if there is no such."""
    look = look_of(wait, scene)
    if look is None or look.doing not in ("read", "write", "several", "outside"):
        return None
    numbers = look.polled or (look.argument,)
    opened = {each.number: each.target for each in scene.graph.snapshot.opened.get(wait.pid) or ()}
    leads_to = opened.get(numbers[0]) if len(numbers) == 1 and numbers[0] is not None else None
    kind = (leads_to or "").partition(":[")[0]
    return leads_to and f"descriptor {numbers[0]} ({f'a {kind}' if kind in ('pipe', 'socket') else leads_to})"


def since(wait: Wait, scene: Scene) -> float | None:
    """For how long a thread has waited, where its ledger tells."""
    life = scene.lives.get(wait.pid)
    for native, kind, since_s in life.book.threads if life and life.book else ():
        if native == wait.native and kind != "idle":
            return scene.graph.snapshot.at_s - since_s
    return None


def need_rows(scene: Scene) -> Iterator[dict[str, Any]]:
    """One row for each thread that is stuck and process that could end its wait."""
    for wait in scene.graph.waits:
        if not scene.graph.can_move(wait):
            savers = scene.graph.savers.get((wait.pid, wait.native)) or ()
            for pid in list(dict.fromkeys(saver.pid for saver in savers))[:MOST]:
                yield {"pid": wait.pid, "native": wait.native, "needs": pid}
