"""Ledgers and processes made by hand; times are seconds after the beginning of the run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from mpdiag.watch.books import NS, Book, Event, Slot, Task
from mpdiag.watch.lives import Life, Run, Start
from mpdiag.watch.observation import Observation, Surroundings, Vital

BEGAN = 1000.0
POOL_WORKER = "multiprocessing.pool.worker"


def slot(kind, s=1.0, first=0.0, last=1.0, count=1, **more):
    known = {
        "thread": "main", "native": 7, "file": "/p/app.py", "line": 3, "function": "main", "api": "", "via": 0,
        "name": None, "timed": count, "wall_s": s, "cpu_s": 0.0, "bytes": 0, "max_s": s, "empty": 0,
    }  # fmt: skip
    return Slot(kind=kind, s=s, first_s=BEGAN + first, last_s=BEGAN + last, count=count, **{**known, **more})


def library(kind, s=1.0, **more):
    """A slot of the library's own: no line of the user leads there."""
    return slot(kind, s, **{"file": None, "line": 0, "function": None, **more})


def task(began, ended, function="app.work", **more):
    known = {"cpu_s": ended - began, "args_b": 100, "result_b": 50, "items": 1}
    return Task(function, BEGAN + began, BEGAN + ended, **{**known, **more})


def event(kind, at=0.0, *facts):
    return Event(kind, BEGAN + at, facts)


def book(pid=10, born=0.0, ended=None, slots=(), events=(), tasks=(), **more):
    known = {"parent": 1, "cpu_s": None, "main_cpu_s": None, "main_thread": 7}
    ended = None if ended is None else BEGAN + ended
    return Book(
        Path("x"), pid, began_s=BEGAN + born, ended_s=ended, slots=tuple(slots), events=tuple(events),
        tasks=tuple(tasks), **{**known, **more},
    )  # fmt: skip


def vital(pid=10, first=0.0, ended=None, **more):
    return Vital(pid, 1.0, 1, "python", ("python",), first_seen=first, born=None, ended=ended, **more)


def start(pid, began, target="app.target", line=20, method="fork", parent=10, via=0, took=0.01):
    where = ("/p/app.py", line, "main", "start", via)
    return Start(parent, BEGAN + began, BEGAN + began + took, pid, method, f"P-{pid}", target, 1, where, False)


def life(pid=10, role="main", born=0.0, ended=10.0, book=None, vital=None, start=None, **more):
    known = {"parent": 1 if role == "main" else 10, "name": role, "start_method": start.method if start else ""}
    known |= {"exit": 0, "pool": None, "target": start.target if start else None}
    times = {"born_s": BEGAN + born, "ended_s": BEGAN + ended}
    return Life(pid=pid, role=role, start=start, book=book, vital=vital, **times, **{**known, **more})


def run(*lives, wall=10.0, cpus=2.0, peak=None, stacks=()):
    around = Surroundings(wall, None, None, None, None, None, peak, 1, 0.0, 0)
    vitals = tuple(one.vital for one in lives if one.vital)
    outside = Observation(round(BEGAN / NS), vitals, tuple(stacks), around)
    return Run(10, BEGAN, BEGAN + wall, 0, cpus, tuple(one.book for one in lives if one.book), outside)


def worker(pid, born=0.1, ended=9.0, slots=(), tasks=(), ready=0.2, target=POOL_WORKER, method="fork", **more):
    """A worker of the pool ``pipe:1``, ready to work since ``ready``."""
    waits = (library("wait_task", 0.1, first=ready, last=ready + 0.1, name="pipe:1"),)
    said = (
        event("born", ready - 0.05, f"P-{pid}", (target, "", 0), "Process"),
        event("worker", ready, "pipe:1", "main"),
    )
    events = (*said, *more.pop("events", ()))
    ledger = book(pid, born, slots=(*waits, *slots), tasks=tasks, events=events, **more.pop("ledger", {}))
    return life(
        pid, "worker", born, ended, ledger, start=start(pid, born, target, 5, method, via=1), pool="pipe:1", **more
    )


def owner(slots=(), events=(), made=0.1, closed=9.0, workers=2, kind="Pool", method="fork", **more):
    """A process that makes the pool ``pipe:1`` in line 5."""
    where = ("/p/app.py", 5, "main", "Pool", 0)
    said = [event("pool", made, "pipe:1", kind, workers, None, None, method, where)]
    said += [event("closed", closed, "pipe:1")] if closed else []
    ledger = {"cpu_s": 2.0, "main_cpu_s": 1.0, **more.pop("ledger", {})}
    return life(book=book(slots=slots, events=(*said, *events), ended=9.9, **ledger), **more)


def tally(submits=1, first=0.2, last=8.0, arrived=0, taken=0, looked=0.0, before=0.0):
    """The pool's own slot, whose words mean something else."""
    return library(
        "pool", before, first=first, last=last, count=submits, name="pipe:1", bytes=arrived, empty=taken, timed=0,
        wall_s=BEGAN + looked, max_s=0.0,
    )  # fmt: skip


@pytest.fixture
def by_hand():
    """What makes ledgers, processes and runs."""
    makers = (slot, library, task, event, book, vital, start, life, run, worker, owner, tally)
    return SimpleNamespace(BEGAN=BEGAN, **{maker.__name__: maker for maker in makers})
