"""Channels with a child at their other end: one partner that echoes or takes in messages, or a crew that writes.

Each side keeps none but its own ends open, so that a child which died is an error here, not silence. It runs inside
the measured interpreter: standard library only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import cache, partial
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.shared_memory import SharedMemory
from typing import Any, TypeVar

from mpdiag import stats, work
from mpdiag.bench import CHILD_DEADLINE, UNAVAILABLE, Bench, DeadlineExceeded

PIPE, DUPLEX, PIPE_BYTES, DUPLEX_BYTES = "Pipe", "Pipe duplex", "Pipe bytes", "Pipe duplex bytes"
SIMPLE, QUEUE, MANAGED, SHARED = "SimpleQueue", "Queue", "Manager Queue", "shared memory"
LOCKED, EACH = "Pipe + Lock", "Pipe each + wait"
#: How `work.channel_ends` uses each channel's ends.
KINDS = {
    # The manager comes first: what is open when its process is forked stays open there.
    MANAGED: "queue",
    PIPE: "objects",
    DUPLEX: "objects",
    PIPE_BYTES: "bytes",
    DUPLEX_BYTES: "bytes",
    SIMPLE: "queue",
    QUEUE: "queue",
    SHARED: "hand-over",
}

T = TypeVar("T")


def lazily(make: Callable[[], T]) -> Callable[[], T]:
    """``make()``, once and when first asked for; a machine that denied it is not asked again."""
    outcome = cache(partial(attempt, make))
    return lambda: granted(outcome())


def attempt(make: Callable[[], T]) -> T | BaseException:
    """What ``make()`` gives, or the error where the machine denies it."""
    try:
        return make()
    except UNAVAILABLE as error:
        return error


def granted(outcome: T | BaseException) -> T:
    """``outcome`` of an `attempt`; raises what it raised."""
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


class Hub:
    """Opens channels; what it opened is released with ``stack``, what only children use is closed by `part`."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        self.bench = bench
        self.stack = stack
        self.context: Any = bench.context()
        self._far: list[Any] = []

    def part(self) -> None:
        """Close the ends that only children use; they have been started."""
        for end in self._far:
            end.close()
        self._far.clear()

    def each(self, names: Iterable[str], open_one: Callable[[str], Any]) -> dict[str, Any]:
        """What ``open_one`` gives for each name; the error where the machine denies one."""
        return {name: attempt(partial(open_one, name)) for name in names}

    def child(self, target: Callable[..., None], lines: dict[str, Any]) -> Any:
        """Start ``target(control, lines)``; our end of its control pipe."""
        near, far = self.duplex()
        self.stack.enter_context(self.bench.child(target, far, lines))
        return near

    def duplex(self) -> tuple[Any, Any]:
        """Our end and the child's of a pipe both ways."""
        near, far = self.context.Pipe()
        self.stack.enter_context(near)
        self._far.append(far)
        return near, far

    def inward(self) -> tuple[Any, Any]:
        """Our end and the child's of a pipe towards us."""
        reader, writer = self.context.Pipe(duplex=False)
        self.stack.enter_context(reader)
        self._far.append(writer)
        return reader, writer

    def outward(self) -> tuple[Any, Any]:
        """The child's end and ours of a pipe towards the child."""
        reader, writer = self.context.Pipe(duplex=False)
        self.stack.enter_context(writer)
        self._far.append(reader)
        return reader, writer

    def queue(self, name: str, *, inward: bool = True) -> Any:
        """A queue that we only read, or only write; queues have no public word for their ends."""
        queue = getattr(self.context, name)()
        self.stack.callback(queue.close)
        if name == QUEUE:
            self.stack.callback(queue.cancel_join_thread)
        self._far.append(queue._writer if inward else queue._reader)
        return queue

    def manager(self) -> Any:
        """A started manager."""
        return self.stack.enter_context(self.context.Manager())

    def segment(self, size: int) -> SharedMemory:
        """A shared segment; refused where its pages could run out, which would end the process that touches them."""
        if os.path.isdir("/dev/shm"):  # noqa: PTH112, S108
            free = os.statvfs("/dev/shm")  # noqa: S108
            if free.f_bavail * free.f_frsize < 2 * size:
                raise OSError("too little room in /dev/shm")
        # A segment that is made before the tracker turns out not to start would stay for ever.
        if os.name == "posix":
            resource_tracker.ensure_running()
        segment = SharedMemory(create=True, size=size)
        self.stack.callback(segment.unlink)
        self.stack.callback(segment.close)
        return segment


def sorted_out(opened: dict[str, Any]) -> tuple[dict[str, BaseException], dict[str, Any]]:
    """Why channels were denied, and those that were not."""
    denied = {name: error for name, error in opened.items() if isinstance(error, BaseException)}
    return denied, {name: ends for name, ends in opened.items() if name not in denied}


