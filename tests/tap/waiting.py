"""Waits in every way that Python's library knows, a process each, while somebody asks what for.

Each process tells ``NAME fine`` if its wait ended by what it waited for, and not before; none waits for ever.
"""

import fcntl
import multiprocessing
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SECONDS = 1.0
DEADLINE = 30
context = multiprocessing.get_context("fork")
given = []


def later(give, *arguments):
    """Give what is waited for, later."""

    def run():
        time.sleep(SECONDS)
        given.append(True)
        give(*arguments)

    threading.Thread(target=run, daemon=True).start()


def after(began):
    given.append(time.monotonic() - began >= SECONDS)


def sleep():
    began = time.monotonic()
    time.sleep(SECONDS)
    after(began)


def read():
    reader, writer = os.pipe()
    later(os.write, writer, b"x")
    assert os.read(reader, 1) == b"x"


def write():
    reader, writer = os.pipe()
    os.write(writer, bytes(65536))
    later(os.read, reader, 65536)
    assert os.write(writer, b"y" * 4096) == 4096


def semaphore():
    waited = context.Semaphore(0)
    later(waited.release)
    assert waited.acquire()


def semaphore_with_limit():
    began = time.monotonic()
    assert not context.Semaphore(0).acquire(timeout=SECONDS)
    after(began)


def event():
    waited = context.Event()
    later(waited.set)
    assert waited.wait()


def thread_lock():
    waited = threading.Lock()
    waited.acquire()
    later(waited.release)
    assert waited.acquire()


def thread_event():
    waited = threading.Event()
    later(waited.set)
    assert waited.wait()


def thread_join():
    thread = threading.Thread(target=sleep)
    thread.start()
    thread.join()


def process_join():
    began = time.monotonic()
    child = context.Process(target=time.sleep, args=(SECONDS,))
    child.start()
    child.join()
    after(began)


def process_join_with_limit():
    began = time.monotonic()
    child = context.Process(target=time.sleep, args=(DEADLINE,), daemon=True)
    child.start()
    child.join(SECONDS)
    after(began)
    child.kill()


def program():
    began = time.monotonic()
    subprocess.run(["sleep", str(SECONDS)], check=True)
    after(began)


def program_output():
    began = time.monotonic()
    subprocess.run(["sleep", str(SECONDS)], check=True, capture_output=True)
    after(began)


def selecting():
    began = time.monotonic()
    assert select.select([os.pipe()[0]], [], [], SECONDS) == ([], [], [])
    after(began)


def peer():
    one, other = socket.socketpair()
    later(other.send, b"x")
    assert one.recv(1) == b"x"


def accepting():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen()
    later(lambda: given.append(socket.create_connection(server.getsockname())))
    server.accept()


def connection():
    one, other = context.Pipe()
    later(other.send, 5)
    assert one.recv() == 5


def process_queue():
    waited = context.Queue()
    later(waited.put, 5)
    assert waited.get() == 5


def process_queue_with_limit():
    began = time.monotonic()
    try:
        context.Queue().get(timeout=SECONDS)
    except queue.Empty:
        after(began)


def thread_queue():
    waited = queue.Queue()
    later(waited.put, 5)
    assert waited.get() == 5


def future():
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(sleep).result() is None


def pool():
    began = time.monotonic()
    with context.Pool(1) as workers:
        workers.map(time.sleep, [SECONDS])
    after(began)


def file_lock():
    with tempfile.NamedTemporaryFile() as held, Path(held.name).open("w") as wanted:
        fcntl.flock(held, fcntl.LOCK_EX)
        later(fcntl.flock, held, fcntl.LOCK_UN)
        fcntl.flock(wanted, fcntl.LOCK_EX)


def any_signal():
    """Any signal ends this wait, so that such a process must not be asked."""
    began = time.monotonic()
    signal.signal(signal.SIGUSR1, lambda *_: None)
    later(os.kill, os.getpid(), signal.SIGUSR1)
    signal.pause()
    after(began)


WAYS = [
    *(sleep, read, write, semaphore, semaphore_with_limit, event, thread_lock, thread_event, thread_join, process_join),
    *(process_join_with_limit, program, program_output, selecting, peer, accepting, connection, process_queue),
    *(process_queue_with_limit, thread_queue, future, pool, file_lock, any_signal),
]

if __name__ == "__main__":
    children = []
    for way in WAYS:
        pid = os.fork()
        if pid == 0:
            signal.alarm(DEADLINE)
            way()
            assert given
            assert all(given)
            sys.stdout.write(f"{way.__name__} fine\n")
            sys.stdout.flush()
            os._exit(0)
        children.append(pid)
    sys.exit(any(os.waitpid(pid, 0)[1] for pid in children))
