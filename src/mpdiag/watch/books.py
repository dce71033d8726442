"""Reads the ledgers that the taps of observed processes have written."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from mpdiag.tap import layout

NS = 1e-9
#: Kinds that another kind swallows when it is timed itself, so that they must not be counted beside it.
WITHIN: dict[str, frozenset[str]] = {
    "worker": frozenset({"lock", "recv", "get", "poll", "sync"}),
    "_process_worker": frozenset({"lock", "recv", "get", "poll", "sync"}),
    "get": frozenset({"lock", "recv", "poll", "wait"}),
    "get_nowait": frozenset({"lock", "recv", "poll", "wait"}),
    "poll": frozenset({"wait"}),
    "empty": frozenset({"wait"}),
    "put": frozenset({"lock"}),
    "put_nowait": frozenset({"lock"}),
    "join": frozenset({"lock", "sync", "wait", "poll"}),
    "wait_for": frozenset({"lock"}),
}
#: Kinds that come often and are never swallowed by another: each of their events belongs to a slot.
OFTEN = ("task", "submit", "manager")
#: What stood between the user's line and a tap; see `mpdiag.tap.places.VIA`.
POOL, EXECUTOR, MANAGER, THREADS, VALUES = 1, 2, 4, 8, 16


@dataclass(frozen=True)
class Slot:
    """What one thread did of one kind, at one place, with one object; times in seconds, without what is nested."""

    kind: str
    thread: str
    #: The thread's number in the system.
    native: int
    file: str | None
    line: int
    function: str | None
    #: The library function that the user's line called.
    api: str
    via: int
    #: The object's name, the same in all processes that share it; or the task's function, the proxy's method.
    name: Any
    count: int
    timed: int
    s: float
    #: The same with what is nested.
    wall_s: float
    cpu_s: float
    bytes: int
    max_s: float
    #: When the first began and the last ended, on the monotonic clock.
    first_s: float
    last_s: float
    empty: int
    #: All its words, for slots that mean something else by them.
    words: tuple[int, ...] = ()

    @property
    def main(self) -> bool:
        """Was it the main thread?"""
        return self.thread == "main"

    @property
    def nested(self) -> bool:
        """Is it a part of another doing, and counted there?"""
        return self.kind in WITHIN.get(self.api, ()) or (self.via & MANAGER != 0 and self.kind in _TRAFFIC)


_TRAFFIC = frozenset({"lock", "send", "recv", "poll", "pickle", "unpickle"})


@dataclass(frozen=True)
class Task:
    """One of the last tasks of a worker."""

    function: str
    began_s: float
    ended_s: float
    cpu_s: float
    args_b: int
    result_b: int
    items: int
    #: The name of the thread that ran it.
    thread: str = "main"


@dataclass(frozen=True)
class Event:
    """A rare event: its kind, when it was noted, and its facts."""

    kind: str
    at_s: float
    facts: tuple[Any, ...]


@dataclass(frozen=True)
class Book:
    """The ledger of one process."""

    path: Path
    pid: int
    parent: int
    #: When its tap began to count, on the monotonic clock.
    began_s: float
    #: When it was about to end; None if it was killed before it could say so.
    ended_s: float | None
    cpu_s: float | None
    main_cpu_s: float | None
    main_thread: int
    #: Events by kind, every one of them.
    counts: dict[str, int] = field(default_factory=dict)
    slots: tuple[Slot, ...] = ()
    #: The last tasks, in order.
    tasks: tuple[Task, ...] = ()
    tasks_timed: int = 0
    failures_fetched: int = 0
    events: tuple[Event, ...] = ()
    #: What each thread is doing: native id, kind, since when.
    threads: tuple[tuple[int, str, float], ...] = ()

    def of(self, *kinds: str) -> Iterator[Slot]:
        """The slots of these kinds that stand for themselves."""
        return (slot for slot in self.slots if slot.kind in kinds and not slot.nested)

    def noted(self, kind: str) -> Iterator[Event]:
        """The events of this kind."""
        return (event for event in self.events if event.kind == kind)

    @property
    def forked(self) -> bool:
        """Did the process come from a fork of an observed one?"""
        return any(self.noted("forked"))


def read(folder: Path) -> tuple[Book, ...]:
    """The books of all processes with a ledger in ``folder``, the oldest first; broken ledgers are left out."""
    ledgers = (path for path in folder.glob("*.[0-9]*") if path.suffix[1:].isdigit())
    books = [book for path in ledgers if (book := read_one(path))]
    return tuple(sorted(books, key=lambda book: book.began_s))


def read_one(path: Path) -> Book | None:
    """The book in ``path``; None if it is none."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) != layout.SIZE:
        return None
    words = memoryview(data).cast("q")
    if words[layout.H_MAGIC] != layout.MAGIC:
        return None
    noted = data[layout.TEXT : layout.TEXT + words[layout.H_TEXT]].decode("utf-8", "replace")
    events, metas = _events(noted, path.with_name(f"{path.name}.events"))
    slots = {number: _slot(words, number, meta) for number, meta in metas.items() if number < layout.SLOT_COUNT}
    counts = {kind: words[layout.COUNTS + number] for number, kind in enumerate(layout.KINDS)}
    ended = words[layout.H_ENDED]
    return Book(
        path=path,
        pid=words[layout.H_PID],
        parent=words[layout.H_PARENT],
        began_s=words[layout.H_BEGAN] * NS,
        ended_s=ended * NS if ended else None,
        cpu_s=words[layout.H_CPU] * NS if ended else None,
        main_cpu_s=words[layout.H_MAIN_CPU] * NS if words[layout.H_MAIN_CPU] else None,
        main_thread=words[layout.H_MAIN_THREAD],
        counts=counts,
        slots=completed(slots.values(), counts),
        tasks=tuple(_tasks(words, slots)),
        tasks_timed=words[layout.H_TASKS],
        failures_fetched=words[layout.H_OWN],
        events=events,
        threads=tuple(_threads(words)),
    )


