"""Pools that probes give work to: every worker up before the clock runs, all of them gone afterwards.

It runs inside the measured interpreter: standard library only.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent import futures
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any, Optional

from mpdiag import work
from mpdiag.bench import CHILD_DEADLINE, UNAVAILABLE, Bench, DeadlineExceeded

#: Kinds of pool, named after what the library calls them.
EXECUTOR, POOL, THREADS = "ProcessPoolExecutor", "Pool", "ThreadPoolExecutor"
#: Seconds that one batch of short tasks may take: a killed worker of a `Pool` shows in nothing but silence.
BATCH_DEADLINE = 5.0
#: Seconds that each worker is held by the tasks which show that it is up.
PAUSE = 0.002


@dataclass
class Warm:
    """A pool whose workers are all up.

    Attributes:
        kind: `EXECUTOR`, `POOL` or `THREADS`.
        handle: the library's object.
        start_s: seconds from asking for it until its last worker had answered.
        processes: its workers; none for threads.
        broken: why it is of no use any more; empty while it is.
    """

    kind: str
    handle: Any
    workers: int
    start_s: float = 0.0
    processes: tuple[BaseProcess, ...] = ()
    broken: str = ""

    def cpu(self) -> Optional[float]:
        """CPU seconds that the worker processes have used so far; None where the system does not tell."""
        readings = [cpu_of(process) for process in self.processes]
        known = [reading for reading in readings if reading is not None]
        return sum(known) if len(known) == len(readings) else None

    @contextmanager
    def guarded(self) -> Iterator[Any]:
        """The handle, for one batch; what a late or broken pool raises becomes what the bench leaves out with a note.

        Raises:
            DeadlineExceeded: a result did not come in time.
            OSError: a worker died, or the system gave no more threads.
        """
        if self.broken:
            raise OSError(self.broken)
        try:
            yield self.handle
        except (multiprocessing.TimeoutError, futures.TimeoutError) as late:
            self.broken = f"a {self.kind} gave no result within {BATCH_DEADLINE:g} s"
            raise DeadlineExceeded(self.broken) from late
        except RuntimeError as error:
            self.broken = f"a {self.kind} broke: {str(error) or type(error).__name__}"
            raise OSError(self.broken) from error

    def map(self, function: Any, items: Iterable[Any], chunksize: int = 1) -> list[Any]:
        """All results of ``function`` over ``items``, in their order; to be called while `guarded`."""
        if self.kind == POOL:
            results: list[Any] = self.handle.map_async(function, items, chunksize).get(BATCH_DEADLINE)
            return results
        return list(self.handle.map(function, items, timeout=BATCH_DEADLINE, chunksize=chunksize))


class Pools:
    """Pools of the default start method, each opened when it is first asked for; use as a context manager."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._stack = ExitStack()
        self._opened: dict[tuple[str, int], Warm] = {}
        self._denied: dict[tuple[str, int], str] = {}

    def __enter__(self) -> Pools:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def warm(self, kind: str, workers: int) -> Warm:
        """The pool of ``kind`` with so many workers, all of them up.

        Raises:
            OSError: it cannot be had; a pool that was denied once is not tried again.
        """
        key = kind, workers
        if key in self._denied:
            raise OSError(self._denied[key])
        if key not in self._opened:
            try:
                self._opened[key] = self._stack.enter_context(opened(self._bench, kind, workers))
            except UNAVAILABLE as error:
                self._denied[key] = str(error) or type(error).__name__
                raise
        return self._opened[key]


@contextmanager
def opened(bench: Bench, kind: str, workers: int) -> Iterator[Warm]:
    """A new pool with all its workers up; it is closed on leaving, whatever happened."""
    before = set(multiprocessing.active_children())
    begun = bench.clock()
    warm = Warm(kind, None, workers)
    try:
        with warm.guarded():
            warm.handle = create(bench, kind, workers)
            wake(warm)
        warm.start_s = bench.clock() - begun
        warm.processes = started_since(before)
        yield warm
    finally:
        close(warm.handle, warm.processes or started_since(before))


def create(bench: Bench, kind: str, workers: int) -> Any:
    """The library's pool of ``kind``; its workers may be on their way only."""
    if kind == THREADS:
        return futures.ThreadPoolExecutor(workers)
    if kind == POOL:
        return bench.context().Pool(workers)
    return futures.ProcessPoolExecutor(workers, mp_context=bench.context())


def wake(warm: Warm) -> None:
    """Hand out short tasks until every worker has done one."""
    end = time.monotonic() + CHILD_DEADLINE
    seen: set[tuple[int, int]] = set()
    while len(seen) < warm.workers:
        if time.monotonic() > end:
            raise DeadlineExceeded(f"{len(seen)} of {warm.workers} workers came up within {CHILD_DEADLINE:g} s")
        seen.update(warm.map(work.present, [PAUSE] * warm.workers))


def started_since(before: set[BaseProcess]) -> tuple[BaseProcess, ...]:
    """The children that were not there ``before``."""
    return tuple(process for process in multiprocessing.active_children() if process not in before)


def close(handle: Any, processes: Iterable[BaseProcess]) -> None:
    """Close a pool for good; workers that do not end in time are killed, so that waiting for them ends."""
    watchdog = threading.Timer(CHILD_DEADLINE, kill, (processes,))
    with suppress(RuntimeError):  # no more threads: then without
        watchdog.start()
    try:
        if isinstance(handle, futures.Executor):
            handle.shutdown(wait=True, cancel_futures=True)
        elif handle is not None:
            handle.terminate()
            handle.join()
    finally:
        watchdog.cancel()
        if watchdog.is_alive():
            watchdog.join()


def kill(processes: Iterable[BaseProcess]) -> None:
    """Kill what of ``processes`` still runs."""
    for process in processes:
        if process.is_alive():
            process.kill()


def cpu_of(process: BaseProcess) -> Optional[float]:
    """CPU seconds that another process has used; None where the system does not tell.

    Linux gives the clock of process p the number ``~p << 3 | 2``, see clock_getcpuclockid(3) and the kernel's
    include/linux/posix-timers.h. A process killed meanwhile has none.
    """
    if sys.platform != "linux" or process.pid is None:
        return None
    try:
        return time.clock_gettime(~process.pid << 3 | 2)
    except OSError:
        return None
