"""Functions that measured children run.

This module imports nothing: whatever it imported, every spawned child would pay for, and the report would show it as
the user's start-up cost.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier
    from threading import Lock
    from typing import Any

# --- start_method


def nothing() -> None:
    """Do nothing."""


def first_line(connection: "Connection", imports: "Iterable[str]" = ()) -> None:
    """Tell when this child's first line ran; ``imports`` stand for what a user's main module imports before it."""
    for name in imports:
        __import__(name)
    from time import perf_counter

    connection.send_bytes(repr(perf_counter()).encode())
    connection.close()


def memory(connection: "Connection") -> None:
    """Tell this process's resident and unique memory in bytes: ``(rss, uss or None)``."""
    connection.send(own_memory())
    connection.close()


def own_memory() -> "tuple[int | None, int | None]":
    """Resident and unique memory of this process in bytes; None where the system does not tell."""
    try:
        with open("/proc/self/smaps_rollup", "rb") as file:  # noqa: PTH123 - pathlib would be an import
            lines = [line.split() for line in file]
        sizes = {line[0]: int(line[1]) * 1024 for line in lines if line[-1] == b"kB"}
        return sizes[b"Rss:"], sizes[b"Private_Clean:"] + sizes[b"Private_Dirty:"]
    except (OSError, KeyError):
        return None, None


# --- shared_state


def add(value: "Any", count: int) -> None:
    """Add 1 to a shared number: read, then write."""
    for _ in range(count):
        value.value += 1


def add_locked(value: "Any", count: int) -> None:
    """Add 1 to a shared number, its lock taken from reading to writing."""
    for _ in range(count):
        with value.get_lock():
            value.value += 1


def update(connection: "Connection", barrier: "Barrier", numbers: "Mapping[str, Any]") -> None:
    """Obey requests ``(which of numbers, how often, together with others)`` and answer each when it is done.

    No number named is nothing to do: a bare question and answer. It ends when the other end is closed.
    """
    try:
        while True:
            means, count, together = connection.recv()
            if together:
                barrier.wait()
            if means:
                (add_locked if "locked" in means else add)(numbers[means], count)
            connection.send(means)
    except EOFError:
        pass


# --- channels


def channel_ends(kind: str, reader: "Any", writer: "Any", shared: "Any" = None) -> "Any":
    """The functions that receive and send: ``objects`` and ``bytes`` over connections, ``queue``, or ``hand-over``."""
    if kind == "objects":
        return reader.recv, writer.send
    if kind == "bytes":
        return reader.recv_bytes, writer.send_bytes
    if kind == "queue":
        return reader.get, writer.put
    return hand_over(reader, writer, *shared)


def hand_over(reader: "Any", writer: "Any", segment: "Any", inbox: int, outbox: int) -> "Any":
    """The functions that receive and send by a shared segment: the data lies in two boxes, the pipes carry its size."""

    def send(data: "bytes | memoryview") -> None:
        size = len(data)
        segment.buf[outbox : outbox + size] = data
        writer.send_bytes(size.to_bytes(8, "little"))

    def receive() -> memoryview:
        size = int.from_bytes(reader.recv_bytes(), "little")
        data: memoryview = segment.buf[inbox : inbox + size]
        # One byte of each page is read: pages that nobody touches would look free.
        data[::4096].tobytes()
        return data

    return receive, send


def channel_partner(control: "Connection", lines: "Mapping[str, Any]") -> None:
    """Echo, answer or take in messages, as the control pipe asks, until it closes; tell the CPU time it took."""
    from time import process_time

    while True:
        try:
            name, task, count = control.recv()
        except EOFError:
            return
        receive, send = channel_ends(*lines[name])
        control.send("ready")
        begun = process_time()
        for _ in range(count):
            message = receive()
            if task == "echo":
                send(message)
            elif task == "answer":
                send(b"")
        control.send(process_time() - begun)


def channel_writer(control: "Connection", lines: "Mapping[str, Any]") -> None:
    """Write as many messages to a channel as the control pipe asks, on its word, until it closes."""
    while True:
        try:
            name, size, count = control.recv()
            writer, lock = lines[name]
            send = writer.send if hasattr(writer, "send") else writer.put
            payload = bytes(size)
            control.send("ready")
            control.recv()
        except EOFError:
            return
        for _ in range(count):
            if lock is None:
                send(payload)
            else:
                with lock:
                    send(payload)


# --- polling


