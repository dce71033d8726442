"""Profiles this process by the interpreter's own profiler, that of cProfile, if the user asks for it.

What was seen is written down at the end of the process, and while it runs: after a task, or when it is asked for its
stack, but at most once a second and for a fiftieth of the time. A parent that ends a child by a signal asks it first.
The program's own profiler, if it has one, takes the place of ours.
"""

from __future__ import annotations

import atexit
import marshal
import os
import sys
import time
from _thread import get_ident

from . import core, places, stacks, tasks

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    Function = tuple[str, int, str]
    Table = dict[Function, tuple[int, int, float, float, dict[Function, tuple[int, int, float, float]]]]

EVERY_NS, SHARE = 1_000_000_000, 50
#: How long a child may take to write down its profile before it is ended.
PATIENCE_NS = 1_000_000_000
#: Nobody else's; `stacks` has the next one.
BELOW_LAST = 4
_folder = ""
_path = ""
_profiler: Any = None
_due = 0
_busy = _wanted = _enabling = False
_thread = 0
_use_tool_id: Any = None


def arm(folder: str) -> None:
    """Profile this process from now on, and write to ``folder``."""
    global _folder
    _folder = folder
    if not _begin():
        return
    atexit.register(finish)
    finished, sent, tell = core.finish, tasks.sent, stacks.tell

    def finish_both() -> None:
        finish()
        finished()

    def sent_then_look() -> None:
        sent()
        look()

    def tell_then_look(frame: Any, lines: list[str]) -> None:
        tell(frame, lines)
        look()

    core.finish, tasks.sent, stacks.tell = finish_both, sent_then_look, tell_then_look
    core.profiling = sys.modules[__name__]
    for name in ("_exit", "execv", "execve"):
        _write_before(name)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forked)


def _begin() -> bool:
    """Start a new profile; false where there is no profiler or the program uses it."""
    global _profiler, _path, _due, _thread
    from _lsprof import Profiler

    if sys.getprofile() is not None:
        return False
    _path = os.path.join(_folder, f"{os.getpid()}.{core.clock()}")
    _profiler = Profiler()
    try:
        _enable()
    except ValueError:  # from 3.12 on: somebody else profiles
        _profiler = None
        return False
    _due, _thread = core.clock() + EVERY_NS, get_ident()
    _heed()
    return True


def _enable() -> None:
    global _use_tool_id, _enabling
    _enabling = True
    try:
        _profiler.enable()
    finally:
        _enabling = False
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None and _use_tool_id is None:
        _use_tool_id = monitoring.use_tool_id
        monitoring.use_tool_id = _instead


def _instead(*wanted: Any) -> Any:
    """The program wants to profile itself, which it may not while we do."""
    real = _use_tool_id
    try:
        if not _enabling and wanted[0] == 2:  # the tool that profiles
            _leave()
            write()
            _stop()
            core.event("gave_way")
    except Exception:  # the program must not notice
        pass
    return real(*wanted)


def _leave() -> bool:
    """Profile no more; false where that cannot be done, and where the program's own profiler has taken the place."""
    if getattr(sys, "monitoring", None) is None:  # each thread has its own profiler
        if get_ident() != _thread:
            return False
        if sys.getprofile() is not _profiler:
            core.event("gave_way")
            return False
    _profiler.disable()
    return True


def _stop() -> None:
    global _profiler, _use_tool_id
    _profiler = None
    if _use_tool_id is not None:
        monitoring: Any = getattr(sys, "monitoring", None)
        monitoring.use_tool_id, _use_tool_id = _use_tool_id, None
    _unready()


def forked() -> None:
    """A forked child begins anew."""
    global _profiler, _busy
    try:
        _busy = False
        if _profiler is not None:
            if sys.getprofile() is _profiler or hasattr(sys, "monitoring"):
                _profiler.disable()
            _profiler = None
        _begin()
    except Exception:  # the program must not notice
        pass


# --- writing


def look() -> None:
    """Write down what was seen so far, if it is time; calls that are not over yet are not in it."""
    global _wanted
    try:
        if _profiler is not None and core.clock() > _due:
            write()
        if _wanted:
            _wanted = False
            _asked()
    except Exception:  # the program must not notice
        pass


def flush() -> None:
    """Write down all, with the calls that are not over yet; what these do later is not counted."""
    try:
        if _profiler is None or _busy:
            return
        ours = _leave()
        write()
        if ours:
            _enable()
    except Exception:  # the program must not notice
        pass