class Partner:
    """The one child at the other end of every channel, so that no channel meets a fresher heap than another.

    Args:
        bench: gives context, clock and deadlines.
        stack: the partner and the channels last as long as this.
        largest: the size of the largest message, in bytes.
    """

    def __init__(self, bench: Bench, stack: ExitStack, largest: int) -> None:
        self.bench = bench
        hub = Hub(bench, stack)
        opened = hub.each(KINDS, partial(connect, hub, largest=largest))
        self._denied, both = sorted_out(opened)
        self._lines = {name: work.channel_ends(KINDS[name], *ours) for name, (ours, _) in both.items()}
        self._control = hub.child(
            work.channel_partner, {name: (KINDS[name], *theirs) for name, (_, theirs) in both.items()}
        )
        hub.part()

    def run(self, name: str, task: str, payload: Any, count: int) -> tuple[float, float]:
        """Send ``payload`` over and over: seconds for a message, and CPU seconds of both sides.

        Args:
            name: the channel.
            task: ``echo``, or ``take``: the partner tells once all have arrived, and the seconds are the mean. A
                hand-over answers each message, for its one box is free again only then. Of echoes and answers the
                undisturbed ones count.
            payload: the message.
            count: how often.
        """
        if name in self._denied:
            raise self._denied[name]
        receive, send = self._lines[name]
        clock = self.bench.clock
        streaming = task == "take" and name != SHARED
        self._control.send((name, "answer" if task == "take" and not streaming else task, count))
        self.bench.receive(self._control)
        cpu, ticks = time.process_time(), [clock()]
        for _ in range(count):
            send(payload)
            if not streaming:
                receive()
                ticks.append(clock())
        theirs = self.bench.receive(self._control)
        took = (clock() - ticks[0]) / count if streaming else stats.undisturbed(gaps(ticks))
        return took, (time.process_time() - cpu + theirs) / count


def gaps(ticks: list[float]) -> list[float]:
    """The times between ``ticks``."""
    return [later - earlier for earlier, later in zip(ticks, ticks[1:])]


def connect(hub: Hub, name: str, *, largest: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Open a channel both ways: what we receive from and send to, and the same for the partner."""
    if name in (DUPLEX, DUPLEX_BYTES):
        near, far = hub.duplex()
        return (near, near), (far, far)
    if name == MANAGED:
        manager = hub.manager()
        there, back = manager.Queue(), manager.Queue()
        return (back, there), (there, back)
    if KINDS[name] == "queue":
        there, back = hub.queue(name, inward=False), hub.queue(name)
        return (back, there), (there, back)
    segment = hub.segment(2 * largest) if name == SHARED else None
    reader, their_writer = hub.inward()
    their_reader, writer = hub.outward()
    if segment is None:
        return (reader, writer), (their_reader, their_writer)
    return (reader, writer, (segment, largest, 0)), (their_reader, their_writer, (segment, 0, largest))


class Crew:
    """Children that all write to the same channel, on demand.

    Args:
        bench: gives context, clock and deadlines.
        stack: the crew and the channels last as long as this.
        names: the channels.
        count: how many writers.
    """

    def __init__(self, bench: Bench, stack: ExitStack, names: Iterable[str], count: int) -> None:
        self.bench = bench
        hub = Hub(bench, stack)
        manager_first = sorted(names, key=lambda name: name != MANAGED)
        opened = hub.each(manager_first, partial(collect, hub, count=count))
        self._denied, both = sorted_out(opened)
        self._readers = {name: reader for name, (reader, _) in both.items()}
        self._controls = [
            hub.child(work.channel_writer, {name: writers[number] for name, (_, writers) in both.items()})
            for number in range(count)
        ]
        hub.part()

    def run(self, name: str, writers: int, size: int, count: int) -> float:
        """Let the first ``writers`` send ``count`` messages of ``size`` bytes each: seconds for each message."""
        if name in self._denied:
            raise self._denied[name]
        controls = self._controls[:writers]
        for control in controls:
            control.send((name, size, count))
        for control in controls:
            self.bench.receive(control)
        begun = self.bench.clock()
        for control in controls:
            control.send("go")
        self._read(name, writers * count)
        return (self.bench.clock() - begun) / (writers * count)

    def _read(self, name: str, total: int) -> None:
        reader = self._readers[name]
        if name == EACH:
            read_each(reader, total)
            return
        receive = reader.recv if name == LOCKED else reader.get
        for _ in range(total):
            receive()


def read_each(readers: list[Any], total: int) -> None:
    """Read ``total`` messages from whichever pipe has one."""
    while total:
        ready = wait(readers, CHILD_DEADLINE)
        if not ready:
            raise DeadlineExceeded(f"no message within {CHILD_DEADLINE:g} s")
        for reader in ready:
            reader.recv()  # type: ignore[call-arg, union-attr]
        total -= len(ready)


def collect(hub: Hub, name: str, *, count: int) -> tuple[Any, list[tuple[Any, Any]]]:
    """Open a channel from many: what we read, and for each writer its end and the lock it needs."""
    if name == EACH:
        pipes = [hub.inward() for _ in range(count)]
        return [reader for reader, _ in pipes], [(writer, None) for _, writer in pipes]
    if name == LOCKED:
        lock = hub.context.Lock()
        reader, writer = hub.inward()
        return reader, [(writer, lock)] * count
    queue = hub.manager().Queue() if name == MANAGED else hub.queue(name)
    return queue, [(queue, None)] * count
