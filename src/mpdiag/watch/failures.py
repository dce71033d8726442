"""The table of what failed, and whether anybody looked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from mpdiag.tap import layout
from mpdiag.watch.books import EXECUTOR, POOL, Book, Event
from mpdiag.watch.lives import NOWHERE, Life, signal_name


def rows(lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each kind of failure and pool or line."""
    return [*mains(lives), *tasks(lives), *exits(lives), *initializers(lives), *logs(lives), *guards(lives)]


def row(kind: str, count: int, unread: int, example: str | None, where: Sequence[Any]) -> dict[str, Any]:
    """The facts of some failures of one kind."""
    file, line, function = where[:3]
    return {
        "kind": kind,
        "count": count,
        "unread": unread,
        "example": example,
        "pool": None,
        "file": file,
        "line": line or None,
        "function": function,
    }


def mains(lives: Sequence[Life]) -> Iterator[dict[str, Any]]:
    """The exception that ended the main process."""
    for life in lives:
        for event in life.book.noted("uncaught") if life.book and life.role == "main" else ():
            kind, text, place = event.facts[:3]
            yield row("main", 1, 0, f"{kind}: {text}" if text else str(kind), place or NOWHERE)


def tasks(lives: Sequence[Life]) -> Iterator[dict[str, Any]]:
    """Tasks that raised, by pool; those whose exception nobody fetched are unread."""
    for book in (life.book for life in lives if life.book):
        pools = {event.facts[0]: event.facts[-1] for event in book.noted("pool")}
        kinds = {event.facts[0]: event.facts[1] for event in book.noted("failure")}
        fetched = book.failures_fetched
        for slot in (slot for slot in book.slots if slot.kind == "pool" and slot.words):
            failed = slot.words[layout.S_MAX]
            if not failed:
                continue
            called_back = slot.words[layout.S_CPU]
            unread = max(0, failed - called_back - fetched)
            fetched = max(0, fetched - (failed - called_back))
            yield {
                **row("task", failed, unread, kinds.get(slot.name), pools.get(slot.name, NOWHERE)),
                "pool": slot.name,
            }


def exits(lives: Sequence[Life]) -> Iterator[dict[str, Any]]:
    """Processes that failed by themselves, by the line that started them; unread if nobody asked for the exit code."""
    books = [life.book for life in lives if life.book]
    codes = {event.facts[0]: event.facts[1] for event in _all(books, "exit")}
    looked = {event.facts[0] for event in _all(books, "looked")}
    sent = {event.facts[0] for event in _all(books, "signal")}
    groups: dict[tuple[Any, ...], list[Life]] = defaultdict(list)
    for life in lives:
        if life.start and life.role == "process" and not life.start.where[4] & (POOL | EXECUTOR):
            code = codes.get(life.pid, life.exit)
            if code not in (0, None) and not (life.pid in sent and _by_signal(code)):
                groups[tuple(life.start.where[:3])].append(life)
    for where, failed in groups.items():
        unread = 0 if started_anew(failed, lives) else sum(life.pid not in looked for life in failed)
        example = _reason(failed[0], codes.get(failed[0].pid, failed[0].exit))
        yield {**row("exit", len(failed), unread, example, where), "opening": opening(failed[0])}


def opening(life: Life) -> bool:
    """Whether a process ended as it opened a semaphore that it had been given."""
    return any(event.facts[5:] == (True,) for event in (life.book.noted("uncaught") if life.book else ()))


def started_anew(failed: Sequence[Life], lives: Sequence[Life]) -> bool:
    """Whether the program saw that just these had ended, and started another one for each at the same line."""
    starts = [life.start for life in failed if life.start]
    parents = {start.parent for start in starts}
    alive = [slot for life in lives if life.pid in parents and life.book for slot in life.book.of("alive")]
    found_dead = sum(slot.count - slot.empty for slot in alive)
    later = [
        life.start
        for life in lives
        if life.start and life.start.where[:3] == starts[0].where[:3] and life.start.began_s >= failed[0].ended_s
    ]
    return 0 < found_dead <= len(failed) and len(later) >= len(failed)


def _by_signal(code: Any) -> bool:
    return isinstance(code, str) or code < 0


def _reason(life: Life, code: Any) -> str:
    """The exception that ended a process; its exit code if there was none."""
    for event in life.book.noted("uncaught") if life.book else ():
        kind, text = event.facts[:2]
        return f"{kind}: {text}" if text else str(kind)
    shown = signal_name(code)
    return f"exit code {shown}" if isinstance(shown, int) else str(shown)


def initializers(lives: Sequence[Life]) -> Iterator[dict[str, Any]]:
    """Initializers that raised, by pool."""
    pools = {event.facts[0]: event.facts[-1] for event in _all([life.book for life in lives if life.book], "pool")}
    groups: dict[str | None, list[Event]] = defaultdict(list)
    for life in lives:
        for event in life.book.noted("initializer") if life.book else ():
            groups[life.pool].append(event)
    for pool, events in groups.items():
        kind, text = events[0].facts
        count = len(events)
        found = row("initializer", count, count, f"{kind}: {text}" if text else kind, pools.get(pool, NOWHERE))
        yield {**found, "pool": pool}


def guards(lives: Sequence[Life]) -> Iterator[dict[str, Any]]:
    """Lines at which a child that was importing the main module tried to start a process."""
    groups: dict[tuple[Any, ...], int] = defaultdict(int)
    for event in _all([life.book for life in lives if life.book], "guard"):
        groups[event.facts[0][:3]] += 1
    for where, count in groups.items():
        yield row("guard", count, count, "RuntimeError: process started before the main module was imported", where)


# --- logging


def logs(lives: Sequence[Life]) -> Iterator[dict[str, Any]]:
    """Loggers that dropped records in children whose parent's logging would have handled them.

    What is counted is a level of a logger in a process: how many records it dropped there, nothing tells.
    """
    books = {life.pid: life.book for life in lives if life.book}
    found: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for life in lives:
        parent = books.get(life.parent) or books.get(life.start.parent if life.start else 0)
        if life.book is None or parent is None or life.start is None or life.start_method == "fork":
            continue
        setup = [event for event in parent.noted("logging") if event.at_s <= life.start.done_s]
        for event in life.book.noted("unlogged"):
            name, level = event.facts
            if setup and handled(name, level, *setup[-1].facts):
                found[tuple(_made(life, parent))].append(f"{_level(level)} of {name}")
    for where, records in found.items():
        yield row("log", len(records), len(records), records[0], where)


def handled(name: str, level: int, root: int, root_handles: bool, levels: dict[str, int], handle: list[str]) -> bool:
    """Whether the parent's logging handles records of ``level`` from the logger ``name``."""
    chain = [name]
    while "." in chain[-1]:
        chain.append(chain[-1].rpartition(".")[0])
    wanted = next((levels[each] for each in chain if each in levels), root)
    return level >= wanted and (root_handles or any(each in handle for each in chain))


def _made(life: Life, parent: Book) -> Sequence[Any]:
    """Where a child, or the pool that it belongs to, was made."""
    for event in parent.noted("pool"):
        if life.pool and event.facts[0] == life.pool:
            return event.facts[-1][:3]  # type: ignore[no-any-return]
    return life.where[:3]


def _level(level: int) -> str:
    return {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}.get(level, f"level {level}")


def _all(books: Sequence[Book], kind: str) -> Iterator[Event]:
    return (event for book in books for event in book.noted(kind))
