"""Programs that stand still, each for one reason, and healthy ones that only look so; benchmarks/hangs.py runs them.

    python standstills.py CASE METHOD

Each process ends at a deadline of its own.
"""

from __future__ import annotations

import asyncio
import concurrent.futures as futures
import multiprocessing as mp
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, NamedTuple

DEADLINE = 60
ALL = ("fork", "spawn", "forkserver")
FORK = ("fork",)
#: Where processes make no difference.
ONE = ("spawn",)


class Case(NamedTuple):
    """What a program is to be told; empty of a healthy one."""

    rules: tuple[str, ...]
    methods: tuple[str, ...]
    run: Callable[[Any], object]


CASES: dict[str, Case] = {}


def stands(*rules: str, methods: tuple[str, ...] = ALL) -> Callable[[Callable[[Any], object]], Callable[[Any], object]]:
    """Register a program: any of ``rules`` names its cause."""

    def register(run: Callable[[Any], object]) -> Callable[[Any], object]:
        CASES[run.__name__] = Case(rules, methods, run)
        return run

    return register


def on_time() -> None:
    """End at the deadline, whatever this process waits for."""
    signal.alarm(DEADLINE)


# --- queues


def put_frames(frames: Any, count: int) -> None:
    """Put more than a pipe holds."""
    on_time()
    for number in range(count):
        frames.put((number, "x" * 40_000))


