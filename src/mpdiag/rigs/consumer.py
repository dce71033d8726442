"""What a child runs that takes large payloads and reads every page of them: the other end of `mpdiag.rigs.handover`.

Like `mpdiag.work` it imports nothing: a spawned child imports it.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.queues import Queue
    from typing import Any

PAGE = 4096


def touch(payload: "Any") -> None:
    """Read a byte of every page of ``payload``."""
    memoryview(payload)[::PAGE].tobytes()


def faults() -> int:
    """Page faults of this process so far that needed no disk; 0 where the system does not tell."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return 0
    return getrusage(RUSAGE_SELF).ru_minflt


def free_large_block() -> None:
    """Allocate and free 32 MiB: glibc then keeps freed blocks of that size instead of giving them back each time."""
    bytes(32 * 2**20 - 2**16)


def read_inherited(payload: "Any", answers: "Connection") -> None:
    """Read what was there when this process was forked."""
    touch(payload)
    answers.send_bytes(b"!")


def consume(orders: "Connection", answers: "Connection", queue: "Queue[Any] | None") -> None:
    """Take payloads as ordered until the order is None.

    An order is the channel, the number of payloads and where the memory is that both share. The answer is one byte
    when ready, one for each payload read, then the batch's page faults and seconds of attaching and reading.
    """
    for channel, count, source in iter(orders.recv, None):
        if channel == "free":
            free_large_block()
        before = faults()
        attach = read = 0.0
        if channel == "new":
            attach, read = take_segments(orders, answers, count)
        elif source:
            take_shared(channel, source, orders, answers, count)
        else:
            take: Any = orders.recv_bytes if channel == "send_bytes" else orders.recv
            take_copies(queue.get if queue and channel == "queue" else take, answers, count)
        answers.send((faults() - before, attach, read))


def take_copies(take: "Callable[[], Any]", answers: "Connection", count: int) -> None:
    """Take payloads that arrive as copies."""
    answers.send_bytes(b"!")
    for _ in range(count):
        touch(take())
        answers.send_bytes(b"!")


def take_segments(orders: "Connection", answers: "Connection", count: int) -> "tuple[float, float]":
    """Take payloads of which each comes in a shared-memory segment of its own; seconds of attaching and reading."""
    from multiprocessing.shared_memory import SharedMemory
    from time import perf_counter

    attach = read = 0.0
    answers.send_bytes(b"!")
    for _ in range(count):
        name = orders.recv_bytes().decode()
        begun = perf_counter()
        segment = SharedMemory(name)
        attached = perf_counter()
        touch(segment.buf)
        attach, read = attach + attached - begun, read + perf_counter() - attached
        segment.close()
        answers.send_bytes(b"!")
    return attach, read


def take_shared(channel: str, source: str, orders: "Connection", answers: "Connection", count: int) -> None:
    """Take payloads that are written to the same shared memory each time."""
    memory: Any
    if channel == "mmap":
        import mmap

        with open(source, "r+b") as file:  # noqa: PTH123 - pathlib would be an import
            memory = buffer = mmap.mmap(file.fileno(), 0)
    else:
        from multiprocessing.shared_memory import SharedMemory

        memory = SharedMemory(source)
        buffer = memory.buf
    answers.send_bytes(b"!")
    for _ in range(count):
        orders.recv_bytes()
        touch(buffer)
        answers.send_bytes(b"!")
    memory.close()
