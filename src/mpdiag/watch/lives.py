"""Puts together what is known of each process: its ledger, what was seen from outside, what its parent noted."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mpdiag.watch.books import NS, Book, Event
from mpdiag.watch.observation import Observation, Vital

#: What a process's command line tells of its role.
SERVERS = {
    "multiprocessing.resource_tracker": "resource_tracker",
    "multiprocessing.semaphore_tracker": "resource_tracker",
    "multiprocessing.forkserver": "forkserver",
}
WORKERS = ("multiprocessing.pool.worker", "concurrent.futures.process._process_worker")
MANAGER = "BaseManager._run_server"
#: A place, in an event, that is not known.
NOWHERE = (None, 0, None, "", 0)


@dataclass(frozen=True)
class Run:
    """All that was gathered of a run, from inside and from outside; times on the monotonic clock."""

    root_pid: int
    began_s: float
    ended_s: float
    exit: int | str | None
    #: CPUs that the program may use.
    cpus: float
    books: tuple[Book, ...]
    outside: Observation | None = None

    @property
    def wall_s(self) -> float:
        """How long it took."""
        return self.ended_s - self.began_s

    def at(self, seconds: float) -> float:
        """A time seen from outside, on the monotonic clock."""
        return seconds + (self.outside.began_ns * NS if self.outside else 0.0)

    @property
    def vitals(self) -> tuple[Vital, ...]:
        """The processes as seen from outside."""
        return self.outside.vitals if self.outside else ()


@dataclass(frozen=True)
class Start:
    """What the parent noted when it started a process."""

    parent: int
    began_s: float
    done_s: float
    pid: int
    method: str
    name: str
    target: str
    #: Native threads of the parent at a fork.
    threads: int
    where: tuple[Any, ...]
    daemon: bool

    @classmethod
    def of(cls, book: Book, event: Event) -> Start:
        """The start that ``event`` of a parent's book tells of."""
        began, pid, method, name, target, threads, where, daemon = event.facts
        return cls(book.pid, began * NS, event.at_s, pid, method, name, target[0], threads, where, daemon)


@dataclass(frozen=True)
class Life:
    """One process, from its birth to its end; times on the monotonic clock."""

    pid: int
    parent: int
    name: str
    role: str
    start_method: str
    born_s: float
    ended_s: float
    exit: int | str | None
    #: The queue that feeds it, if it is a pool's worker.
    pool: str | None
    target: str | None
    start: Start | None
    book: Book | None
    vital: Vital | None

    @property
    def life_s(self) -> float:
        """Its lifetime."""
        return max(0.0, self.ended_s - self.born_s)

    @property
    def cpu_s(self) -> float:
        """CPU time of the whole process, 0 if it is unknown; of one that was killed, as far as it was seen."""
        if self.book and self.book.cpu_s is not None:
            return self.book.cpu_s
        return self.vital.cpu_s or 0.0 if self.vital else 0.0

    @property
    def main_cpu_s(self) -> float | None:
        """CPU time of its main thread."""
        if self.book and self.book.main_cpu_s is not None:
            return self.book.main_cpu_s
        if self.vital is None:
            return None
        alone = self.vital.threads_peak == 1
        return self.vital.cpu_s if self.vital.main_cpu_s is None and alone else self.vital.main_cpu_s

    @property
    def threads_at_fork(self) -> int | None:
        """Native threads that the parent had when it forked this process; None if it came otherwise."""
        if self.start:
            return self.start.threads if self.start.method == "fork" else None
        return self._bare_fork[0]

    @property
    def where(self) -> tuple[Any, ...]:
        """The line that started it: file, line, function and more; None and 0 where that is unknown."""
        return self.start.where if self.start else self._bare_fork[1]

    @property
    def _bare_fork(self) -> tuple[int | None, tuple[Any, ...]]:
        """What a child of the program's own `os.fork` saw: the threads of its parent, and where."""
        forked = self.book.noted("forked") if self.book else ()
        return next((event.facts for event in forked if event.facts), (None, NOWHERE))

    @property
    def work_began_s(self) -> float:
        """When its target or first task could begin; its birth if that is unknown."""
        if self.book is None:
            return self.born_s
        return next((event.at_s for event in self.book.noted("born")), self.book.began_s)