def _events(noted: str, path: Path) -> tuple[tuple[Event, ...], dict[int, tuple[Any, ...]]]:
    """The rare events, those in the ledger and those in the file for more, and what each slot is about."""
    lines = noted.splitlines()
    with suppress(OSError):
        lines += path.read_text(encoding="utf-8", errors="replace").splitlines()
    events: list[Event] = []
    slots: dict[int, tuple[Any, ...]] = {}
    for kind, *facts in parsed(lines):
        if kind == "slot":
            slots[facts[0]] = tuple(facts[1:])
        elif facts and isinstance(facts[0], int):
            events.append(Event(kind, facts[0] * NS, tuple(facts[1:])))
    return tuple(events), slots


def parsed(lines: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """The events that lines of text tell of."""
    yield from filter(None, map(_facts, lines))


@lru_cache(maxsize=1024)
def _facts(line: str) -> tuple[Any, ...] | None:
    """The event of a line; siblings tell much alike, as of locks that they share. None of one that is cut off."""
    try:
        facts = ast.literal_eval(line)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None  # the last line of a killed process
    return facts if isinstance(facts, tuple) and facts and isinstance(facts[0], str) else None


def _slot(words: memoryview, number: int, meta: tuple[Any, ...]) -> Slot:
    base = layout.SLOTS + number * layout.SLOT
    kind, thread, native, where, api, via, name = meta
    file, line, function = where or (None, 0, None)
    return Slot(
        kind=kind,
        thread=thread,
        native=native,
        file=file,
        line=line,
        function=function,
        api=api,
        via=via,
        name=name,
        count=words[base + layout.S_COUNT],
        timed=words[base + layout.S_TIMED],
        s=words[base + layout.S_NS] * NS,
        wall_s=words[base + layout.S_WALL] * NS,
        cpu_s=words[base + layout.S_CPU] * NS,
        bytes=words[base + layout.S_BYTES],
        max_s=words[base + layout.S_MAX] * NS,
        first_s=words[base + layout.S_FIRST] * NS,
        last_s=words[base + layout.S_LAST] * NS,
        empty=words[base + layout.S_EMPTY],
        words=tuple(words[base : base + layout.SLOT]),
    )


def completed(slots: Iterable[Slot], counts: Mapping[str, int]) -> tuple[Slot, ...]:
    """The slots with the last events of a kind, which went by untimed: those are in no slot, but counted.

    They are given to the slot that was busy last, and taken to be like those that it holds.
    """
    whole = list(slots)
    for kind in OFTEN:
        of_kind = [number for number, slot in enumerate(whole) if slot.kind == kind and slot.count]
        rest = counts.get(kind, 0) - sum(whole[number].count for number in of_kind)
        if rest > 0 and of_kind:
            last = max(of_kind, key=lambda number: whole[number].last_s)
            whole[last] = _grown(whole[last], rest)
    return tuple(whole)


def _grown(slot: Slot, rest: int) -> Slot:
    scale = 1 + rest / slot.count
    return replace(
        slot,
        count=slot.count + rest,
        s=slot.s * scale,
        wall_s=slot.wall_s * scale,
        cpu_s=slot.cpu_s * scale,
        bytes=round(slot.bytes * scale),
        empty=round(slot.empty * scale),
    )


def _tasks(words: memoryview, slots: dict[int, Slot]) -> Iterator[Task]:
    written = words[layout.H_TASKS]
    for number in range(max(0, written - layout.TASK_COUNT), written):
        base = layout.TASKS + number % layout.TASK_COUNT * layout.TASK
        slot = slots.get(words[base + layout.K_SLOT])
        if slot is not None:
            yield Task(
                function=str(slot.name),
                began_s=words[base + layout.K_BEGAN] * NS,
                ended_s=words[base + layout.K_ENDED] * NS,
                cpu_s=words[base + layout.K_CPU] * NS,
                args_b=words[base + layout.K_IN],
                result_b=words[base + layout.K_OUT],
                items=words[base + layout.K_ITEMS],
                thread=slot.thread,
            )


def _threads(words: memoryview) -> Iterator[tuple[int, str, float]]:
    for number in range(words[layout.H_THREADS]):
        base = layout.THREADS + number * layout.THREAD
        kind = layout.KINDS[words[base + layout.T_KIND] % len(layout.KINDS)]
        yield words[base + layout.T_NATIVE], kind, words[base + layout.T_SINCE] * NS
