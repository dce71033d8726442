"""What each thread of a program waits for, of what is on its stack and what the kernel tells."""

from __future__ import annotations

import linecache
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, Literal

from mpdiag.hang.answers import Thing, ThreadAnswer
from mpdiag.hang.kernel import STREAMS, Doing, End, ThreadLook
from mpdiag.hang.snapshot import Seen, Snapshot
from mpdiag.watch.observation import Frame, Stack

#: What a thread waits for: `place` in a bounded queue; `within`: what threads of one process share; `serves`: requests;
#: `outside`: what no process of the program can give, as time, input, a peer, a file.
Kind = Literal[
    "runs", "process", "thread", "lock", "place", "within", "read", "write", "several", "serves", "outside", "unknown"
]

LIBRARY: Final = re.compile(
    r"[/\\]lib(?:64)?[/\\]python3[^/\\]*[/\\](?!site-packages|dist-packages)|^<(?:frozen|string)"
)
PACKAGES: Final = re.compile(r"[/\\](?:site|dist)-packages[/\\]")
#: Where processes and threads begin: what lies further out is their parent's, or says nothing.
ENTRIES: Final = frozenset({"_bootstrap", "_bootstrap_inner"})
#: Frames of the library that are about themselves.
BEGINNINGS: Final = ENTRIES | {"run", "start", "_launch", "__init__"}
WRITES: Final = frozenset({"_send", "_send_bytes", "send_bytes", "send"})
#: Calls that wait for the end of a process.
ENDS: Final = frozenset({"poll", "wait", "_wait", "_try_wait", "join", "communicate", "_communicate"})
#: Calls that wait for a child by a pipe that closes when it ends.
JOINS: Final = frozenset({("multiprocessing/popen_forkserver.py", "poll"), ("multiprocessing/popen_fork.py", "wait")})
#: Calls that wait for one of several pipes, or for one alone.
POLLS: Final = frozenset({("multiprocessing/connection.py", "wait"), ("multiprocessing/connection.py", "_poll")})
#: Where pools call what is the program's: the function of a task in workers, the iterable of all tasks in a thread.
TASKS: Final = frozenset(
    {
        ("futures/thread.py", "run"),
        ("futures/process.py", "_process_worker"),
        ("multiprocessing/pool.py", "worker"),
        ("multiprocessing/pool.py", "_guarded_task_generation"),
    }
)
#: Threads of a manager's server that only wait for more to do.
SERVES: Final = frozenset({"serve_forever", "accepter"})
#: Kinds of waits of which nothing else has to be known.
KNOWN: Final = ("runs", "serves")
#: A line that gives a call which waits an argument, as a limit is one.
LIMITABLE: Final = re.compile(r"\b(?:acquire|get|put|wait)\((?!\))")
BY_KERNEL: Final[dict[Doing, Kind]] = {
    "runs": "runs",
    "lock": "within",
    "read": "read",
    "write": "write",
    "child": "process",
    "unknown": "unknown",
}


@dataclass(frozen=True)
class Wait:
    """One thread, and what it waits for."""

    pid: int
    native: int
    name: str
    main: bool
    daemon: bool
    kind: Kind
    #: What for: pids as ``process:1``, threads as ``thread:1``, locks and pipes as the taps name them.
    objects: tuple[str, ...]
    #: Whether it ends by itself.
    limited: bool
    #: The call of the library that waits, as the user's code made it: ``join``, ``get``; empty if there is none.
    api: str
    #: The file of the library that has it: ``multiprocessing/queues.py``.
    library: str
    #: The user's line; None in threads of the library.
    place: Frame | None
    stack: Stack
    #: Everything that its calls are about.
    things: tuple[Thing, ...] = ()
    #: In what the kernel says that it sleeps.
    doing: Doing = "unknown"
    #: Whether all is told of it: what it waits for, and whether it ends by itself.
    known: bool = True

    def about(self, kind: str) -> Iterator[Thing]:
        """What of that kind its calls are about."""
        return (thing for thing in self.things if thing.kind == kind)


def of(snapshot: Snapshot) -> tuple[Wait, ...]:
    """The waits of all threads; of processes whose stacks nobody tells, those that the kernel shows."""
    names = Names(snapshot)
    found: list[Wait] = []
    for seen in snapshot.processes.values():
        kernel = {look.native: look for look in seen.look.threads}
        if seen.threads:
            found += [told(seen, thread, kernel.get(thread.native or 0), names) for thread in seen.threads]
        else:
            found += [shown(seen, look, names) for look in seen.look.threads]
    return tuple(found)