def signaller(control: "Connection", connection: "Connection", queue: "Any") -> None:
    """After a delay send the clock to whoever waits; tell how long the answer took; until the control pipe closes."""
    from time import perf_counter, sleep

    while True:
        try:
            channel, delay = control.recv()
            sleep(delay)
            sent = perf_counter()
            if channel == "queue":
                queue.put(sent)
            else:
                connection.send(sent)
            control.recv()
            control.send(perf_counter() - sent)
        except EOFError:
            return


# --- pools: pool_overhead, pool_sizing, futures


def present(pause: float, brought: object = None) -> "tuple[int, int]":  # noqa: ARG001 - unpickling it imports it
    """Hold a worker for ``pause`` seconds; return who it is: process and thread."""
    import os
    import threading
    import time

    time.sleep(pause)
    return os.getpid(), threading.get_ident()


def take(_argument: object) -> None:
    """Take an argument and do nothing with it: what remains is the cost of dispatch."""


def wait(seconds: float) -> None:
    """A task that only waits, like one for a remote peer."""
    import time

    time.sleep(seconds)


def busy(iterations: int) -> int:
    """A task that only computes, in pure Python."""
    total = 0
    for number in range(iterations):
        total += number & 3
    return total


def compute(window: "tuple[float, float]") -> int:
    """Compute until the window (begin and end by the system-wide `time.perf_counter`) is over.

    Returns the turns of the busy loop that fell into it.
    """
    import time

    begin, end = window
    while time.perf_counter() < begin:
        busy(500)
    turns = 0
    while time.perf_counter() < end:
        busy(500)
        turns += 500
    return turns


def burn(seconds: float) -> float:
    """Compute for ``seconds`` of wall time; return the CPU seconds it got."""
    import time

    begun = time.process_time()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        busy(1000)
    return time.process_time() - begun


# --- size


def call(function: "Any", arguments: "tuple[tuple[Any, ...], dict[str, Any]]") -> "Any":
    """Call a function of any arguments, which came as one item."""
    return function(*arguments[0], **arguments[1])


def settle(paths: "tuple[str, ...]", pickled: bytes) -> None:
    """Look for modules in ``paths``, then do what ``pickled`` says, if anything."""
    import pickle
    import sys

    sys.path[:] = paths
    initializer = pickle.loads(pickled)
    if initializer is not None:
        initializer()


#: Environment variables that native libraries read as they are loaded: how many threads to compute on.
NATIVE = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def limit_native(threads: int, _brought: "Any", further: "Any" = None) -> None:
    """Give native libraries so many threads in this process: those that are loaded, and those that will be.

    ``_brought`` has loaded some as it was unpickled; ``further`` prepares the process besides.
    """
    import os

    os.environ.update(dict.fromkeys(NATIVE, str(threads)))
    if further is not None:
        further()
    try:
        control = __import__("threadpoolctl")
    except ImportError:
        return
    control.threadpool_limits(threads)


# --- semantics

#: What a program keeps in its modules; each process has a copy of its own.
GLOBALS: "dict[str, Any]" = {"setting": "as imported"}


def module_lock() -> "Lock":
    """A lock that this module keeps, made when first asked for in this process."""
    from threading import Lock

    lock: Lock = GLOBALS.setdefault("lock", Lock())
    return lock


def observe(connection: "Connection", patience: float) -> None:
    """Tell what a child finds: setting, whether the lock can be had, log level; when asked, the setting again."""
    from logging import getLogger

    connection.send((GLOBALS["setting"], module_lock().acquire(timeout=patience), getLogger().level))
    connection.recv()
    connection.send(GLOBALS["setting"])


def hold(connection: "Connection", *_held: "Connection") -> None:
    """Wait for a word, then end; until then the ends it was given stay open."""
    connection.recv()


def fill(connection: "Connection", queue: "Queue[bytes]", size: int) -> None:
    """Put more into ``queue`` than a pipe holds, say so, and end: or rather try to."""
    queue.put(bytes(size))
    connection.send("put")


def fail(path: str) -> None:
    """Raise ValueError, with what this process then prints going to the file ``path``."""
    import os

    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), 2)
    raise ValueError("a demonstration")


def keep(name: str, value: "Any") -> None:
    """Initialise a worker: keep ``value`` for its tasks."""
    GLOBALS[name] = value


def pass_gate(patience: float) -> None:
    """A task that waits until the gate is open."""
    GLOBALS["gate"].wait(patience)
