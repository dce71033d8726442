"""A run as a timeline in the trace-event format, which ui.perfetto.dev and chrome://tracing read.

Each process has a track for its life; below it the tasks that its ledger still holds, what its threads did once, and
when each of its busiest call sites was first and last used. Memory is drawn as counters. Only slices that really lie
within each other share a track, for the viewers take them for calls.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from mpdiag.text.buckets import BUCKETS
from mpdiag.text.present import visible
from mpdiag.watch.account import BUCKETS as BUCKET_OF
from mpdiag.watch.books import Slot
from mpdiag.watch.lives import Life, Run
from mpdiag.watch.pages import short_names

#: Call sites of a process that get a slice from their first use to their last.
SITES = 8
#: Shorter waits would not be seen.
SHORTEST_S = 1e-4
#: Numbers of tracks that are no thread of the system; no system has such thread ids.
_FIRST_TRACK = 2**30
#: Kinds that are no doing, or told otherwise.
_UNTOLD = frozenset({"idle", "task", "run", "pool", "value", "boot"})

Event = dict[str, Any]


@dataclass(frozen=True)
class Slice:
    """Something that took from ``began_s`` to ``ended_s``."""

    name: str
    began_s: float
    ended_s: float
    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class Timeline:
    """The events of one trace; times are told in microseconds since the run began."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.events: list[Event] = []
        self.tracks = count(_FIRST_TRACK)
        self.files = short_names({slot.file for book in run.books for slot in book.slots if slot.file})

    def us(self, seconds: float) -> float:
        """A time within the run, as the format wants it."""
        return round((min(max(seconds, self.run.began_s), self.run.ended_s) - self.run.began_s) * 1e6, 3)

    def add(self, life: Life, order: int) -> None:
        """All that is known of one process."""
        name = f"{life.name} ({life.role})" if life.role not in life.name.lower() else life.name
        self.note("process_name", life, life.pid, name=visible(name))
        self.note("process_sort_index", life, life.pid, sort_index=order)
        self.lay(life, "life", list(self.life(life)), first=life.pid)
        if life.book:
            self.lay(life, "tasks", list(tasks(life)))
            threads: dict[tuple[str, int], list[Slice]] = defaultdict(list)
            for slot in life.book.slots:
                threads[slot.thread, slot.native] += self.doing(slot)
            waits = {native: wait for native, *wait in self.last_waits(life)}
            for (thread, native), slices in threads.items():
                last = waits.pop(native, [])
                self.lay(life, "main thread" if thread == "main" else f"thread {visible(thread)}", [*slices, *last])
            self.lay(life, "call sites, from first to last use", list(self.sites(life.book.slots)))
        self.memory(life)

    def life(self, life: Life) -> Iterator[Slice]:
        """The whole life, and its beginning."""
        facts = {"pid": life.pid, "start method": life.start_method, "exit": life.exit, "target": life.target}
        known = {key: value for key, value in facts.items() if value not in (None, "")}
        yield Slice(visible(life.target or life.name), life.born_s, life.ended_s, "life", known)
        if life.work_began_s > life.born_s:
            yield Slice(BUCKETS["start"].words, life.born_s, min(life.work_began_s, life.ended_s), "start")

    def doing(self, slot: Slot) -> Iterator[Slice]:
        """What was done once at a place: its times are known exactly."""
        if slot.count == 1 and slot.kind not in _UNTOLD and slot.last_s - slot.first_s >= SHORTEST_S:
            yield Slice(words(slot.kind), slot.first_s, slot.last_s, slot.kind, self.facts(slot))

    def last_waits(self, life: Life) -> Iterator[tuple[Any, ...]]:
        """What each thread was doing when the process ended."""
        for native, kind, since in life.book.threads if life.book else ():
            if kind not in _UNTOLD and since > 0 and life.ended_s - since >= SHORTEST_S:
                yield native, Slice(f"{words(kind)}, until the end", since, life.ended_s, kind)

    def sites(self, slots: Iterable[Slot]) -> Iterator[Slice]:
        """The busiest call sites that were used more than once."""
        often = [slot for slot in slots if slot.count > 1 and slot.kind not in _UNTOLD and not slot.nested]
        for slot in sorted(often, key=lambda slot: -slot.s)[:SITES]:
            at = f" at {self.where(slot)}" if slot.file else ""
            yield Slice(f"{words(slot.kind)}{at}", slot.first_s, slot.last_s, slot.kind, self.facts(slot))

    def facts(self, slot: Slot) -> dict[str, Any]:
        """What can be read when a slice is clicked."""
        facts: dict[str, Any] = {"at": self.where(slot), "in": slot.function and visible(slot.function)}
        facts |= {"times": slot.count, "seconds": round(slot.s, 6), "longest": round(slot.max_s, 6)}
        facts |= {"bytes": slot.bytes or None}
        return {key: value for key, value in facts.items() if value is not None}

    def where(self, slot: Slot) -> str | None:
        """The place of a slot, short."""
        return visible(f"{self.files.get(slot.file, slot.file)}:{slot.line}") if slot.file else None

    def memory(self, life: Life) -> None:
        """The memory of a process over time, in MiB."""
        for look in life.vital.memory if life.vital else ():
            sizes = {"RSS": look.rss, "USS": look.uss, "PSS": look.pss}
            known = {name: round(size / 2**20, 3) for name, size in sizes.items() if size is not None}
            for name, size in known.items():
                self.event("C", life, life.pid, f"{name}, MiB", self.us(self.run.at(look.at)), args={name: size})

    def starts(self, lives: Sequence[Life]) -> None:
        """An arrow from each call of start() to the process that came of it."""
        known = {life.pid: life for life in lives}
        for life in lives:
            parent = known.get(life.start.parent) if life.start else None
            if life.start and parent and parent.pid != life.pid:
                arrow = {"id": life.pid, "cat": "start"}
                self.event("s", parent, parent.pid, "start", self.us(life.start.began_s), **arrow)
                self.event("f", life, life.pid, "start", self.us(life.born_s), bp="e", **arrow)

    def lay(self, life: Life, name: str, slices: list[Slice], first: int | None = None) -> None:
        """Put slices on as many tracks as they need."""
        for number, lane in enumerate(lanes(slices)):
            track = next(self.tracks) if first is None or number else first
            self.note("thread_name", life, track, name=name)
            for each in lane:
                begin = self.us(each.began_s)
                more = {"dur": round(self.us(each.ended_s) - begin, 3), "cat": each.kind, "args": dict(each.facts)}
                self.event("X", life, track, each.name, begin, **more)

    def note(self, what: str, life: Life, track: int, **facts: Any) -> None:
        """What a track is called."""
        self.events.append({"ph": "M", "name": what, "pid": life.pid, "tid": track, "args": facts})

    def event(self, phase: str, life: Life, track: int, name: str, ts: float, **more: Any) -> None:
        """Anything else."""
        self.events.append({"ph": phase, "name": name, "pid": life.pid, "tid": track, "ts": ts, **more})