class Names:
    """What the numbers mean that the kernel tells of waits.

    Args:
        snapshot: the look.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._ends = {(end.pid, end.descriptor): end.object for end in snapshot.ends}
        self._snapshot = snapshot
        self._writers: dict[str, list[int]] = defaultdict(list)
        self._of: dict[int, list[End]] = defaultdict(list)
        self._helpers = {f"process:{pid}" for pid in snapshot.helpers}
        self._children: dict[int, list[str]] = defaultdict(list)
        for pid, seen in snapshot.living.items():
            self._children[seen.look.stat.parent].append(f"process:{pid}")
        for end in snapshot.ends:
            self._of[end.pid].append(end)
            if end.writes:
                self._writers[end.object].append(end.pid)

    def end(self, pid: int, descriptor: int | None) -> str | None:
        """A pipe or socket by a process's descriptor."""
        return self._ends.get((pid, -1 if descriptor is None else descriptor))

    def among(self, pid: int, kind: Kind, function: str) -> tuple[str, ...]:
        """Those of a process's pipes or sockets of which a thread waits for one, where nobody tells for which.

        What multiprocessing reads is known of its calls, so it is none of its own pipes; a named one could be any. Nor
        does a thread wait for one that has what it wants.

        Args:
            pid: the process.
            kind: whether the thread reads or writes.
            function: the kernel's function in which it sleeps.
        """
        if any(not each.target.startswith(STREAMS) for each in self._snapshot.opened.get(pid) or ()):
            return ()
        found = [end for end in self._of[pid] if (end.reads if kind == "read" else end.writes)]
        names = dict.fromkeys(end.object for end in found if end.socket is ("pipe" not in function))
        ready = self._snapshot.readable if kind == "read" else self._snapshot.writable
        return tuple(name for name in names if name not in self._snapshot.own_pipes and name not in ready)

    def children(self, pid: int) -> tuple[str, ...]:
        """The children of a process that have not ended: it waits for one of them, where nobody tells for which.

        Helpers of multiprocessing end after all others, so they are waited for last.
        """
        found = self._children[pid]
        others = [each for each in found if each not in self._helpers]
        return tuple(others or found)

    def lock(self, pid: int, address: int) -> tuple[Kind, tuple[str, ...]]:
        """A lock that processes share, by the file that it lies in."""
        for each in self._snapshot.mappings(pid):
            if each.start <= address < each.end:
                return "lock", (f"lock:{each.file}+{each.offset + address - each.start:x}",)
        return "unknown", ()

    def writers(self, name: str, besides: int) -> list[int]:
        """The other processes that could write to a pipe: of one that tells of a child's end, that child.

        Where the fork server has several, no server of a manager is meant: that is joined with a time limit.
        """
        found = [pid for pid in self._snapshot.acting(self._writers[name]) if pid != besides]
        return [pid for pid in found if not manages(self._snapshot.processes.get(pid))] or found


def manages(seen: Seen | None) -> bool:
    """Whether a process is the server of a manager."""
    calls = ((library(frame), frame.function) for each in (seen.threads if seen else ()) for frame in each.stack)
    return ("multiprocessing/managers.py", "serve_forever") in calls


def told(seen: Seen, thread: ThreadAnswer, look: ThreadLook | None, names: Names) -> Wait:
    """The wait of a thread whose stack is known."""
    entry = next((place for place, frame in enumerate(thread.stack) if frame.function in ENTRIES), len(thread.stack))
    inner = innermost(thread.stack[:entry])
    things = tuple(
        thing for thing in thread.things if thing.place < len(inner) and inner[thing.place].function not in BEGINNINGS
    )
    kind, objects = meant(seen, inner, things, names)
    if kind == "unknown":
        kind, objects = by_calls(seen, inner, look, names) if look else ("unknown", ())
    if kind == "serves" and look:
        listener = names.end(seen.pid, look.argument)
        objects = (listener,) if listener else ()
    if (look and look.doing == "runs") or not (kind == "serves" or seen.stood(thread)):
        kind = "runs"  # a server wakes up now and then, only to look whether it is to end
    return Wait(
        pid=seen.pid,
        native=thread.native or 0,
        name=thread.name,
        main=thread.main,
        daemon=thread.daemon,
        kind=kind,
        objects=objects,
        limited=any(thing.timeout is not None for thing in things) if things else ends(look, kind, thread.stack),
        api=inner[-1].function if inner and inner[-1].function != "<module>" else "",
        library=library(inner[-1]) if inner else "",
        place=users_line(thread.stack[:entry]),
        stack=thread.stack[:entry],
        things=things,
        doing=look.doing if look else "unknown",
        known=kind in KNOWN or bool(things) or bool(look and tells_all(look, kind, objects)),
    )


def ends(look: ThreadLook | None, kind: Kind, stack: Stack) -> bool:
    """Whether a wait ends by itself of which the calls do not tell that; where nobody does, whether it may.

    Args:
        look: the thread as the kernel shows it, if it does.
        kind: what it waits for.
        stack: its calls.
    """
    if look is None or look.limited is not None:
        return bool(look and look.limited)
    if kind in ("within", "lock", "place") and stack and not stack[0].file.startswith("<frozen"):
        line = linecache.getline(stack[0].file, stack[0].line)
        return not line or bool(LIMITABLE.search(line))
    return kind == "several"


def innermost(stack: Stack) -> Stack:
    """The calls of the library inside those of the user, or inside a task that is a call of the library itself."""
    for place, frame in enumerate(stack):
        if is_users(frame) or (place and (library(frame), frame.function) in TASKS):
            return stack[:place]
    return stack


