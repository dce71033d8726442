"""What processes under `mpdiag run` say of themselves when they are asked why they wait.

A process is asked by the signal to which its tap holds a handler, after a word of its ledger has said what is wanted.
All waits that Python makes go on undisturbed (PEP 475); a process that waits for signals themselves is not asked, as
its wait would end.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mpdiag.hang import kernel
from mpdiag.tap import layout
from mpdiag.watch import books
from mpdiag.watch.asking import Asked
from mpdiag.watch.observation import Frame, Stack
from mpdiag.watch.stacks import UNTOLD, Parser
from mpdiag.watch.tracked import LinuxProcess, find

#: Seconds that are waited for the next answer, and how many times as long for all of them.
PATIENCE: Final = 0.6
TIMES: Final = 3.0
#: Seconds between two looks for answers at least: who looks all the time takes the CPU from those who answer.
PAUSE: Final = 0.005
LONGEST: Final = 1 << 22


@dataclass(frozen=True)
class Thing:
    """What a call of the library on a stack is about."""

    #: Its frame's place on the stack; 0 is the innermost.
    place: int
    kind: str
    #: More of it, by kind: the pid of a process, the name of a lock …
    facts: tuple[Any, ...]
    timeout: float | None


@dataclass(frozen=True)
class ThreadAnswer:
    """A thread of Python code."""

    native: int | None
    name: str
    daemon: bool
    main: bool
    #: The innermost call first.
    stack: Stack = ()
    things: tuple[Thing, ...] = ()
    #: When its present call of the library began, in nanoseconds; 0 if that is not known.
    since: int = 0


@dataclass(frozen=True)
class LockAnswer:
    """A lock of multiprocessing as one process knows it."""

    name: str
    type: str
    #: How often this process holds it; negative if others have acquired what it released.
    held: int
    #: Whether its main thread does.
    by_main: bool
    value: int | None


@dataclass(frozen=True)
class QueueAnswer:
    """A queue between processes as one of them knows it."""

    name: str
    most: int | None
    #: Messages put and not yet taken; None of a queue that does not count.
    inside: int | None
    #: Bytes in its pipe.
    unread: int | None
    #: Messages that this process has put but not yet sent.
    unsent: int


@dataclass(frozen=True)
class Answer:
    """All that a process says of itself."""

    name: str | None = None
    daemon: bool = False
    threads: tuple[ThreadAnswer, ...] = ()
    locks: tuple[LockAnswer, ...] = ()
    queues: tuple[QueueAnswer, ...] = ()
    #: Exit codes of children by pid; None while it was not taken.
    children: Mapping[int, int | None] = field(default_factory=dict)
    #: The pipes that close when its parent or one of its children ends.
    sentinels: frozenset[str] = frozenset()


def ask(ledgers: Path, numbers: Mapping[int, int], patience: float = PATIENCE) -> dict[int, Answer]:
    """The answers of those processes that give one in time.

    Args:
        ledgers: the folder in which their taps write.
        numbers: the number of each process's ledger, by pid.
        patience: seconds to wait for the next of them.
    """
    awaited = dict(asked(ledgers, numbers))
    found: dict[int, Answer] = {}
    now = time.monotonic()
    deadline, last, took = now + patience, now + patience * TIMES, 0.0
    while awaited and now < min(deadline, last):
        time.sleep(max(PAUSE, took))
        began = time.monotonic()
        for pid, path in list(awaited.items()):
            text = complete(path)
            if text is not None:
                found[pid] = read(text)
                del awaited[pid]
                deadline = time.monotonic() + patience
        now = time.monotonic()
        took = now - began
    for path in awaited.values():
        wish(path.with_suffix(""), 0)
    return found


def asked(ledgers: Path, numbers: Mapping[int, int]) -> Iterator[tuple[int, Path]]:
    """Ask each process that can be asked; yields where it will answer."""
    parser = Parser()
    for pid, number in numbers.items():
        path = ledgers / f"{pid}.{number}.waits"
        process = find(pid, 0.0)
        if not isinstance(process, LinuxProcess) or not undisturbed(pid) or not wish(path.with_suffix(""), 1):
            continue
        path.unlink(missing_ok=True)
        if Asked(process, path.with_suffix(".stacks"), parser).ask(None):
            yield pid, path
        else:
            wish(path.with_suffix(""), 0)


def undisturbed(pid: int) -> bool:
    """Whether what its main thread sleeps in goes on after a signal: what is not known is left alone."""
    main = kernel.thread(pid, pid)
    return main is not None and main.state in "RS" and main.doing not in ("signal", "unknown")


def wish(ledger: Path, value: int) -> bool:
    """Say in a ledger whether the next question is one for waits."""
    with suppress(OSError), ledger.open("r+b", buffering=0) as file:
        os.pwrite(file.fileno(), value.to_bytes(8, sys.byteorder), 8 * layout.H_WISH)
        return True
    return False


def complete(path: Path) -> str | None:
    """A whole answer; None before it is there."""
    with suppress(OSError), path.open("rb") as file:
        raw = file.read(LONGEST)
        if raw.endswith(b"\n('done',)\n") or raw == b"('done',)\n":
            path.unlink()
            return raw.decode("utf-8", "replace")
    return None


def read(text: str) -> Answer:
    """What an answer says; lines that are none of ours are left out."""
    threads, locks, queues, children = [], [], [], {}
    name, daemon = None, False
    sentinels: set[str] = set()
    for kind, *facts in books.parsed(text.splitlines()):
        with suppress(TypeError, ValueError):
            if kind == "thread":
                threads.append(thread(*facts))
            elif kind == "lock":
                locks.append(lock(*facts))
            elif kind == "queue":
                queues.append(QueueAnswer(*facts))
            elif kind == "child":
                children[int(facts[0])] = facts[2]
                sentinels.add(str(facts[3]))
            elif kind == "self":
                name, daemon, sentinel = facts
                sentinels.add(str(sentinel))
    return Answer(name, daemon, tuple(threads), tuple(locks), tuple(queues), children, frozenset(sentinels))


def thread(native: int | None, name: str, daemon: bool, main: bool, *told: Any) -> ThreadAnswer:
    """A thread, without the frames of the tap; ``told`` are its stack, what that is about, and since when."""
    stack, things, since = told
    frames = [Frame(str(file), int(line or 0), str(function)) for file, line, function in stack]
    ours = [place for place, frame in enumerate(frames) if UNTOLD.search(frame.file)]
    known = [
        Thing(place - sum(each < place for each in ours), str(fact[0]), tuple(fact[1:]), timeout)
        for place, fact, timeout in things
    ]
    kept = tuple(frame for place, frame in enumerate(frames) if place not in ours)
    return ThreadAnswer(native, str(name), daemon, main, kept, tuple(known), int(since))


def lock(name: str, kind: str, held: int, by_main: bool, value: list[int]) -> LockAnswer:
    """A lock."""
    return LockAnswer(str(name), str(kind), int(held), by_main, value[0] if value else None)
