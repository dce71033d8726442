"""A program that knows where its time goes: ``python program.py KIND START_METHOD UNIT FILE``.

Every doing takes a set time, a few units: busy loops of so much CPU time, sleeps, a module that is slow to import,
objects that are slow to pickle or to unpickle, a lock that the other side holds for so long, a worker left without
tasks. The true split, in seconds by bucket, goes to FILE as JSON; nothing else is looked at but the clock.
"""

from __future__ import annotations

import time

BEGAN = time.monotonic()

import json  # noqa: E402 - the import of this module is part of the truth
import multiprocessing  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from concurrent.futures import ProcessPoolExecutor  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from multiprocessing.util import Finalize  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

IMPORTED_BY = os.getpid()

IMPORTED = time.monotonic()

#: What a worker may do; what it did not takes no time.
WORKER = (
    "start",
    "import",
    "initializer",
    "wait_task",
    "unpickle",
    "cpu",
    "off_cpu",
    "lock",
    "pickle",
    "send",
    "recv",
    "join",
    "exit",
)
#: What is known of the main process: the rest of its time goes into starting Python and children.
MAIN = ("cpu", "off_cpu", "pickle", "recv", "join", "lock")

#: Seconds by bucket, of this process.
SPENT: dict[str, float] = dict.fromkeys(WORKER, 0.0)


@contextmanager
def spending(bucket: str) -> Iterator[None]:
    """Add the wall time of the block to ``bucket``."""
    begun = time.monotonic()
    try:
        yield
    finally:
        SPENT[bucket] += time.monotonic() - begun


def burn(seconds: float) -> None:
    """Use up so much CPU time."""
    begun = time.thread_time()
    while time.thread_time() - begun < seconds:
        pass


def compute(seconds: float) -> None:
    """Work: what counts is CPU time, not how long the machine took to grant it."""
    burn(seconds)
    SPENT["cpu"] += seconds


def pause(seconds: float) -> None:
    """Wait for nothing."""
    with spending("off_cpu"):
        time.sleep(seconds)


class Heavy:
    """An object that is slow to pickle, to unpickle, or both."""

    def __init__(self, pickling: float, unpickling: float) -> None:
        self.pickling = pickling
        self.unpickling = unpickling

    def __reduce__(self) -> tuple[Any, ...]:
        with spending("pickle"):
            burn(self.pickling)
        return rebuilt, (self.unpickling,)


def rebuilt(seconds: float) -> float:
    """What a `Heavy` is unpickled to."""
    with spending("unpickle"):
        burn(seconds)
    return seconds


def notes_of_workers(file: str) -> list[dict[str, Any]]:
    """What the workers left."""
    path = Path(file)
    return [json.loads(each.read_text(encoding="utf-8")) for each in path.parent.glob(f"{path.name}.*")]


def note_at_exit(file: str, began: float) -> None:
    """Leave this worker's notes when it begins to exit."""

    def leave() -> None:
        notes = {"pid": os.getpid(), "began": began, "imported": imported_s(), "left": time.monotonic(), "spent": SPENT}
        Path(f"{file}.{os.getpid()}").write_text(json.dumps(notes), encoding="utf-8")

    for bucket in SPENT:  # a forked worker inherits those of its parent
        SPENT[bucket] = 0.0
    Finalize(None, leave, exitpriority=1)


def imported_s() -> float:
    """How long this module took to import here; a forked worker did not have to."""
    return IMPORTED - BEGAN if os.getpid() == IMPORTED_BY else 0.0


# --- a process of its own