@stands("MP601")
def several_producers_joined(context: Any) -> None:
    frames = context.Queue()
    workers = [context.Process(target=put_frames, args=(frames, 8)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(sum(len(frames.get()[1]) for _ in range(24)))


class Renderer:
    """Joins its process in a method, as larger programs do."""

    def __init__(self, context: Any) -> None:
        self.done = context.Queue()
        self.process = context.Process(target=put_frames, args=(self.done, 5), daemon=True)

    def finish(self) -> list[Any]:
        """Run it, and fetch what it has made."""
        self.process.start()
        self.process.join()
        return [self.done.get() for _ in range(5)]


@stands("MP601")
def joined_in_a_method(context: Any) -> None:
    Renderer(context).finish()


@stands("MP602")
def consumer_never_started(context: Any) -> None:
    jobs = context.Queue(maxsize=3)
    context.Process(target=take_all, args=(jobs,))
    for number in range(10):
        jobs.put(number)


def take_all(jobs: Any) -> None:
    """Take until None comes."""
    on_time()
    for _ in iter(jobs.get, None):
        pass


def take_and_die(jobs: Any) -> None:
    """Take two messages, then be killed, as when memory runs out."""
    on_time()
    jobs.get()
    jobs.get()
    os.kill(os.getpid(), signal.SIGKILL)


@stands("MP602")
def consumer_killed(context: Any) -> None:
    jobs = context.JoinableQueue(4)
    child = context.Process(target=take_and_die, args=(jobs,))
    child.start()
    for number in range(20):
        jobs.put(number)
    child.join()


@stands("MP611")
def one_sentinel_for_three(context: Any) -> None:
    jobs = context.Queue()
    workers = [context.Process(target=take_all, args=(jobs,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for number in range(30):
        jobs.put(number)
    jobs.put(None)
    for worker in workers:
        worker.join()


@stands("MP611")
def no_sentinel(context: Any) -> None:
    jobs = context.SimpleQueue()
    child = context.Process(target=take_all, args=(jobs,))
    child.start()
    jobs.put("only this")
    child.join()


def take_without_telling(jobs: Any) -> None:
    """Take, and never say that it is done."""
    on_time()
    while True:
        jobs.get()


@stands("MP309")
def never_done(context: Any) -> None:
    jobs = context.JoinableQueue()
    context.Process(target=take_without_telling, args=(jobs,), daemon=True).start()
    for number in range(5):
        jobs.put(number)
    jobs.join()


@stands("MP612")
def main_has_ended(context: Any) -> None:
    KEPT.append(context.Queue())
    context.Process(target=take_all, args=(KEPT[0],)).start()
    KEPT[0].put("last")
    time.sleep(1.5)  # the end of the program takes away what the child has not opened yet


#: Queues that outlive the function that made them.
KEPT: list[Any] = []


def lose(results: Any) -> None:
    """Put what cannot be pickled: the feeder thread says so on stderr, and drops it."""
    on_time()
    results.put(threading.Lock())


@stands("MP606", "MP611")
def result_that_cannot_be_pickled(context: Any) -> None:
    results = context.Queue()
    child = context.Process(target=lose, args=(results,))
    child.start()
    print(results.get())
    child.join()


# --- threads and fork


LOCK = threading.Lock()


def hold_lock(seconds: float) -> None:
    with LOCK:
        time.sleep(seconds)


def with_lock() -> None:
    on_time()
    with LOCK:
        pass


@stands("MP603", methods=FORK)
def lock_held_at_fork(context: Any) -> None:
    threading.Thread(target=hold_lock, args=(1.0,)).start()
    time.sleep(0.2)
    child = context.Process(target=with_lock)
    child.start()
    child.join()


THREADS = futures.ThreadPoolExecutor(2)


def use_threads(number: int) -> int:
    on_time()
    return THREADS.submit(abs, number).result()


@stands("MP603", methods=FORK)
def inherited_thread_pool(context: Any) -> None:
    list(THREADS.map(abs, range(4)))
    with futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        print(list(pool.map(use_threads, range(4))))


def print_much(log: Any) -> None:
    """Hold the buffer's lock all the time."""
    while True:
        log.write("x" * 200_000)
        log.flush()


def write_log(log: Any) -> None:
    on_time()
    log.write("from the child\n")
    log.flush()


@stands("MP603", methods=FORK)
def buffer_held_at_fork(context: Any) -> None:
    reader, writer = os.pipe()
    log = os.fdopen(writer, "w")
    threading.Thread(target=print_much, args=(log,), daemon=True).start()
    time.sleep(0.3)  # it waits in write(), with the lock of the buffer
    child = context.Process(target=write_log, args=(log,))
    child.start()
    threading.Thread(target=read_all, args=(reader,), daemon=True).start()
    child.join()


# --- pipes


def recv_until_end(reader: Any) -> None:
    """Receive until the end of file."""
    on_time()
    while True:
        try:
            reader.recv()
        except EOFError:
            return


@stands("MP604", methods=FORK)
def siblings_hold_the_end(context: Any) -> None:
    channels = [context.Pipe(duplex=False) for _ in range(3)]
    workers = [context.Process(target=recv_until_end, args=(reader,)) for reader, _ in channels]
    for worker in workers:
        worker.start()
    for _, writer in channels:
        writer.send("job")
        writer.close()
    for worker in workers:
        worker.join()


@stands("MP604")
def parent_holds_the_end(context: Any) -> None:
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=recv_until_end, args=(reader,))
    child.start()
    writer.send("job")
    child.join()


def read_all(descriptor: int) -> None:
    on_time()
    while os.read(descriptor, 100):
        pass


@stands("MP604", methods=FORK)
def raw_pipe_left_open(context: Any) -> None:
    reader, writer = os.pipe()
    child = context.Process(target=read_all, args=(reader,))
    child.start()
    os.write(writer, b"job")
    os.close(writer)
    child.join()


def ask_first(connection: Any) -> None:
    """Wait for a request, like the other side."""
    on_time()
    connection.send(connection.recv() + 1)


@stands("MP614")
def both_receive_first(context: Any) -> None:
    here, there = context.Pipe()
    child = context.Process(target=ask_first, args=(there,))
    child.start()
    there.close()
    print(here.recv())
    child.join()


def get_then_put(source: Any, sink: Any) -> None:
    on_time()
    sink.put(source.get())


@stands("MP614", "MP611")
def both_get_first(context: Any) -> None:
    one, other = context.Queue(), context.Queue()
    workers = [context.Process(target=get_then_put, args=pair) for pair in ((one, other), (other, one))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def send_much(connection: Any) -> None:
    on_time()
    connection.send_bytes(bytes(1_000_000))


@stands("MP615")
def connection_joined_first(context: Any) -> None:
    here, there = context.Pipe()
    child = context.Process(target=send_much, args=(there,))
    child.start()
    child.join()
    here.recv_bytes()


@stands("MP615", methods=ONE)
def program_output_unread(_context: Any) -> None:
    code = f"import signal; signal.alarm({DEADLINE}); print('x' * 300_000)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    child.wait()
    print(len(child.stdout.read()) if child.stdout else 0)


# --- locks


def hold_and_die(lock: Any) -> None:
    on_time()
    lock.acquire()
    os.kill(os.getpid(), signal.SIGKILL)


@stands("MP609")
def lock_holder_killed(context: Any) -> None:
    lock = context.Lock()
    child = context.Process(target=hold_and_die, args=(lock,))
    child.start()
    child.join()
    with lock:
        print("never")


def get_for_ever(jobs: Any, begun: Any) -> None:
    on_time()
    begun.set()
    jobs.get()


@stands("MP609")
def killed_in_get(context: Any) -> None:
    jobs, begun = context.Queue(), context.Event()
    child = context.Process(target=get_for_ever, args=(jobs, begun))
    child.start()
    begun.wait()
    time.sleep(0.5)
    child.kill()
    child.join()
    jobs.put(1)
    print(jobs.get())


def take_two(first: Any, second: Any, barrier: Any) -> None:
    on_time()
    with first:
        barrier.wait()
        with second:
            pass


@stands("MP610")
def opposite_orders(context: Any) -> None:
    one, other, barrier = context.Lock(), context.RLock(), context.Barrier(2)
    workers = [context.Process(target=take_two, args=(*pair, barrier)) for pair in ((one, other), (other, one))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def meet(barrier: Any) -> None:
    on_time()
    barrier.wait()


@stands("MP617")
def barrier_for_too_many(context: Any) -> None:
    barrier = context.Barrier(4)
    workers = [context.Process(target=meet, args=(barrier,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def wait_for_notice(condition: Any) -> None:
    on_time()
    with condition:
        condition.wait()


@stands("MP617")
def condition_never_notified(context: Any) -> None:
    condition = context.Condition()
    child = context.Process(target=wait_for_notice, args=(condition,))
    child.start()
    child.join()


@stands("MP617", methods=ONE)
def thread_event_never_set(_context: Any) -> None:
    thread = threading.Thread(target=threading.Event().wait)
    thread.start()
    thread.join()


@stands("MP617", methods=ONE)
def thread_queue_never_filled(_context: Any) -> None:
    queue.Queue[int]().get()


# --- pools


def crash(number: int) -> int:
    on_time()
    if number == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    return number


@stands("MP605")
def pool_worker_crashed(context: Any) -> None:
    with context.Pool(2) as pool:
        print(pool.map(crash, range(8), chunksize=1))


def leave(number: int) -> int:
    on_time()
    if number == 3:
        os._exit(0)
    return number


@stands("MP605", "MP416")
def pool_task_exits(context: Any) -> None:
    with context.Pool(2) as pool:
        print([each.get() for each in [pool.apply_async(leave, (number,)) for number in range(8)]])


class Rejected(Exception):
    """Cannot be rebuilt: it wants two arguments and keeps one."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"{line}: {reason}")


def reject(line: int) -> int:
    on_time()
    if line == 5:
        raise Rejected(line, "odd")
    return line


@stands("MP606")
def exception_that_cannot_be_rebuilt(context: Any) -> None:
    with context.Pool(2) as pool:
        print(list(pool.imap(reject, range(10))))


@stands("MP411")
def pool_terminated(context: Any) -> None:
    with context.Pool(2) as pool:
        result = pool.map_async(time.sleep, [0.5] * 8)
    print(result.get())


def refuse() -> None:
    on_time()
    raise RuntimeError("no licence")


@stands("MP107")
def initializer_fails(context: Any) -> None:
    with context.Pool(2, initializer=refuse) as pool:
        print(pool.map(abs, range(4)))


def divide(numbers: list[int]) -> int:
    """Hand halves to the pool that this task runs in."""
    if len(numbers) < 2:
        return sum(numbers)
    half = len(numbers) // 2
    parts = [SELF.submit(divide, part) for part in (numbers[:half], numbers[half:])]
    return sum(part.result() for part in parts)


SELF = futures.ThreadPoolExecutor(2)


@stands("MP419", methods=ONE)
def tasks_wait_for_their_own_executor(_context: Any) -> None:
    print(SELF.submit(divide, list(range(16))).result())


@stands("MP413", methods=ONE)
def tasks_wait_for_their_own_pool(_context: Any) -> None:
    pool = ThreadPool(1)
    print(pool.apply(lambda: pool.apply(abs, (3,))))


@stands("MP419", methods=ONE)
def futures_wait_for_each_other(_context: Any) -> None:
    with futures.ThreadPoolExecutor(2) as pool:
        ready: queue.Queue[Any] = queue.Queue()
        first = pool.submit(lambda: ready.get().result())
        second = pool.submit(first.result)
        ready.put(second)
        print(second.result())


@stands("MP415")
def waits_for_cancelled(context: Any) -> None:
    pool = futures.ProcessPoolExecutor(1, mp_context=context)
    pending = [pool.submit(time.sleep, 0.2) for _ in range(12)]
    pool.shutdown(wait=True, cancel_futures=True)
    futures.wait(pending)


@stands("MP419", "MP617", methods=ONE)
def loop_waits_for_a_thread(_context: Any) -> None:
    """A coroutine waits for a thread, which waits for an event that the loop would set."""
    asyncio.run(in_thread())


async def in_thread() -> None:
    event = threading.Event()
    await asyncio.get_running_loop().run_in_executor(None, event.wait)
    event.set()


# --- the system


def never_tell(_answer: Any) -> None:
    on_time()
    time.sleep(DEADLINE)


@stands("MP302")
def asks_for_ever(context: Any) -> None:
    answer = context.Value("i", 0)
    context.Process(target=never_tell, args=(answer,)).start()
    while not answer.value:
        pass


@stands("MP616")
def worker_stopped(context: Any) -> None:
    child = context.Process(target=time.sleep, args=(DEADLINE,), daemon=True)
    child.start()
    os.kill(child.pid, signal.SIGSTOP)
    child.join()


# --- many


@stands("MP611", methods=FORK)
def crowd(context: Any) -> None:
    jobs = context.Queue()
    workers = [context.Process(target=take_all, args=(jobs,)) for _ in range(500)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


# --- healthy


def nap(seconds: float) -> float:
    on_time()
    time.sleep(seconds)
    return seconds


@stands()
def long_sleeps_in_tasks(context: Any) -> None:
    with context.Pool(2) as pool:
        pool.map(nap, [DEADLINE] * 4)


@stands()
def workers_replaced(context: Any) -> None:
    with context.Pool(2, maxtasksperchild=1) as pool:
        pool.map(nap, [0.2] * 1000, chunksize=1)


def compute(limit: int) -> int:
    on_time()
    end = time.monotonic() + DEADLINE
    total = 0
    while time.monotonic() < end:
        total = sum(range(limit))
    return total


@stands()
def big_computation(context: Any) -> None:
    with futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(compute, [1000, 2000]))


def read_slowly(path: str) -> int:
    """A little every now and then."""
    on_time()
    size, end = 0, time.monotonic() + DEADLINE
    while time.monotonic() < end:
        size += len(Path(path).read_bytes())
        time.sleep(0.3)
    return size


@stands()
def slow_input_output(context: Any) -> None:
    child = context.Process(target=read_slowly, args=(__file__,))
    child.start()
    child.join()


def answer(requests: Any, replies: Any) -> None:
    on_time()
    for request in iter(requests.get, None):
        replies.put(request)


@stands()
def idle_server(context: Any) -> None:
    requests, replies = context.Queue(), context.Queue()
    workers = [context.Process(target=answer, args=(requests, replies), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    server = socket.create_server(("127.0.0.1", 0))
    server.accept()


@stands()
def waits_for_a_timer(context: Any) -> None:
    done = context.Event()
    threading.Timer(DEADLINE, done.set).start()
    child = context.Process(target=done.wait, daemon=True)
    child.start()
    child.join()


@stands(methods=ONE)
def idle_loop(_context: Any) -> None:
    async def serve() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        async with server:
            await server.serve_forever()

    asyncio.run(serve())


@stands()
def slow_producer(context: Any) -> None:
    jobs = context.Queue()
    child = context.Process(target=take_all, args=(jobs,))
    child.start()
    time.sleep(DEADLINE)
    jobs.put(None)
    child.join()


@stands()
def waits_for_input(context: Any) -> None:
    jobs = context.Queue()
    context.Process(target=take_all, args=(jobs,)).start()
    jobs.put(input())
    jobs.put(None)


def hear() -> None:
    """Wait for a datagram from anywhere."""
    on_time()
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.recv(100)


@stands()
def waits_for_a_peer(context: Any) -> None:
    child = context.Process(target=hear)
    child.start()
    child.join()


@stands()
def manager_is_asked_seldom(context: Any) -> None:
    with context.Manager() as manager:
        shared = manager.dict()
        child = context.Process(target=fill_slowly, args=(shared,))
        child.start()
        child.join()


def fill_slowly(shared: Any) -> None:
    on_time()
    for number in range(DEADLINE):
        shared[number] = number
        time.sleep(1.0)


if __name__ == "__main__":
    on_time()
    CASES[sys.argv[1]].run(mp.get_context(sys.argv[2]))
