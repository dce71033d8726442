"""Programs that use multiprocessing hard; benchmarks/overhead.py runs them bare and under mpdiag.

``python loads.py NAME COUNT TIMES FILE [START_METHOD]`` does the work several times, each with new queues, locks and
processes, and writes to FILE how many seconds that took, imports and interpreter start aside. Runs on Python 3.9 and
newer.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

#: Processes that work at once.
WORKERS = 2


def queue(context: Any, count: int) -> None:
    """Small messages through a Queue."""
    messages = context.Queue()
    writer = context.Process(target=put_all, args=(messages, count))
    writer.start()
    for _ in range(count):
        messages.get()
    writer.join()


def put_all(messages: Any, count: int) -> None:
    """The writing end of a Queue."""
    for number in range(count):
        messages.put(number)


def pipe(context: Any, count: int) -> None:
    """Small messages through a Pipe."""
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=send_all, args=(writer, count))
    process.start()
    for _ in range(count):
        reader.recv()
    process.join()


def send_all(writer: Any, count: int) -> None:
    """The writing end of a Pipe."""
    for number in range(count):
        writer.send(number)


def pool_imap(context: Any, count: int) -> None:
    """Tiny tasks, one at a time."""
    with context.Pool(WORKERS) as pool:
        assert sum(pool.imap(double, range(count))) == count * (count - 1)


def executor_submit(context: Any, count: int) -> None:
    """Tiny tasks, one at a time, as futures."""
    with ProcessPoolExecutor(WORKERS, mp_context=context) as pool:
        futures = [pool.submit(double, number) for number in range(count)]
        assert sum(future.result() for future in futures) == count * (count - 1)


def double(number: int) -> int:
    """Next to nothing."""
    return 2 * number


def calls(context: Any, count: int) -> None:
    """Work that calls many Python functions."""
    with context.Pool(WORKERS) as pool:
        assert set(pool.map(fibonacci, [22] * count)) == {17711}


def fibonacci(number: int) -> int:
    """The slow way."""
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


def pickles(context: Any, count: int) -> None:
    """Dicts of some 20 MB in all, there and back."""
    rows = [{"key": str(number), "value": number, "parts": [number] * 10} for number in range(count)]
    with context.Pool(WORKERS) as pool:
        for _ in range(4):
            assert sum(map(len, pool.map(same, [rows[::WORKERS], rows[1::WORKERS]]))) == count


def same(rows: list[Any]) -> list[Any]:
    """The argument."""
    return rows


def processes(context: Any, count: int) -> None:
    """Short processes, two at a time."""
    for _ in range(count // WORKERS):
        some = [context.Process(target=double, args=(1,)) for _ in range(WORKERS)]
        for process in some:
            process.start()
        for process in some:
            process.join()


def ping_pong(context: Any, count: int) -> None:
    """Two processes that hand a turn to each other: every acquire has to wait."""
    mine, others = context.Semaphore(1), context.Semaphore(0)
    process = context.Process(target=take_turns, args=(others, mine, count))
    process.start()
    take_turns(mine, others, count)
    process.join()


def ping_pong_on_one_cpu(context: Any, count: int) -> None:
    """The same where handing over takes the least: neither has to be woken on another CPU."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    ping_pong(context, count)


def take_turns(mine: Any, others: Any, count: int) -> None:
    """Wait for a turn and pass it on."""
    for _ in range(count):
        mine.acquire()
        others.release()


def value(context: Any, count: int) -> None:
    """A shared number, counted up under its lock by two processes."""
    total = context.Value("q", 0)
    process = context.Process(target=count_up, args=(total, count))
    process.start()
    count_up(total, count)
    process.join()
    assert total.value == 2 * count


def count_up(total: Any, count: int) -> None:
    """Add ones."""
    for _ in range(count):
        with total.get_lock():
            total.value += 1


LOADS: dict[str, Callable[[Any, int], None]] = {
    load.__name__: load
    for load in (
        queue,
        pipe,
        pool_imap,
        executor_submit,
        calls,
        pickles,
        processes,
        ping_pong,
        ping_pong_on_one_cpu,
        value,
    )
}


def main() -> None:
    """Run one of them."""
    begun = time.perf_counter()
    name, count, times, file, *method = sys.argv[1:]
    for _ in range(int(times)):
        LOADS[name](multiprocessing.get_context(*method), int(count))
    Path(file).write_text(repr(time.perf_counter() - begun), encoding="utf-8")


if __name__ == "__main__":
    main()
