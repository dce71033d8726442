"""Programs that were looked at, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from mpdiag.hang.answers import Answer, LockAnswer, Thing, ThreadAnswer
from mpdiag.hang.kernel import End, ProcessLook, ThreadLook
from mpdiag.hang.snapshot import Seen, Snapshot
from mpdiag.hang.tree import Tree
from mpdiag.watch.observation import Frame
from mpdiag.watch.procfs import Stat

LIB = "/usr/lib/python3.12/"


def frames(*calls: str) -> tuple[Frame, ...]:
    """The stack of ``join@multiprocessing/process.py`` and the like, or of ``main@app.py``, the innermost first."""
    split = [call.partition("@") for call in calls]
    return tuple(
        Frame(file if file.startswith("app") else LIB + file, number, name)
        for number, (name, _, file) in enumerate(split, 10)
    )


def thread(
    native: int, *calls: str, things: tuple = (), main: bool = False, name: str = "T", daemon: bool = False
) -> ThreadAnswer:
    """A thread by its stack, the innermost call first, and what these are about: place, kind, facts, time-out."""
    known = tuple(Thing(place, kind, facts, limit) for place, kind, facts, limit in things)
    return ThreadAnswer(native, name, daemon, main, frames(*calls), known)


def seen(
    pid: int,
    *threads: ThreadAnswer,
    locks: tuple[LockAnswer, ...] = (),
    state: str = "S",
    doing: str = "lock",
    command: tuple[str, ...] = ("python", "app.py"),
    awake: tuple[int, ...] = (),
) -> Seen:
    """A process that answers, and whose threads all do the same in the kernel."""
    stat = Stat("python", state, 1, 0, 0.0, 0.0, len(threads), 0, 0, 0)
    looks = tuple(ThreadLook(each.native or 0, state, doing, None, (), False, 5) for each in threads)  # type: ignore[arg-type]
    then = tuple(replace(look, ran=0 if look.native in awake else 5) for look in looks)
    answer = Answer("P", False, threads, locks)
    return Seen(pid, ProcessLook(pid, stat, looks, 0), ProcessLook(pid, stat, then, 0), command, answer, answer, (), 0)


@pytest.fixture
def snapshot() -> Callable[..., Snapshot]:
    """A look at processes, the first of which is the root; ends are (object, pid, "r" or "w")."""

    def make(*processes: Seen, ends: tuple = (), shared: frozenset[str] = frozenset()) -> Snapshot:
        held = tuple(End(name, pid, 3, mode == "r", mode == "w", False) for name, pid, mode in ends)
        by_pid = {each.pid: each for each in processes}
        return Snapshot(Tree(processes[0].pid, None), by_pid, held, shared, {}, 0.7, 0, 0, 0.0)

    return make
