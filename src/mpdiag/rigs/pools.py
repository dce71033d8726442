"""Pools that probes give work to: every worker up before the clock runs, all of them gone afterwards.

It runs inside the measured interpreter: standard library only.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any

from mpdiag import work
from mpdiag.bench import CHILD_DEADLINE, UNAVAILABLE, Bench, Case, DeadlineExceeded, Quantities

#: Kinds of pool, named after what the library calls them; the last is new in Python 3.14.
EXECUTOR, POOL, THREADS = "ProcessPoolExecutor", "Pool", "ThreadPoolExecutor"
INTERPRETERS = "InterpreterPoolExecutor"
#: Seconds that one batch of short tasks may take: a killed worker of a `Pool` shows in nothing but silence.
BATCH_DEADLINE = 5.0
#: Seconds that a pool whose workers were killed may take to notice.
PATIENCE = 1.0
#: Seconds that a worker is held by the task which shows that it is up, so that the others get theirs; more if needed.
PAUSE, MOST_PAUSE = 0.002, 0.05


#: One way to give all items to a pool and to take their results.
Way = Callable[["Warm", Any, Sequence[Any]], object]


@dataclass(frozen=True)
class Staff:
    """What the workers of a pool are to be; by default, what the library makes of them.

    Attributes:
        method: the start method of processes; None for the interpreter's default.
        initializer: called in each worker as it begins.
        brings: what a worker must have unpickled, and so imported, before it counts as up.
        deadline: seconds that a batch may take; None for `BATCH_DEADLINE`.
        patience: seconds in which all workers have to be up.
    """

    method: str | None = None
    initializer: Callable[[], object] | None = None
    brings: Any = None
    deadline: float | None = None
    patience: float = CHILD_DEADLINE


@dataclass
class Warm:
    """A pool whose workers are all up.

    Attributes:
        kind: `EXECUTOR`, `POOL` or `THREADS`.
        handle: the library's object.
        start_s: seconds from asking for it until its last worker was up.
        processes: its workers; none for threads.
        staff: what its workers are.
        broken: why it is of no use any more; empty while it is.
    """

    kind: str
    handle: Any
    workers: int
    start_s: float = 0.0
    processes: tuple[BaseProcess, ...] = ()
    staff: Staff = Staff()
    broken: str = ""

    @property
    def deadline(self) -> float:
        """Seconds that a batch may take."""
        return self.staff.deadline or BATCH_DEADLINE

    def cpu(self) -> float | None:
        """CPU seconds that the worker processes have used so far; None for threads and where the system is silent."""
        readings = [cpu_of(process) for process in self.processes]
        known = [reading for reading in readings if reading is not None]
        return sum(known) if known and len(known) == len(readings) else None

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
            self.broken = f"a {self.kind} gave no result within {self.deadline:.3g} s"
            raise DeadlineExceeded(self.broken) from late
        except RuntimeError as error:
            self.broken = f"a {self.kind} broke: {str(error) or type(error).__name__}"
            raise OSError(self.broken) from error

    def map(self, function: Any, items: Iterable[Any], chunksize: int = 1) -> list[Any]:
        """All results of ``function`` over ``items``, in their order; to be called while `guarded`."""
        if self.kind == POOL:
            results: list[Any] = self.handle.map_async(function, items, chunksize).get(self.deadline)
            return results
        return list(self.handle.map(function, items, timeout=self.deadline, chunksize=chunksize))


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

    def batches(self, kind: str, workers: int, hand_out: Callable[[Warm], int]) -> Case:
        """A case whose rounds are one batch each, on the pool of ``kind`` with so many workers.

        Args:
            kind: what to open, if it is not open yet.
            workers: how many.
            hand_out: gives one batch to the pool, takes its results, and returns how many tasks it had.

        Returns:
            Rounds of ``task``, ``parent`` and, where the system tells, ``workers``: per task, the wall time, the CPU
            seconds of this process and those of the worker processes.
        """
        return lambda: nullcontext(partial(self._batch, self.warm(kind, workers), hand_out))

    def _batch(self, warm: Warm, hand_out: Callable[[Warm], int]) -> Quantities:
        with warm.guarded():
            workers, own, begun = warm.cpu(), time.process_time(), self._bench.clock()
            tasks = hand_out(warm)
            wall, parent = self._bench.clock() - begun, time.process_time() - own
            after = warm.cpu()
        quantities = {"task": wall / tasks, "parent": parent / tasks}
        if workers is not None and after is not None:
            quantities["workers"] = (after - workers) / tasks
        return quantities


# --- ways to hand out tasks


def submit_all(warm: Warm, function: Any, items: Sequence[Any]) -> None:
    """Submit every task, then take the results."""
    for future in [warm.handle.submit(function, item) for item in items]:
        future.result(BATCH_DEADLINE)


def map_by(chunksize: int | None, warm: Warm, function: Any, items: Sequence[Any]) -> None:
    """All at once by map; None leaves the chunksize to the library."""
    if chunksize is None:
        warm.handle.map_async(function, items).get(BATCH_DEADLINE)
    else:
        warm.map(function, items, chunksize)


def iterate(name: str, warm: Warm, function: Any, items: Sequence[Any]) -> None:
    """By ``imap`` or ``imap_unordered``."""
    results = getattr(warm.handle, name)(function, items)
    for _ in items:
        results.next(BATCH_DEADLINE)


def apply_each(warm: Warm, function: Any, items: Sequence[Any]) -> None:
    """One task after the other: Pool.apply() is this, without the deadline."""
    for item in items:
        warm.handle.apply_async(function, (item,)).get(BATCH_DEADLINE)


def apply_all(warm: Warm, function: Any, items: Sequence[Any]) -> None:
    """Hand out every task, then take the results."""
    for result in [warm.handle.apply_async(function, (item,)) for item in items]:
        result.get(BATCH_DEADLINE)


# --- opening and closing


@contextmanager
def opened(bench: Bench, kind: str, workers: int, staff: Staff = Staff()) -> Iterator[Warm]:
    """A new pool with all its workers up; it is closed on leaving, whatever happened."""
    before = set(multiprocessing.active_children())
    begun = bench.clock()
    warm = Warm(kind, None, workers, staff=staff)
    try:
        with warm.guarded():
            warm.handle = create(bench, kind, workers, staff)
            held = wake(warm)
        warm.start_s = bench.clock() - begun - held
        warm.processes = started_since(before)
        yield warm
    finally:
        warm.processes = warm.processes or started_since(before)
        close(warm)


def create(bench: Bench, kind: str, workers: int, staff: Staff = Staff()) -> Any:
    """The library's pool of ``kind``; its workers may be on their way only."""
    if kind == POOL:
        return bench.context(staff.method).Pool(workers, staff.initializer)
    if kind == EXECUTOR:
        context = bench.context(staff.method)
        return futures.ProcessPoolExecutor(workers, mp_context=context, initializer=staff.initializer)
    return getattr(futures, kind)(workers, initializer=staff.initializer)


