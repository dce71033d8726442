"""Demonstrations of what multiprocessing does: each makes a mistake on purpose and says what came of it.

Each takes a deadline for everything, so what hangs is seen to hang, and is then ended. It runs inside the measured
interpreter: standard library only.
"""

from __future__ import annotations

import logging
import queue
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from mpdiag import work
from mpdiag.bench import CHILD_DEADLINE, Bench, DeadlineExceeded

#: What a demonstration saw, by the key of the statement it is about.
Seen = dict[str, str]

#: Seconds after which waiting counts as hanging: what is waited for is there already or never comes.
PATIENCE: Final = 0.03
#: More than any pipe holds.
BACKLOG: Final = 2**20
#: Puts of `BACKLOG` bytes that stay in memory for want of a reader.
UNREAD: Final = 2
#: For one worker: it runs one, two more may be on their way to it, the last is certainly pending.
TASKS: Final = 6
UNGUARDED: Final = """\
import multiprocessing

process = multiprocessing.get_context("spawn").Process(target=print, args=("the target ran",))
process.start()
process.join()
print("exit code", process.exitcode)
"""


# --- globals and locks, by start method


def start_observer(bench: Bench, stack: ExitStack, method: str) -> Connection:
    """Start a child after a global was changed and while another thread holds a lock; it tells what it finds."""
    ours, theirs = bench.context(method).Pipe()
    stack.enter_context(ours)
    with another_thread_holding(work.module_lock()), setting("set before start"), info_logged(), silence():
        stack.enter_context(bench.child(work.observe, theirs, 2 * PATIENCE, method=method))
    theirs.close()
    return ours


@contextmanager
def silence() -> Iterator[None]:
    """No warning of a fork beside threads, which Python 3.12 and newer give: here it is made on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def another_thread_holding(lock: threading.Lock) -> Iterator[None]:
    """A thread that holds ``lock`` for as long as this lasts."""
    held, released = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            released.wait(CHILD_DEADLINE)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(CHILD_DEADLINE)
    try:
        yield
    finally:
        released.set()
        thread.join(CHILD_DEADLINE)


@contextmanager
def setting(value: str) -> Iterator[None]:
    """A global of the module that children import, changed for as long as this lasts."""
    before = work.GLOBALS["setting"]
    work.GLOBALS["setting"] = value
    try:
        yield
    finally:
        work.GLOBALS["setting"] = before


@contextmanager
def info_logged() -> Iterator[None]:
    """The root logger at level INFO for as long as this lasts."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.setLevel(before)


def question(bench: Bench, observers: Mapping[str, Connection]) -> Seen:
    """What the children found, by the start method of each."""
    seen: Seen = {}
    informed = []
    for method, connection in observers.items():
        first, acquired, level = bench.receive(connection)
        with setting("set after start"):
            connection.send("look again")
            second = bench.receive(connection)
        seen[f"before {method}"] = "seen" if first == "set before start" else "not seen"
        seen[f"lock {method}"] = "runs" if acquired else "hangs"
        seen[f"level {method}"] = "kept" if level == logging.INFO else "lost"
        if second == "set after start":
            informed.append(method)
    seen["after"] = f"seen by {', '.join(informed)}" if informed else "not seen"
    return seen


# --- pipes and queues


def end_of_pipe(bench: Bench) -> Seen:
    """What recv() does once the process at the other end is gone, before and after our own copy of it is closed."""
    receiver, sender = bench.context().Pipe(duplex=False)
    with receiver:
        with sender:
            with holder(bench, sender):
                pass
            own = hear(receiver)
        return {"eof own": own, "eof": hear(receiver)}


def end_of_pipe_beside_sibling(bench: Bench) -> Seen:
    """The same when the copy is in a process that was forked meanwhile, and that was never given it."""
    if "fork" not in bench.methods:
        return {}
    receiver, sender = bench.context("fork").Pipe(duplex=False)
    with receiver, holder(bench, method="fork"):
        sender.close()
        return {"eof fork": hear(receiver)}


@contextmanager
def holder(bench: Bench, *held: Connection, method: str | None = None) -> Iterator[None]:
    """A running process that holds ``held``; it has ended when this is over."""
    ours, theirs = bench.context(method).Pipe()
    with ours, bench.child(work.hold, theirs, *held, method=method) as process:
        theirs.close()
        yield
        ours.send("end")
        process.join(CHILD_DEADLINE)


def hear(connection: Connection) -> str:
    """What recv() would do."""
    # Windows says so when polling.
    with suppress(BrokenPipeError):
        if not connection.poll(PATIENCE):
            return "waits"
    try:
        connection.recv()
    except EOFError:
        return "EOFError"
    return "a message"


def full_queue(bench: Bench) -> Seen:
    """What put() does when nobody reads and the queue is full."""
    bounded = bench.context().Queue(1)
    bounded.put("first")
    begun = bench.clock()
    try:
        bounded.put("second", timeout=PATIENCE)
        seen = "returns"
    except queue.Full:
        # Half of it: clocks are coarse on some systems.
        seen = "blocks, Full" if bench.clock() - begun > PATIENCE / 2 else "Full at once"
    finally:
        bounded.get(timeout=CHILD_DEADLINE)
        bounded.close()
        bounded.join_thread()
    return {"full": seen}


