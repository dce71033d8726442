"""Ways to hand bytes over to a consumer: sent as copies, in shared memory, in a mapped file.

Standard library only: used inside the measured interpreter.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

from mpdiag.bench import CHILD_DEADLINE, Bench, Case, DeadlineExceeded, Quantities, steady
from mpdiag.rigs.consumer import consume, faults, free_large_block

#: Payloads in one round: short ones are repeated for the clock's sake.
BATCH_BYTES, MOST_IN_BATCH = 2**21, 8


@dataclass(frozen=True)
class Consumer:
    """A child that reads every page of what it is given, and the ways to reach it."""

    bench: Bench
    orders: Connection
    answers: Connection
    queue: Any

    def batch(self, channel: str, count: int, hand_over: Callable[[], Any], source: str = "") -> Quantities:
        """Hand over ``count`` payloads, each once the one before has been read.

        Returns:
            Seconds and page faults of one; of a new segment, the child's part of it.
        """
        self.orders.send((channel, count, source))
        if not self.answers.poll(CHILD_DEADLINE):
            raise DeadlineExceeded(f"the consumer was not ready within {CHILD_DEADLINE:g} s")
        self.answers.recv_bytes()
        before, begun = faults(), self.bench.clock()
        for _ in range(count):
            hand_over()
        took = self.bench.clock() - begun
        faults_here = faults() - before
        faults_there, attach, read = self.bench.receive(self.answers)
        return {
            "total": took / count,
            "faults_here": faults_here / count,
            "faults_there": faults_there / count,
            "attach": attach / count,
            "read": read / count,
        }

    def free_large_block(self) -> None:
        """Have both processes free a block so large that glibc stops to give freed memory back each time."""
        free_large_block()
        self.orders.send(("free", 0, ""))
        self.answers.recv_bytes()
        self.bench.receive(self.answers)

    def give(self, put: Callable[[Any], None], payload: Any) -> None:
        """Hand over by ``put`` and wait until it has been read; a dead consumer raises EOFError."""
        put(payload)
        self.answers.recv_bytes()


@contextmanager
def consuming(bench: Bench) -> Iterator[Consumer]:
    """A consumer, forked where that is safe, for it is quick and makes no difference to what is measured here."""
    if os.name == "posix":
        # Before the child exists: both then have the same tracker, and what one unlinks the other does not miss.
        resource_tracker.ensure_running()
    method = "fork" if "fork" in bench.methods and sys.platform != "darwin" else None
    context = bench.context(method)
    their_orders, orders = context.Pipe(duplex=False)
    answers, their_answers = context.Pipe(duplex=False)
    queue = bench.once("a queue", context.Queue)
    with orders, answers, bench.child(consume, their_orders, their_answers, queue, method=method):
        their_orders.close()
        their_answers.close()
        try:
            yield Consumer(bench, orders, answers, queue)
        finally:
            if queue:
                queue.cancel_join_thread()
                queue.close()


def cases(consumer: Consumer, size: int, channels: Sequence[str]) -> dict[Any, Case]:
    """One case a channel; all hand over the same bytes."""
    payload = b"x" * size
    count = max(1, min(MOST_IN_BATCH, BATCH_BYTES // size))
    ways: dict[str, Callable[[Consumer, bytes, int], Any]] = {"new": new, "reused": reused, "mmap": mapped}
    return {
        (channel, size): partial(ways[channel], consumer, payload, count)
        if channel in ways
        else steady(partial(copied, consumer, payload, count, channel))
        for channel in channels
    }


def copied(consumer: Consumer, payload: bytes, count: int, channel: str) -> Quantities:
    """Send ``payload`` through a pipe or a queue."""
    if channel == "queue" and consumer.queue is None:
        raise OSError("there is no queue")
    put: Callable[[Any], None] = consumer.queue.put if channel == "queue" else getattr(consumer.orders, channel)
    return consumer.batch(channel, count, partial(consumer.give, put, payload))


@contextmanager
def reused(consumer: Consumer, payload: bytes, count: int) -> Iterator[Callable[[], Quantities]]:
    """Write to one segment again and again; both sides keep it open."""
    segment = SharedMemory(create=True, size=len(payload))
    try:
        yield partial(written, consumer, "reused", count, segment.buf, payload, segment.name)
    finally:
        segment.close()
        segment.unlink()


@contextmanager
def mapped(consumer: Consumer, payload: bytes, count: int) -> Iterator[Callable[[], Quantities]]:
    """Write to one mapped file again and again; both sides keep it mapped."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "payload").open("w+b") as file:
        file.truncate(len(payload))
        with mmap.mmap(file.fileno(), len(payload)) as memory:
            yield partial(written, consumer, "mmap", count, memory, payload, file.name)


def written(consumer: Consumer, channel: str, count: int, memory: Any, payload: bytes, source: str) -> Quantities:
    """Write ``payload`` to memory that both share, and send word of it."""

    def put(payload: bytes) -> None:
        memory[: len(payload)] = payload
        consumer.orders.send_bytes(b"!")

    return consumer.batch(channel, count, partial(consumer.give, put, payload), source)


@contextmanager
def new(consumer: Consumer, payload: bytes, count: int) -> Iterator[Callable[[], Quantities]]:
    """Make a segment for each message and unlink it once it has been read."""
    yield partial(in_new_segments, consumer, payload, count)


def in_new_segments(consumer: Consumer, payload: bytes, count: int) -> Quantities:
    """Hand over in new segments; with the seconds of each step."""
    clock = consumer.bench.clock
    steps = {"create": 0.0, "copy": 0.0, "unlink": 0.0}

    def hand_over() -> None:
        begun = clock()
        segment = SharedMemory(create=True, size=len(payload))
        created = clock()
        try:
            memory: Any = segment.buf
            memory[: len(payload)] = payload
            filled = clock()
            consumer.give(consumer.orders.send_bytes, segment.name.encode())
        finally:
            done = clock()
            segment.close()
            segment.unlink()
        steps["create"] += (created - begun) / count
        steps["copy"] += (filled - created) / count
        steps["unlink"] += (clock() - done) / count

    quantities = consumer.batch("new", count, hand_over)
    return {**quantities, **steps, "without": quantities["total"] - steps["create"] - steps["unlink"]}