def finish() -> None:
    """The process is about to end."""
    flush()
    try:
        if _profiler is not None and _leave():
            _stop()
    except Exception:  # the program must not notice
        pass


def write() -> None:
    """Put all that was seen into a file; what was in it before stays there until it is whole."""
    global _due, _busy
    if _busy or _profiler is None:
        return
    _busy = True
    try:
        began = core.clock()
        data = marshal.dumps(table(_profiler.getstats()), 4)
        file = os.open(_path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            done = os.write(file, data)
        finally:
            os.close(file)
        if done == len(data):
            os.replace(_path + ".new", _path)
        now = core.clock()
        _due = now + max(EVERY_NS, (now - began) * SHARE)
    except OSError:  # the disk is full
        pass
    finally:
        _busy = False


def table(entries: Any) -> Table:
    """What the profiler saw, without ourselves, as `pstats` reads it.

    By function: calls that are no recursions, all calls, seconds in itself and in all, and the same by caller.
    """
    found: dict[Function, list[Any]] = {}
    for entry in entries:
        _add(found.setdefault(_name(entry.code), [0, 0, 0.0, 0.0, {}]), entry, 1)
    for entry in entries:
        caller = _name(entry.code)
        for call in entry.calls or ():
            callee = found.get(_name(call.code))
            if callee is None:
                continue
            if caller[0].startswith(places.HERE):
                _add(callee, call, -1)
            else:
                _add(callee[4].setdefault(caller, [0, 0, 0.0, 0.0]), call, 1)
    return {
        name: (
            *_sane(figures),
            {caller: (calls[1], calls[0], calls[2], calls[3]) for caller, calls in figures[4].items()},
        )
        for name, figures in found.items()
        if figures[1] > 0 and not name[0].startswith(places.HERE)
    }


def _name(code: Any) -> Function:
    if isinstance(code, str):
        return "~", 0, code
    return code.co_filename, code.co_firstlineno, code.co_name


def _add(figures: list[Any], entry: Any, sign: int) -> None:
    for place, value in enumerate(
        (entry.callcount - entry.reccallcount, entry.callcount, entry.inlinetime, entry.totaltime)
    ):
        figures[place] += sign * value


def _sane(figures: list[Any]) -> tuple[int, int, float, float]:
    return max(figures[0], 0), figures[1], max(figures[2], 0.0), max(figures[3], 0.0)


# --- ends that do not come by themselves


def _write_before(name: str) -> None:
    """Write down the profile before `os` ends the process or what it runs."""
    real = getattr(os, name, None)
    if real is None:
        return

    def instead(*args: Any, **kwargs: Any) -> Any:
        flush()
        _unready()
        try:
            return real(*args, **kwargs)
        except OSError:
            _heed()
            raise

    instead.__name__ = instead.__qualname__ = name
    instead.__module__, instead.__doc__ = real.__module__, real.__doc__
    setattr(os, name, instead)


def _signal_number() -> int:
    import signal

    return getattr(signal, "SIGRTMAX", 0) - BELOW_LAST


def _ready(pid: int) -> str:
    return os.path.join(_folder, f"{pid}.ready")


def _heed() -> None:
    """Write down the profile when we are asked to by a signal; a file says that we will."""
    import signal

    number = _signal_number()
    try:
        if number > 0 and signal.getsignal(number) in (signal.SIG_DFL, signal.SIG_IGN, _asked):
            signal.signal(number, _asked)
            os.close(os.open(_ready(os.getpid()), os.O_WRONLY | os.O_CREAT, 0o600))
    except (ValueError, OSError):  # another thread has forked
        pass


def _asked(*_signal: Any) -> None:
    global _wanted
    if _busy:  # `look` comes back to it
        _wanted = True
        return
    flush()
    _unready()


def _unready() -> None:
    try:
        os.unlink(_ready(os.getpid()))
    except OSError:
        pass


def ask(pid: int) -> None:
    """Have the child ``pid``, which is about to be ended, write down its profile; it may be unable to."""
    try:
        ready = _ready(pid)
        if not os.path.exists(ready):
            return
        os.kill(pid, _signal_number())
        late = core.clock() + PATIENCE_NS
        while os.path.exists(ready) and core.clock() < late:
            time.sleep(0.001)
    except Exception:  # the program must not notice
        pass
