"""Who could end each wait, and which threads can go on: the rest are stuck, whatever happens outside.

A thread can go on if it runs, if its wait is limited or for something outside the program, or if one of those that
could end its wait can go on. What is not known can go on: only what is left without any hope is stuck.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mpdiag.hang.snapshot import Snapshot
from mpdiag.hang.waits import Wait

#: Locks that only who holds them lets go.
OWNED = frozenset({"Lock", "RLock"})


@dataclass
class Graph:
    """The threads of a program, and who could end the wait of each."""

    snapshot: Snapshot
    waits: tuple[Wait, ...]
    #: By waiting thread: those that could end its wait; None if something outside could.
    savers: dict[tuple[int, int], tuple[Wait, ...] | None] = field(default_factory=dict)
    #: The threads that can go on.
    able: set[tuple[int, int]] = field(default_factory=set)

    @cached_property
    def _by_process(self) -> Mapping[int, Sequence[Wait]]:
        found: dict[int, list[Wait]] = defaultdict(list)
        for wait in self.waits:
            found[wait.pid].append(wait)
        return found

    def can_move(self, wait: Wait) -> bool:
        """Whether a thread can go on by and by."""
        return (wait.pid, wait.native) in self.able

    def of(self, pid: int) -> Sequence[Wait]:
        """The threads of a process."""
        return self._by_process.get(pid, ())

    def main(self, pid: int) -> Wait | None:
        """The main thread of a process."""
        return next((wait for wait in self.of(pid) if wait.main), None)


def draw(snapshot: Snapshot, waits: tuple[Wait, ...]) -> Graph:
    """The graph of the threads' waits."""
    graph = Graph(snapshot, waits)
    index = Index(graph)
    graph.savers = {(wait.pid, wait.native): index.savers(wait) for wait in waits}
    waiting: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    fresh = []
    for key, savers in graph.savers.items():
        if savers is None:
            fresh.append(key)
        for saver in savers or ():
            waiting[saver.pid, saver.native].append(key)
    while fresh:
        key = fresh.pop()
        if key not in graph.able:
            graph.able.add(key)
            fresh += waiting[key]
    return graph


class Index:
    """What the threads of a program hold, by what others wait for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        snapshot = graph.snapshot
        self.readers: dict[str, set[int]] = defaultdict(set)
        self.writers: dict[str, set[int]] = defaultdict(set)
        for end in snapshot.ends:
            if end.reads:
                self.readers[end.object].add(end.pid)
            if end.writes:
                self.writers[end.object].add(end.pid)
        #: The threads of processes that hold something together: hundreds may wait for one thing.
        self._threads: dict[frozenset[int], list[Wait]] = {}
        self.sockets = {end.object for end in snapshot.ends if end.socket}
        self.knowing: dict[str, set[int]] = defaultdict(set)
        self.holding: dict[str, set[int]] = defaultdict(set)
        self.types: dict[str, str] = {}
        #: Of those that do not answer: the files that they share as memory.
        self.mapped: dict[int, set[str]] = {}
        for pid, seen in snapshot.processes.items():
            if seen.answer is None:
                self.mapped[pid] = {each.file for each in snapshot.mappings(pid)}
            for lock in seen.answer.locks if seen.answer else ():
                self.knowing[lock.name].add(pid)
                self.types[lock.name] = lock.type
                if lock.held > 0:
                    self.holding[lock.name].add(pid)

    def savers(self, wait: Wait) -> tuple[Wait, ...] | None:
        """Those that could end a wait; None if it ends by itself, or nobody knows."""
        if wait.limited or wait.kind in ("runs", "serves", "outside", "unknown"):
            return None
        if wait.kind == "within":
            return tuple(other for other in self.acting(wait.pid) if other is not wait)
        found: list[Wait] = []
        for each in wait.objects:
            some = self.enders(wait, each)
            if some is None:
                return None
            found += some
        return tuple(found) if wait.objects else None

    def enders(self, wait: Wait, thing: str) -> tuple[Wait, ...] | None:
        """Those that could let ``wait`` have one of the things that it waits for."""
        if wait.kind == "process":
            return self.process(int(thing.partition(":")[2]))
        if wait.kind == "thread":
            return tuple(other for other in self.graph.of(wait.pid) if f"thread:{other.native}" == thing)
        if wait.kind in ("lock", "place"):
            return self.lock(wait, thing)
        other = self.graph.snapshot.peers.get(thing, thing)
        writes = wait.kind == "write" or (wait.kind == "several" and wait.doing == "write")
        holders = (self.readers if writes else self.writers)[other]
        if not holders or other in self.graph.snapshot.shared or (other == thing and thing in self.sockets):
            return None
        if self.graph.snapshot.hidden:  # whose processes may hold it too
            return None
        return self.threads(wait, holders)

    def process(self, pid: int) -> tuple[Wait, ...] | None:
        """Who has to go on for a process to end."""
        seen = self.graph.snapshot.processes.get(pid)
        main = self.graph.main(pid)
        return None if seen is None or seen.ended or main is None else (main,)

    def lock(self, wait: Wait, name: str) -> tuple[Wait, ...]:
        """Who could release a lock: who holds it, if that is known and nobody else may."""
        holders = self.holding[name]
        if holders and self.types.get(name) in OWNED:
            return self.threads(wait, holders)
        file = name.removeprefix("lock:").partition("+")[0]
        return self.threads(wait, self.knowing[name] | {pid for pid, files in self.mapped.items() if file in files})

    def threads(self, wait: Wait, pids: set[int]) -> tuple[Wait, ...]:
        """The threads of some processes, but for the one that waits."""
        key = frozenset(pids)
        if key not in self._threads:
            self._threads[key] = [each for pid in self.graph.snapshot.acting(pids) for each in self.acting(pid)]
        return tuple(other for other in self._threads[key] if other is not wait)

    def acting(self, pid: int) -> Sequence[Wait]:
        """The threads of a process that could end a wait; where they do so on request, those who could make one.

        A manager's own server takes requests of this program's processes alone, of such too as have not yet connected.
        """
        threads = self.graph.of(pid)
        if not any(
            each.kind == "serves" and not self.graph.snapshot.private.isdisjoint(each.objects) for each in threads
        ):
            return threads
        return [each for each in (*threads, *self.clients(pid)) if each.kind != "serves"]

    def clients(self, server: int) -> Iterator[Wait]:
        """The threads of all other processes of the program."""
        helpers = self.graph.snapshot.helpers
        return (each for each in self.graph.waits if each.pid != server and each.pid not in helpers)