def wake(warm: Warm) -> float:
    """Hand out short tasks until every worker has done one; the seconds that the tasks held them up."""
    patience = warm.staff.patience
    end = time.monotonic() + patience
    seen: set[tuple[int, int]] = set()
    pause = held = 0.0
    while len(seen) < warm.workers:
        if time.monotonic() > end:
            raise DeadlineExceeded(f"{len(seen)} of {warm.workers} workers came up within {patience:.3g} s")
        pause = min(2 * pause or PAUSE, MOST_PAUSE)
        held += pause
        ready = partial(work.present, brought=warm.staff.brings)
        seen.update(warm.map(ready, [pause] * warm.workers))
    return held


def started_since(before: set[BaseProcess]) -> tuple[BaseProcess, ...]:
    """The children that were not there ``before``."""
    return tuple(process for process in multiprocessing.active_children() if process not in before)


def close(warm: Warm) -> None:
    """Close a pool for good, in bounded time: what does not end is killed, what still hangs is left to itself.

    A worker that is killed while it fetches a task takes the lock of the task queue with it, and `Pool.terminate`
    then waits for ever: that is why it runs in a thread which nobody has to join.
    """
    closing = threading.Thread(target=release, args=(warm.handle,), daemon=True)
    try:
        closing.start()
    except RuntimeError:  # no more threads
        release(warm.handle)
        return
    if not warm.broken:
        closing.join(CHILD_DEADLINE)
    if closing.is_alive():
        kill(warm.processes)
        closing.join(PATIENCE)


def release(handle: Any) -> None:
    """End the library's pool and wait for its workers; its tasks are of no interest any more."""
    if isinstance(handle, futures.Executor):
        handle.shutdown(wait=True, cancel_futures=True)
    elif handle is not None:
        handle.terminate()
        handle.join()


def kill(processes: Iterable[BaseProcess]) -> None:
    """Kill what of ``processes`` still runs."""
    for process in processes:
        if process.is_alive():
            process.kill()


def cpu_of(process: BaseProcess) -> float | None:
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
