"""Notes of rare events: processes started and born, what was made and where."""

from __future__ import annotations

import os
import sys
import time
from itertools import islice

from . import core, places

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any


#: In the number of a process's clock on Linux: that it counts what the scheduler gave to all its threads.
PROCESS_CLOCK = 2


def quietly(function: Any) -> Any:
    """``function``, which gives None instead of raising: the program must not notice."""

    def safe(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:
            return None

    return safe


def describe(function: Any) -> tuple[str, str, int]:
    """The qualified name of a callable, its file and its first line."""
    function = getattr(function, "func", function)  # functools.partial
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    name = getattr(function, "__qualname__", None) or type(function).__name__
    module = getattr(function, "__module__", None) or ""
    return f"{module}.{name}", getattr(code, "co_filename", ""), getattr(code, "co_firstlineno", 0)


def pipe(one: Any, other: Any) -> None:
    """A pipe was made."""
    try:
        where = places.where(2)
        if where[3] == "Pipe":
            core.event("pipe", places.identity(one), places.identity(other), where)
    except Exception:  # the program must not notice
        pass


def queue(made: Any) -> None:
    """A queue was made."""
    try:
        core.event(
            "queue", places.identity(made), type(made).__name__, getattr(made, "_maxsize", None), places.where(2)
        )
    except Exception:  # the program must not notice
        pass


def dropped(send: Any, error: Any) -> None:
    """A message that could not be pickled never gets into its queue; ``send`` is a method of the pipe's end."""
    try:
        core.event("dropped", places.identity(send.__self__), type(error).__name__, str(error)[:200])
    except Exception:  # the program must not notice
        pass


def lock(made: Any) -> None:
    """A lock, semaphore or what is built on them was made; with its first value, where the system tells."""
    try:
        try:
            value = made._semlock._get_value()
        except NotImplementedError:
            value = None
        core.event("lock", places.identity(made._semlock), type(made).__name__, value, places.where(2))
    except Exception:  # the program must not notice
        pass


def made(process: Any) -> None:
    """A process object was made: of a class with a run() of its own, which may be called in place of start()."""
    try:
        name = type(process).__name__
        if type(process).run.__module__ != "multiprocessing.process" and _made.setdefault(name, 0) < MOST_MADE:
            _made[name] += 1
            core.event("made", *describe(type(process).run))
    except Exception:  # the program must not notice
        pass


#: Objects of a class that are told: one that is made for each of many tasks is another matter.
MOST_MADE = 64
_made: dict[str, int] = {}


def started(process: Any, began: int) -> None:
    """A child was started; it began at ``began``."""
    try:
        popen = process._popen
        method = getattr(popen, "method", "")
        core.event(
            "start",
            began,
            popen.pid,
            method,
            process.name,
            describe(run_by(process)),
            threads() if method == "fork" else 0,
            places.where(2),
            daemon(process),
        )
        cpus()
    except Exception:  # the program must not notice
        pass


def signalled(pid: int, number: int) -> None:
    """A child is about to be sent a signal: by SIGTERM and SIGKILL it ends without another word."""
    try:
        deadly = number in (9, 15)
        core.event("signal", pid, int(number), used(pid) if deadly else None)
        if deadly and core.profiling is not None:
            core.profiling.ask(pid)
    except Exception:  # the program must not notice
        pass


def used(pid: int) -> tuple[int, int, int] | None:
    """What a process has used, as the kernel counts it: CPU time, that of its main thread, its wait for a CPU.

    Returns:
        Nanoseconds; None where the system does not tell.
    """
    try:
        file = os.open(f"/proc/{pid}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            ran, waited = os.read(file, 100).split()[:2]
        finally:
            os.close(file)
        return time.clock_gettime_ns(~pid << 3 | PROCESS_CLOCK), int(ran), int(waited)
    except (OSError, ValueError):
        return None


def run_by(process: Any) -> Any:
    """What a process runs: its target, or the run() of its class where it has none."""
    return process._target or type(process).run


def daemon(process: Any) -> bool:
    """Whether the process is daemonic."""
    return bool(process._config.get("daemon"))


def threads() -> int:
    """How many native threads this process has."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        import threading

        return threading.active_count()


def born(process: Any) -> None:
    """A child is about to run its target."""
    try:
        core.event("born", process.name, describe(run_by(process)), type(process).__name__)
    except Exception:  # the program must not notice
        pass


def unpickled(process: Any) -> None:
    """A child that was not forked has got its process object."""
    try:
        given(places.parts(process))
    except Exception:  # the program must not notice
        pass


def cpus() -> None:
    """A child or a pool was made: note how many CPUs they may use, if that is new."""
    usable = places.usable()
    if _usable != [usable]:
        _usable[:] = [usable]
        core.event("usable", usable)


_usable: list[int] = []


def given(values: Any) -> None:
    """Note the packages that are imported to unpickle what a child is given."""
    found = _packages(values, 3) - _packages_told
    if found:
        _packages_told.update(found)
        core.event("given", sorted(found))


_packages_told: set[str] = set()


def _packages(values: Any, deep: int) -> set[str]:
    """The packages of the types of ``values``, and of what is in them; by no code of theirs."""
    found: set[str] = set()
    for value in values:
        kind = type(value)
        found.add(kind.__module__.partition(".")[0])
        inner: Any = ()
        if kind in (tuple, list):
            inner = value
        elif kind is dict:
            inner = value.values()
        elif kind.__dictoffset__:
            inner = places.parts(value)
        if deep and inner:
            found |= _packages(list(islice(inner, 8)), deep - 1)
    return found


def target(process: Any) -> str:
    """The name of what a child runs."""
    try:
        return describe(run_by(process))[0]
    except Exception:  # the program must not notice
        return ""


def looked(process: Any) -> None:
    """The program looks at an exit code."""
    try:
        code = process._popen.returncode
        if code and not getattr(process, "_mpd_looked", False):
            process._mpd_looked = True
            core.event("looked", process._popen.pid, places.where(2))
    except Exception:  # the program must not notice
        pass


def method(proxy: Any, name: str) -> str:
    """What is called of a manager's object."""
    return f"{proxy._token.typeid}.{name}"


def segment(memory: Any, create: bool, size: int) -> None:
    """A shared-memory segment was created or attached."""
    core.event("segment", memory._name, size, create, places.where(3))


def method_set(method: Any, force: bool) -> None:
    """The program chooses a start method."""
    try:
        where = places.where(2)
        if where[0] is not None:
            core.event("method", method, bool(force), _importing(), where)
    except Exception:  # the program must not notice
        pass


def method_refused() -> None:
    """The program may not choose a start method any more."""
    try:
        core.event("method_refused", places.where(2))
    except Exception:  # the program must not notice
        pass


def unguarded() -> None:
    """A child that imports the main module is about to start a process there."""
    try:
        core.event("guard", places.where(2))
    except Exception:  # the program must not notice
        pass


def _importing() -> bool:
    """Whether this is a child that imports the main module."""
    process = sys.modules.get("multiprocessing.process")
    return bool(getattr(getattr(process, "_current_process", None), "_inheriting", False))