def alone(context: Any, unit: float, file: str) -> list[dict[str, Any]]:
    """A `Process` that talks to its parent through a pipe and waits for a lock; the parent is looked at as well."""
    ours, theirs = context.Pipe()
    lock = context.Lock()
    with spending("lock"):
        lock.acquire()
    process = context.Process(target=talk, args=(theirs, lock, unit, file))
    asked = time.monotonic()
    process.start()
    compute(2 * unit)
    with spending("recv"):
        ours.recv()
    pause(2 * unit)
    lock.release()
    pause(2 * unit)
    ours.send(Heavy(unit, unit))
    with spending("join"):
        process.join()
    ended = time.monotonic()
    (notes,) = notes_of_workers(file)
    main = {bucket: SPENT[bucket] for bucket in MAIN}
    return [worker(notes, asked, ended), {"role": "main", "pid": os.getpid(), "life": ended - BEGAN, "buckets": main}]


def talk(connection: Connection, lock: Any, unit: float, file: str) -> None:
    """The target of the process."""
    note_at_exit(file, time.monotonic())
    with spending("import"):
        import slow_import  # type: ignore[import-not-found]  # noqa: F401
    compute(3 * unit)
    pause(2 * unit)
    connection.send(Heavy(unit, 0.0))
    with spending("lock"):
        lock.acquire()
    with spending("recv"):
        connection.recv()
    SPENT["recv"] -= SPENT["unpickle"]


# --- a worker of a pool


def pool(context: Any, unit: float, file: str) -> list[dict[str, Any]]:
    """The only worker of a `Pool`."""
    asked = time.monotonic()
    with context.Pool(1, initialize, (unit, file)) as workers:
        for _ in range(2):
            time.sleep(3 * unit)
            workers.apply_async(task, (Heavy(0.0, unit), unit)).get()
        time.sleep(2 * unit)
        workers.close()
        workers.join()
        ended = time.monotonic()
    return [worker(notes, asked, ended) for notes in notes_of_workers(file)]


def executor(context: Any, unit: float, file: str) -> list[dict[str, Any]]:
    """The only worker of a `ProcessPoolExecutor`."""
    asked = time.monotonic()
    with ProcessPoolExecutor(1, mp_context=context, initializer=initialize, initargs=(unit, file)) as workers:
        for _ in range(2):
            workers.submit(task, Heavy(0.0, unit), unit).result()
            time.sleep(3 * unit)
    ended = time.monotonic()
    return [worker(notes, asked, ended) for notes in notes_of_workers(file)]


def initialize(unit: float, file: str) -> None:
    """The initializer: what follows and is not noted is a worker's wait for tasks."""
    note_at_exit(file, time.monotonic())
    with spending("initializer"):
        time.sleep(unit)
        burn(unit)
    SPENT["wait_task"] = -time.monotonic()


def task(_heavy: object, unit: float) -> Heavy:
    """A task: it computes, sleeps, and its result is slow to pickle."""
    begun = time.monotonic()
    compute(2 * unit)
    pause(unit)
    SPENT["wait_task"] -= time.monotonic() - begun
    return Heavy(unit, 0.0)


def worker(notes: dict[str, Any], asked: float, ended: float) -> dict[str, Any]:
    """The truth about a worker.

    Args:
        notes: what it left.
        asked: when its parent began to start it.
        ended: when its parent had waited for its end.
    """
    spent = notes["spent"]
    spent["start"] = notes["began"] - asked - notes["imported"]
    spent["import"] += notes["imported"]
    spent["exit"] = ended - notes["left"]
    if spent["wait_task"]:
        spent["wait_task"] += notes["left"] - spent["unpickle"] - spent["pickle"]
    return {"role": "worker", "pid": notes["pid"], "life": ended - asked, "buckets": spent}


KINDS = {"process": alone, "pool": pool, "executor": executor}


def main() -> None:
    """Run one kind of program."""
    kind, method, unit, file = sys.argv[1:]
    os.environ["TRUTH_UNIT"] = unit
    context: Any = multiprocessing.get_context(method)
    first = context.Process(target=int)  # a fork server and a resource tracker are started once
    first.start()
    first.join()
    truth = KINDS[kind](context, float(unit), file)
    Path(file).write_text(json.dumps(truth), encoding="utf-8")


if __name__ == "__main__":
    main()
