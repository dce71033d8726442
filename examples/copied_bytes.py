"""MP205 copied-bytes: large buffers are pickled, written to a pipe and read again, each with fresh memory.

Mistake: send() or Queue.put() for every large buffer.
Remedy: send_bytes() saves the pickle; a shared segment that is made once and used again saves the pipe as well. A new
segment for every buffer seldom beats send_bytes(): the time then goes into its fresh pages.
Run: python examples/copied_bytes.py [--scale F] [--start-method spawn]
Ask: mpdiag probe large_payload --select MP205

On two busy CPUs (CPython 3.11, Linux) the answer was:

    1 MiB of bytes takes 2.67 ms [2.19–2.86] by send(). Against that, send_bytes() is 2.20× [1.66–2.43] as fast, a
    reused segment is 18.6× [13.8–24.7] as fast, a new segment per message is 1.51× [1.20–1.71] as fast. Often
    quoted: objects above 1 MB are pickled. In fact everything put or sent is pickled at any size, there is no
    such threshold; bytes cost page faults (603 for this one), not pickling.
"""

import multiprocessing
import zlib
from contextlib import contextmanager
from multiprocessing.shared_memory import SharedMemory

from compare import compare

FRAME = 2**20


def frames(count):
    frame = bytearray(range(256)) * (FRAME // 256)
    for number in range(count):
        frame[0] = number % 256
        yield frame


@contextmanager
def other_side(target, *args):
    """The connection to a process that answers every frame with its checksum, until it gets None or nothing."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=target, args=(there, *args))
    process.start()
    yield here
    process.join()


def answer_objects(connection):
    while frame := connection.recv():
        connection.send(zlib.adler32(frame))


def answer_bytes(connection):
    while frame := connection.recv_bytes():
        connection.send(zlib.adler32(frame))


def answer_segment(connection, segment):
    while size := connection.recv():
        connection.send(zlib.adler32(segment.buf[:size]))
    segment.close()


def bad(count):
    with other_side(answer_objects) as connection:
        sums = []
        for frame in frames(count):
            connection.send(frame)
            sums.append(connection.recv())
        connection.send(None)
    return sums


def send_bytes(count):
    with other_side(answer_bytes) as connection:
        sums = []
        for frame in frames(count):
            connection.send_bytes(frame)
            sums.append(connection.recv())
        connection.send_bytes(b"")
    return sums


def good(count):
    segment = SharedMemory(create=True, size=FRAME)
    with other_side(answer_segment, segment) as connection:
        sums = []
        for frame in frames(count):
            segment.buf[: len(frame)] = frame
            connection.send(len(frame))
            # The answer says that the segment may be filled again.
            sums.append(connection.recv())
        connection.send(None)
    segment.close()
    segment.unlink()
    return sums


if __name__ == "__main__":
    compare(bad, send_bytes, good, size=300)