def unread_queue(bench: Bench) -> Seen:
    """What put() does when nobody reads and the queue has no bound."""
    unbounded = bench.context().Queue()
    try:
        for _ in range(UNREAD):
            unbounded.put(bytes(BACKLOG), timeout=PATIENCE)
        seen = "returns"
    except queue.Full:
        seen = "Full"
    for _ in range(UNREAD if seen == "returns" else 0):
        unbounded.get(timeout=CHILD_DEADLINE)
    unbounded.close()
    unbounded.join_thread()
    return {"unread": seen}


def join_before_drain(bench: Bench) -> Seen:
    """What join() does while what the child has put is unread."""
    receiver, sender = bench.context().Pipe(duplex=False)
    results = bench.context().Queue()
    with receiver, bench.child(work.fill, sender, results, BACKLOG) as process:
        sender.close()
        bench.receive(receiver)
        process.join(PATIENCE)
        seen = "hangs" if process.is_alive() else "ends"
        results.get(timeout=CHILD_DEADLINE)
        process.join(CHILD_DEADLINE)
        if process.exitcode != 0:
            seen += ", even when read"
    results.close()
    return {"drain": seen}


# --- exceptions and futures


def failing_process(bench: Bench) -> Seen:
    """What is left of a Process whose target raises."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "stderr")
        with bench.child(work.fail, str(file)) as process:
            process.join(CHILD_DEADLINE)
            return {"process": f"{printed(file)}, exit {process.exitcode}"}


def printed(file: Path) -> str:
    """Whether ``file`` holds the traceback of the demonstration."""
    return "printed" if file.exists() and "ValueError" in file.read_text(errors="replace") else "not printed"


def futures(bench: Bench) -> Seen:
    """Cancelling a running and a pending task; a task that raises."""
    gate = bench.context().Event()
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, bench.context(), work.keep, ("gate", gate)) as pool,
    ):
        file = Path(folder, "stderr")
        try:
            tasks = [pool.submit(work.pass_gate, CHILD_DEADLINE) for _ in range(TASKS)]
            seen = cancelled(bench, tasks[0], tasks[-1])
            gate.set()
            seen["future"] = failed(pool.submit(work.fail, str(file)), file)
        except (BrokenExecutor, FutureTimeout) as error:
            raise DeadlineExceeded(f"a pool of one worker did not work: {error}") from error
        finally:
            gate.set()
    return seen


def cancelled(bench: Bench, first: Future[None], last: Future[None]) -> Seen:
    """What cancel() says of a task that is being run and of one that waits for its turn."""
    end = bench.clock() + CHILD_DEADLINE
    while not first.running():
        if bench.clock() > end:
            raise DeadlineExceeded("a pool did not begin its first task in time")
        time.sleep(0.001)
    return {
        "cancel running": "cancelled" if first.cancel() else "refused",
        "cancel pending": "cancelled" if last.cancel() else "refused",
    }


def failed(future: Future[None], file: Path) -> str:
    """What is seen of a task that raised, before and at result()."""
    future.exception(CHILD_DEADLINE)
    seen = printed(file)
    with suppress(ValueError):
        future.result(CHILD_DEADLINE)
        seen += ", no exception"
    return seen


# --- values


def values(bench: Bench) -> Seen:
    """What a Value of type int makes of numbers that are none, or too large."""
    context = bench.context()
    try:
        half = repr(context.Value("i", 0.5).value)
    except TypeError:
        half = "TypeError"
    return {"float": half, "wrap": str(context.Value("i", 2**31).value)}


# --- the main guard


def start_unguarded(stack: ExitStack) -> subprocess.Popen[str]:
    """Run a script that starts a process by spawn while it is imported."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    script = Path(folder, "unguarded.py")
    script.write_text(UNGUARDED)
    process = subprocess.Popen(
        [sys.executable, "-I", str(script)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    stack.enter_context(process)
    stack.callback(process.kill)
    return process


def read_unguarded(script: subprocess.Popen[str]) -> Seen:
    """What became of the script's child."""
    try:
        out, errors = script.communicate(timeout=CHILD_DEADLINE)
    except subprocess.TimeoutExpired as late:
        raise DeadlineExceeded("a script without a main guard did not end in time") from late
    if "the target ran" in out:
        return {"unguarded": "the target ran"}
    refused = "RuntimeError" in errors and "bootstrapping phase" in errors and "exit code 1" in out
    return {"unguarded": "RuntimeError" if refused else "no result"}


DEMOS: Final[dict[str, Callable[[Bench], Seen]]] = {
    "end of a pipe": end_of_pipe,
    "end of a pipe beside a forked sibling": end_of_pipe_beside_sibling,
    "put on a full queue": full_queue,
    "put on an unread queue": unread_queue,
    "join before the queue is read": join_before_drain,
    "exception in a process": failing_process,
    "futures": futures,
    "numbers in a Value": values,
}
