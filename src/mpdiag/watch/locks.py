"""The table of locks: where they were made, and who waited for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from mpdiag.watch.books import EXECUTOR, MANAGER, POOL, Slot
from mpdiag.watch.invariance import looped
from mpdiag.watch.lives import Life

#: What the program called when a lock was made that it never sees.
INTERNAL = {"Queue", "JoinableQueue", "SimpleQueue", "Pool", "Manager"}
#: What the program called when the lock is a part of what it got.
WHOLE = {"Value", "Array", "Condition", "Event", "Barrier"}


def rows(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each lock that was made, internal ones too."""
    waits: dict[object, list[tuple[Life, Slot]]] = defaultdict(list)
    for life in lives:
        for slot in life.book.slots if life.book else ():
            if slot.kind == "lock":
                waits[slot.name].append((life, slot))
    made: dict[object, list[tuple[float, tuple[Any, ...]]]] = defaultdict(list)
    for life in lives:
        for event in life.book.noted("lock") if life.book else ():
            made[event.facts[0]].append((event.at_s, event.facts))
    return [
        row(facts, [(life, slot) for life, slot in waits.get(name, ()) if since <= slot.first_s < until])
        for name, times in made.items()
        for since, until, facts in _spans(times)
    ]


def _spans(times: list[tuple[float, tuple[Any, ...]]]) -> list[tuple[float, float, tuple[Any, ...]]]:
    """The lives of locks of one name: a name is an address, which is given again."""
    times.sort(key=lambda each: each[0])
    ends = [since for since, _ in times[1:]] + [float("inf")]
    return [(since, until, facts) for (since, facts), until in zip(times, ends, strict=True)]


def row(facts: tuple[Any, ...], waits: Sequence[tuple[Life, Slot]]) -> dict[str, Any]:
    """The facts of one lock."""
    name, kind, *value, where = facts
    file, line, function, api, via = where
    contended = sum(slot.count for _, slot in waits)
    waited: dict[int, float] = defaultdict(float)
    for life, slot in waits:
        waited[life.pid] += slot.s
    return {
        "id": name,
        "type": api if api in WHOLE else kind,
        "value": value[0] if value else None,
        "file": file,
        "line": line or None,
        "function": function,
        "acquires": contended,
        "contended": contended,
        "wait_s": sum(waited.values()),
        "most_s": max(waited.values(), default=0.0),
        "processes": len(waited),
        "during_s": max(slot.last_s for _, slot in waits) - min(slot.first_s for _, slot in waits) if waits else 0.0,
        "again": any(taken_again(*each) for each in waits),
        "taken": None,
        "op_s": None,
        "user": file is not None and not via & (POOL | EXECUTOR | MANAGER) and api not in INTERNAL,
    }


def taken_again(life: Life, wait: Slot) -> bool:
    """Whether a process takes a lock again and again where it waited for it: in a loop, or in each of its tasks."""
    if life.book and any(life.book.of("task")):
        return True
    return bool(wait.file and wait.function and wait.line and looped(wait.file, wait.function, wait.line))