def lives(run: Run) -> tuple[Life, ...]:
    """All processes of a run, in the order of their birth."""
    starts = {start.pid: start for book in run.books for start in starts_in(book)}
    exits = {event.facts[0]: (event.facts[1], event.at_s) for book in run.books for event in book.noted("exit")}
    books = {book.pid: book for book in run.books}
    vitals = {vital.pid: vital for vital in run.vitals}
    vitals |= {vital.pid: vital for event in told_at_the_end(run) if (vital := as_told(run, vitals, event))}
    found = [one(pid, run, books.get(pid), vitals.get(pid), starts.get(pid), exits) for pid in {*books, *vitals}]
    return tuple(sorted(found, key=lambda life: (life.born_s, life.pid)))


def told_at_the_end(run: Run) -> list[Event]:
    """What parents saw of their children when they ended them, the earliest first."""
    events = [event for book in run.books for event in book.noted("signal") if event.facts[2]]
    return sorted(events, key=lambda event: event.at_s)


def as_told(run: Run, vitals: Mapping[int, Vital], event: Event) -> Vital | None:
    """A child as its parent saw it when it ended it; None if it was seen from outside after that."""
    pid, _, used = event.facts
    at = event.at_s - run.at(0.0)
    seen = vitals.get(pid) or Vital(pid, 0.0, None, "", (), first_seen=at, born=None, ended=None)
    if seen.looked is not None and seen.looked >= at:
        return None
    cpu, main_cpu, main_ready = (nanoseconds * NS for nanoseconds in used)
    others_ready = (seen.ready_s or 0.0) - (seen.main_ready_s or 0.0)
    return replace(
        seen,
        looked=at,
        cpu_user_s=max(0.0, cpu - (seen.cpu_system_s or 0.0)),
        cpu_system_s=seen.cpu_system_s or 0.0,
        main_cpu_s=main_cpu,
        main_ready_s=main_ready,
        ready_s=main_ready + others_ready,
    )


def starts_in(book: Book) -> Iterable[Start]:
    """The processes that ``book``'s process started."""
    return (Start.of(book, event) for event in book.noted("start"))


def one(
    pid: int,
    run: Run,
    book: Book | None,
    vital: Vital | None,
    start: Start | None,
    exits: Mapping[int, tuple[int, float]],
) -> Life:
    """What is known of the process ``pid``; it had ended when its parent saw that, whenever others noticed."""
    root = pid == run.root_pid
    code, gone = exits.get(pid, (vital.exit if vital else None, run.ended_s))
    first = [each for each in (book and book.began_s, vital and run.at(vital.first_seen)) if each]
    born = run.began_s if root else start.began_s if start else min(first, default=run.began_s)
    pool = next((event.facts[0] for event in book.noted("worker") if event.facts[1] == "main"), None) if book else None
    role = "main" if root else role_of(book, vital, start, pool)
    return Life(
        pid=pid,
        parent=start.parent if start else (vital.parent or 0) if vital else book.parent if book else 0,
        name=name_of(root, vital, start, role),
        role=role,
        start_method=method_of(root, book, start),
        born_s=born,
        ended_s=run.ended_s if root else max(min(ended(run, book, vital, born), gone), born),
        exit=signal_name(run.exit if root else code),
        pool=pool,
        target=start.target if start else None,
        start=start,
        book=book,
        vital=vital,
    )


def role_of(book: Book | None, vital: Vital | None, start: Start | None, pool: str | None) -> str:
    """What a child is for."""
    if pool or (start and start.target in WORKERS):
        return "worker"
    if start:
        return "manager" if start.target.endswith(MANAGER) else "process"
    told = [event.facts[3] for event in book.noted("python") if len(event.facts) > 3] if book else []
    command = " ".join((*told, *(vital.cmdline if vital else ())))  # from outside it may be seen before its exec
    for mark, role in SERVERS.items():
        if mark in command:
            return role
    return "process" if book and book.forked else "subprocess"


def name_of(root: bool, vital: Vital | None, start: Start | None, role: str) -> str:
    """What people call the process."""
    if root:
        return "main"
    if start:
        return start.name
    return vital.name if vital and vital.name and role == "subprocess" else role


def method_of(root: bool, book: Book | None, start: Start | None) -> str:
    """How the process was started."""
    if start:
        return start.method
    return "" if root else "fork" if book and book.forked else "exec"


def ended(run: Run, book: Book | None, vital: Vital | None, born: float) -> float:
    """When the process ended, at the latest with the run."""
    if vital and vital.ended:
        return max(run.at(vital.ended), born)
    noted = (book.ended_s or max((slot.last_s for slot in book.slots), default=0.0)) if book else 0.0
    return max(noted, born) if noted else run.ended_s


def signal_name(code: int | str | None) -> int | str | None:
    """An exit code; a signal's name where one ended the process."""
    if isinstance(code, int) and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"SIG{-code}"
    return code
