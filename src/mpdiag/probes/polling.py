"""What waiting for a message costs: CPU burnt until it comes, and delay once it has been sent, by way of waiting."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from multiprocessing.connection import wait
from queue import Empty
from typing import Any, Final

from mpdiag import stats, work
from mpdiag.bench import CHILD_DEADLINE, Bench, DeadlineExceeded, Quantities, Samples, steady
from mpdiag.model import Column, Doc, Probe, Row, Table
from mpdiag.rigs.partners import attempt, granted, lazily

#: The clock of a child can be compared with ours (CLOCK_MONOTONIC); elsewhere an answer goes back.
SHARED_CLOCK = sys.platform == "linux"
#: The timeout of the ways that have one, in seconds; the message comes sooner.
TIMEOUT = 0.1
#: Polls after which a busy loop gives up: ten seconds at a microsecond each.
MOST_POLLS = 10_000_000
RECV = "recv()"


def run(bench: Bench) -> Iterator[Row]:
    """Yield one row for each way to wait."""
    with ExitStack() as stack:
        post = lazily(partial(Post, bench, stack))
        samples = bench.measure({way: steady(partial(receive_late, bench, post, way)) for way in WAYS}, share=0.95)
    back = 0.0 if SHARED_CLOCK or RECV not in samples else stats.median(samples[RECV]["latency"]) / 2
    for way in samples:
        yield row(way, samples[way], back)


def row(way: str, samples: Samples, back: float) -> Row:
    """The row of one way to wait; ``back`` is what the answer took, where the latency contains it."""
    windows = samples["window"]
    busy = [spent / window for spent, window in zip(samples["cpu"], windows)]
    polls = [count / window for count, window in zip(samples["polls"], windows)]
    return Row(
        {
            "way": way,
            "cpu": stats.measured(busy),
            "latency": stats.measured([max(latency - back, 0.0) for latency in samples["latency"]]),
            "polls": stats.measured(polls) if any(polls) else None,
        }
    )


class Post:
    """A pipe and a queue into which a child writes when told to; it lasts as long as ``stack``."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        context: Any = bench.context()
        self.connection, sender = context.Pipe(duplex=False)
        self.control, theirs = context.Pipe()
        stack.enter_context(self.connection)
        stack.enter_context(self.control)
        # Without semaphores there are no queues, but pipes.
        queue: Any = attempt(context.Queue)
        self.queue = queue
        denied = isinstance(queue, BaseException)
        if not denied:
            stack.callback(queue.close)
        stack.enter_context(bench.child(work.signaller, theirs, sender, None if denied else queue))
        # A child that died shall be an error here, not silence; queues have no public word for their ends.
        for end in (sender, theirs, *([] if denied else [queue._writer])):
            end.close()


def receive_late(bench: Bench, post: Callable[[], Post], way: str) -> Quantities:
    """Wait for a message that comes after a while: its delay, the CPU time burnt, the polls, the whole wait."""
    channel, pause, receive = WAYS[way]
    office = post()
    # The message must hit any moment of a pause, or its delay would be none or all of it.
    delay = bench.pick(0.003, 0.01, 0.03) + random.uniform(0, pause)
    source = granted(office.queue) if channel == "queue" else office.connection
    office.control.send((channel, delay))
    cpu, begun = time.process_time(), bench.clock()
    sent, polls = receive(source, pause)
    arrived = bench.clock()
    cpu = time.process_time() - cpu
    office.control.send(None)
    answered = bench.receive(office.control)
    latency = arrived - sent if SHARED_CLOCK else answered
    return {"latency": latency, "cpu": cpu, "polls": polls, "window": arrived - begun}


# --- ways to wait: each returns the message and how often it looked for it


def poll_often(connection: Any, pause: float) -> tuple[float, int]:
    """Look again and again, with a pause in between or none."""
    for polls in range(1, int(CHILD_DEADLINE / pause) if pause else MOST_POLLS):
        if connection.poll():
            return connection.recv(), polls
        if pause:
            time.sleep(pause)
    raise DeadlineExceeded("no message from a child")


def get_often(queue: Any, _pause: float) -> tuple[float, int]:
    """Try to get a message again and again."""
    for polls in range(1, MOST_POLLS):
        try:
            return queue.get_nowait(), polls
        except Empty:
            continue
    raise DeadlineExceeded("no message from a child")


def poll_patiently(connection: Any, _pause: float) -> tuple[float, int]:
    """Look with a timeout."""
    for _ in range(int(CHILD_DEADLINE / TIMEOUT)):
        if connection.poll(TIMEOUT):
            return connection.recv(), 0
    raise DeadlineExceeded("no message from a child")


def wait_patiently(connection: Any, _pause: float) -> tuple[float, int]:
    """Wait for any of several connections, here one."""
    for _ in range(int(CHILD_DEADLINE / TIMEOUT)):
        if wait([connection], TIMEOUT):
            return connection.recv(), 0
    raise DeadlineExceeded("no message from a child")


def receive_blocking(connection: Any, _pause: float) -> tuple[float, int]:
    """Block until the message is there."""
    return connection.recv(), 0


def get_blocking(queue: Any, _pause: float) -> tuple[float, int]:
    """Block until the queue has a message."""
    return queue.get(timeout=CHILD_DEADLINE), 0


#: Way: what carries the message, the pause between two looks, and how it is received.
WAYS: Final[dict[str, tuple[str, float, Callable[[Any, float], tuple[float, int]]]]] = {
    "while: poll()": ("pipe", 0.0, poll_often),
    "while: get_nowait()": ("queue", 0.0, get_often),
    "poll(), sleep(1 ms)": ("pipe", 0.001, poll_often),
    "poll(), sleep(10 ms)": ("pipe", 0.01, poll_often),
    "poll(timeout)": ("pipe", 0.0, poll_patiently),
    "connection.wait()": ("pipe", 0.0, wait_patiently),
    RECV: ("pipe", 0.0, receive_blocking),
    "get()": ("queue", 0.0, get_blocking),
}

PROBE: Final = Probe(
    module=__name__,
    run=run,
    order=50,
    weight=0.6,
    tables=(
        Table(
            "",
            "Waiting for a message",
            (
                Column("way", "how"),
                Column("cpu", "CPU while waiting", "fraction", bar=True),
                Column("latency", "delay", "s"),
                Column("polls", "polls", "1/s"),
            ),
        ),
    ),
    doc=Doc(
        title="What waiting for a message costs",
        why="A loop that looks for messages without a pause burns a core that workers could use; one with a pause "
        "notices each message late. Waiting in the system does neither.",
        how="A child sends a message after a few milliseconds. CPU while waiting is the waiting process's CPU time "
        "divided by the time it waited: on a crowded machine a busy loop gets less than a whole core. The delay goes "
        "from just before the child sends to the message's arrival, by the clock that both share on Linux; elsewhere "
        "an answer goes back and half a round trip with recv() is taken off.",
        reading="The ways that block burn CPU only for their one wake-up: in a longer wait their share is smaller "
        "still. A loop without a pause burns its share for as long as it waits.",
        links=(
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.Connection.poll",
            "https://docs.python.org/3/library/multiprocessing.html#multiprocessing.connection.wait",
        ),
    ),
)