def meant(seen: Seen, inner: Stack, things: Sequence[Thing], names: Names) -> tuple[Kind, tuple[str, ...]]:
    """What the library's innermost calls wait for."""
    if any(frame.function in SERVES for frame in inner):
        return "serves", ()
    if not things:
        return "unknown", ()
    first = next((thing for thing in things if thing.kind != "selected"), things[0])
    if first.kind == "selected":
        chosen = tuple(names.end(seen.pid, each) or f"descriptor:{each}" for each in first.facts)
        return ("several", chosen) if chosen else ("outside", ())
    if first.kind == "thread":
        return "thread", (f"thread:{first.facts[0]}",)
    if first.kind == "lock":
        return ("place" if any(frame.function == "put" for frame in inner) else "lock"), (str(first.facts[0]),)
    if first.kind == "within":
        return "within", (str(first.facts[0]),)
    ended = next((thing for thing in things if thing.kind == "process" and inner[thing.place].function in ENDS), None)
    if ended:
        return "process", (f"process:{ended.facts[0]}",)
    if first.kind in ("connection", "descriptor"):
        together = [thing for thing in things if thing.place == first.place]
        objects = tuple(
            str(thing.facts[0])
            if thing.kind == "connection"
            else names.end(seen.pid, thing.facts[0]) or f"descriptor:{thing.facts[0]}"
            for thing in together
        )
        if len(together) > 1 or inner[first.place].function == "wait":
            return "several", objects
        return ("write" if inner[0].function in WRITES else "read"), objects
    return "unknown", ()


def by_calls(seen: Seen, inner: Stack, look: ThreadLook, names: Names) -> tuple[Kind, tuple[str, ...]]:
    """What is waited for where the things themselves are not known: of the calls and of what the kernel tells."""
    kind, objects = by_kernel(seen, look, names)
    calls = {(library(frame), frame.function) for frame in inner}
    if calls & JOINS and kind in ("several", "read"):
        children = tuple(f"process:{pid}" for each in objects for pid in names.writers(each, seen.pid))
        return ("process", children) if children else (kind, objects)
    if calls & POLLS and kind == "several" and len(objects) == 1:
        return "read", objects
    return ("place" if kind == "lock" and ("multiprocessing/queues.py", "put") in calls else kind), objects


def by_kernel(seen: Seen, look: ThreadLook, names: Names) -> tuple[Kind, tuple[str, ...]]:
    """What the kernel says that a thread waits for; what is not of the program comes from outside."""
    kind = BY_KERNEL.get(look.doing, "outside")
    if kind in ("read", "write"):
        name = names.end(seen.pid, look.argument)
        some = (name,) if name else names.among(seen.pid, kind, look.function) if look.function else ()
        return (kind if len(some) == 1 else "several", some) if some else ("outside", ())
    if look.polled:
        polled = [names.end(seen.pid, each) for each in look.polled]
        return ("outside", ()) if None in polled else ("several", tuple(filter(None, polled)))
    if look.argument is None:
        return kind, names.children(seen.pid) if kind == "process" else ()
    if look.doing == "lock":
        return names.lock(seen.pid, look.argument)
    return kind, (f"process:{look.argument}",) if kind == "process" else ()


def shown(seen: Seen, look: ThreadLook, names: Names) -> Wait:
    """The wait of a thread of which only the kernel tells; locks within other programs are their own affair."""
    kind, objects = by_kernel(seen, look, names)
    if kind == "within" and not seen.python:
        kind = "outside"
    if seen.ran.get(look.native):
        kind = "runs"
    main = look.native == seen.pid
    return Wait(
        pid=seen.pid,
        native=look.native,
        name="main" if main else f"thread {look.native}",
        main=main,
        daemon=False,
        kind=kind,
        objects=objects,
        limited=look.limited is not False and look.doing in ("lock", "several"),
        api="",
        library="",
        place=None,
        stack=(),
        doing=look.doing,
        known=kind in KNOWN or tells_all(look, kind, objects),
    )


def tells_all(look: ThreadLook, kind: Kind, objects: Sequence[str]) -> bool:
    """Whether the kernel says what a thread waits for and that this has no limit, be it by its function alone.

    Args:
        look: the thread.
        kind: what it waits for.
        objects: the things that it may be waiting for.
    """
    if look.limited is not None:
        return True
    if look.doing == "lock":
        return kind == "outside"  # of another program, whose locks are its own affair
    if look.doing == "several":
        return kind == "outside" and bool(look.polled)
    if look.doing in ("read", "write"):
        return len(objects) == 1
    return look.doing != "unknown"


def library(frame: Frame) -> str:
    """The file of the library: ``multiprocessing/queues.py``, ``threading.py``."""
    folder, name = ("", *PurePath(frame.file).parts)[-2:]
    return name if folder.startswith("python3") else f"{folder}/{name}"


def is_users(frame: Frame) -> bool:
    """Whether a frame is not of the standard library."""
    return not LIBRARY.search(frame.file)


def users_line(stack: Stack) -> Frame | None:
    """The innermost line of the user's own code, or else of a package of others."""
    users = [frame for frame in stack if is_users(frame)]
    return next((frame for frame in users if not PACKAGES.search(frame.file)), users[0] if users else None)
