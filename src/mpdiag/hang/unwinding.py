"""Stacks of Python processes that load no taps: read from outside, while they stand.

From 3.15 on the program's own Python can read them, by the means that it has for debuggers; py-spy, where it is
installed, reads those of all versions. Python 3.14 ends a stack where C code calls Python, which is better than none.
All only look into memory, which takes the right to trace the process, and none stops it. `sys.remote_exec` takes that
right too and would not help: what it has executed waits until the main thread goes on, whatever other threads do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from mpdiag.hang.answers import ThreadAnswer
from mpdiag.watch import processes
from mpdiag.watch.observation import Frame

#: What brings py-spy along.
EXTRA: Final = "mpdiag[stacks]"
#: A process, and its threads.
Told = tuple[int, tuple[ThreadAnswer, ...]]
#: Seconds that all of it may take.
PATIENCE: Final = 1.2
#: Seconds more that a copy of py-spy has that began in time: it starts slowly where all CPUs are busy.
GRACE: Final = 2.4
#: How often a process is tried; what py-spy says of one that may not be read, which no second try changes.
TRIES: Final = 5
REFUSED: Final = b"permission denied"
#: Copies of py-spy at once.
AT_ONCE: Final = 4
#: What a Python reads its like with. It prints, for each process, its threads and their frames.
READER: Final = """\
import json, sys
from _remote_debugging import RemoteUnwinder
for pid in map(int, sys.argv[1:]):
    try:
        found = RemoteUnwinder(pid, all_threads=True).get_stack_trace()
        threads = [thread for each in found for thread in getattr(each, "threads", [each])]
        told = [
            [thread.thread_id, [
                [frame.filename, getattr(frame, "lineno", None) or frame.location.lineno, frame.funcname]
                for frame in thread.frame_info
            ]]
            for thread in threads
        ]
    except Exception as error:
        told = str(error)
    print(json.dumps([pid, told]), flush=True)
"""
#: Since when Python can, and since when it does not end a stack before its end.
SINCE: Final = (3, 14)
WHOLE: Final = (3, 15)


def stacks(pids: Sequence[int]) -> dict[int, tuple[ThreadAnswer, ...]]:
    """The threads of those processes whose stacks can be read in time; ``pids`` has the most important ones first."""
    deadline = time.monotonic() + PATIENCE
    found: dict[int, tuple[ThreadAnswer, ...]] = {}
    for read in (partial(by_python, since=WHOLE), by_spies, partial(by_python, since=SINCE)):
        rest = [pid for pid in pids if pid not in found]
        if rest:
            found.update(read(rest, deadline))
    return found


# --- by the program's own Python


def by_python(pids: Iterable[int], deadline: float, since: tuple[int, ...]) -> Iterator[Told]:
    """What the Pythons of processes read of them, from a version on, and where nobody else may have changed them."""
    found: dict[str, list[int]] = defaultdict(list)
    for pid in pids:
        python = processes.program(pid)
        if python and version_of(python) >= since and trusted(python):
            found[python].append(pid)
    for python, some in found.items():
        yield from by_itself(python, some, deadline - time.monotonic())


def version_of(python: str) -> tuple[int, ...]:
    """The version in the name of an interpreter's file; empty if there is none."""
    digits = Path(python).name.removeprefix("python").rstrip("td")
    parts = digits.split(".")
    return tuple(map(int, parts)) if len(parts) == 2 and all(part.isdigit() for part in parts) else ()


def trusted(python: str) -> bool:
    """Whether a program may be executed: it belongs to us or to the system, and others may not change it."""
    with suppress(OSError):
        stat = os.stat(python)  # noqa: PTH116 - what /proc says, as it is
        return stat.st_uid in (0, os.geteuid()) and not stat.st_mode & 0o022
    return False


def by_itself(python: str, pids: Sequence[int], patience: float) -> Iterator[Told]:
    """What the interpreter ``python`` reads of processes that run it as well."""
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-c", READER, *map(str, pids)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=max(patience, 0.1),
            check=False,
            text=True,
        )
        lines = done.stdout.splitlines()
    except subprocess.TimeoutExpired as late:
        lines = (late.stdout or b"").decode("utf-8", "replace").splitlines()[:-1]
    except OSError:
        return
    for line in lines:
        with suppress(ValueError, TypeError):
            pid, told = json.loads(line)
            if isinstance(told, list):
                yield pid, tuple(thread(pid, native, "", frames) for native, frames in told)


# --- by py-spy


def py_spy() -> str | None:
    """Where py-spy is: beside us, or on the PATH."""
    return shutil.which("py-spy", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))


def by_spies(pids: Sequence[int], deadline: float) -> Iterator[Told]:
    """What py-spy reads of processes, if it is installed."""
    spy = py_spy()
    if spy:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            told = pool.map(partial(by_spy, spy, deadline=deadline), pids)
            yield from ((pid, threads) for pid, threads in zip(pids, told, strict=True) if threads)


def by_spy(spy: str, pid: int, deadline: float) -> tuple[ThreadAnswer, ...]:
    """What py-spy reads of a process; nothing when it may not, or is too late to begin or to end.

    Of one that runs meanwhile, what it reads may just have changed: then it gives up, and is asked again.
    """
    for _ in range(TRIES):
        patience = deadline - time.monotonic()
        if patience <= 0:
            break
        with suppress(OSError, subprocess.TimeoutExpired):
            done = subprocess.run(
                [spy, "dump", "--nonblocking", "--json", "--pid", str(pid)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=patience + GRACE,
                check=False,
            )
            found = dumped(pid, done.stdout)
            if found or REFUSED in done.stderr.lower():
                return found
    return ()


def dumped(pid: int, text: bytes) -> tuple[ThreadAnswer, ...]:
    """The threads of which py-spy tells."""
    with suppress(ValueError):
        return tuple(
            thread(
                pid,
                each["os_thread_id"],
                each["thread_name"] or "",
                [[frame["filename"], frame["line"], frame["name"]] for frame in each["frames"]],
            )
            for each in json.loads(text)
        )
    return ()


def numbered(pid: int, threads: Sequence[ThreadAnswer], natives: Iterable[int]) -> tuple[ThreadAnswer, ...]:
    """The threads of a process with their native numbers, where these are not known: Python lists the newest first.

    In a process that another thread than the main one has forked, that thread is the main one, by whatever name.

    Args:
        pid: the process.
        threads: the threads as they are listed; where native code has threads too, nobody knows whose are whose.
        natives: the native numbers of all its threads.
    """
    known = {each.native for each in threads}
    free = sorted(set(natives) - known, reverse=True)
    nameless = [each for each in threads if each.native is None]
    if len(free) != len(nameless):
        return tuple(threads)
    given = iter(free)
    told = [each if each.native is not None else replace(each, native=next(given)) for each in threads]
    return tuple(replace(each, main=each.native == pid) for each in told)


def thread(pid: int, native: int | None, name: str, frames: Iterable[Any]) -> ThreadAnswer:
    """A thread of which only the stack is known; before Python 3.11, py-spy knows no native numbers."""
    stack = tuple(Frame(str(file), int(line or 0), str(function).rpartition(".")[2]) for file, line, function in frames)
    if native is None or not processes.LINUX:  # elsewhere no thread bears the number of its process
        main = name == "MainThread" or any(frame.function == "<module>" for frame in stack[-1:])
    else:
        main = native == pid
    return ThreadAnswer(pid if main else native, name or ("main" if main else f"thread {native}"), False, main, stack)