def perfetto(run: Run, lives: Sequence[Life]) -> dict[str, Any]:
    """The timeline of a run.

    Args:
        run: what was gathered.
        lives: its processes, in the order in which they are to be shown.

    Returns:
        A document that ui.perfetto.dev opens when it is written as JSON.
    """
    timeline = Timeline(run)
    for order, life in enumerate(lives):
        timeline.add(life, order)
    timeline.starts(lives)
    return {"displayTimeUnit": "ms", "traceEvents": timeline.events}


def written(document: object) -> str:
    """``document`` as JSON."""
    return json.dumps(document, separators=(",", ":"), default=str) + "\n"


def tasks(life: Life) -> Iterator[Slice]:
    """The last tasks of a worker."""
    for task in life.book.tasks if life.book else ():
        facts = {"CPU seconds": round(task.cpu_s, 6), "bytes in": task.args_b, "bytes out": task.result_b}
        yield Slice(visible(task.function), task.began_s, task.ended_s, "task", {**facts, "items": task.items})


def words(kind: str) -> str:
    """What a thread does, in people's words."""
    known = BUCKETS.get(BUCKET_OF.get(kind, ""))
    return known.words if known else kind.replace("_", " ")


def lanes(slices: Iterable[Slice]) -> list[list[Slice]]:
    """``slices`` on tracks on which each two either lie within each other or do not touch."""
    found: list[list[Slice]] = []
    open_ends: list[list[float]] = []
    for each in sorted(slices, key=lambda one: (one.began_s, -one.ended_s)):
        for ends in open_ends:
            while ends and ends[-1] <= each.began_s:
                ends.pop()
        place = next((place for place, ends in enumerate(open_ends) if not ends or each.ended_s <= ends[-1]), None)
        if place is None:
            place = len(found)
            found.append([])
            open_ends.append([])
        found[place].append(each)
        open_ends[place].append(each.ended_s)
    return found
