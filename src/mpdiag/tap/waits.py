"""Tells what the threads of this process wait for, when somebody asks why nothing goes on.

Imported at the first such question, in the handler of its signal. An answer is one line of plain values for each
thread, lock, queue and child. Looking changes nothing: of the program's objects, only those of the standard library's
own classes are touched, and no code of the program runs.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident, get_native_id
from itertools import islice

from . import core, ending, holds, layout, places
from .stacks import line_of

try:  # what `ending` asks pipes with: hundreds that are forked later need not load it
    import fcntl  # noqa: F401
except ImportError:
    pass

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: Threads and frames of each that are told at most.
THREADS, DEEPEST = 256, 60
#: Members of what is waited for at once.
THINGS = 4096
LAST = ("done",)
#: Doings that are nothing but waiting.
WAITS = frozenset(("lock", "sync", "recv", "wait", "put", "get", "join", "result"))
#: The local variables of library functions that hold what is waited for.
LOCALS = ("self", "object_list", "_mpd_semlock", "send_bytes", "fs")
UNKNOWN = object()


def answer(path: str, frame: Any) -> None:
    """Put the answer into the file ``path``: whole, or not at all.

    Args:
        path: where it is awaited.
        frame: where the main thread is, below the handler.
    """
    core.settle()
    lines = [repr(fact) for tellers in (threads(frame), locks(), queues(), children()) for fact in quietly(tellers)]
    lines.append(repr(LAST))
    file = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        data = memoryview(("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)


def quietly(facts: Any) -> list[Any]:
    """The facts, up to one that cannot be told."""
    told = []
    try:
        told.extend(facts)
    except Exception:  # the program must not notice
        pass
    return told


# --- threads


def threads(frame: Any) -> Any:
    """Each thread: its native number, name, whether it is a daemon and the main one, its stack, what it waits for."""
    known = dict(getattr(sys.modules.get("threading"), "_active", {}))
    frames = sys._current_frames()
    frames[get_ident()] = frame
    calm = getattr(sys, "_is_gil_enabled", lambda: True)()  # else the others may be running right now
    for ident, top in list(frames.items())[:THREADS]:
        main = ident == get_ident()
        thread = known.get(ident)
        record = core.state.threads.get(ident)
        native = get_native_id() if main else getattr(thread, "_native_id", None) or getattr(record, "native", None)
        called = getattr(thread, "_name", None) or ("main" if main else "thread")
        daemon = bool(getattr(thread, "_daemonic", False))
        yield ("thread", native, called, daemon, main, *stack(top, main or calm), since(record))
    frames.clear()  # this very frame is in it


def since(record: Any) -> int:
    """When the call of the library began in which a thread waits; 0 if it is in none that was timed."""
    if record is None or not record.base:
        return 0
    words = core.state.words
    waits = layout.KINDS[words[record.base + layout.T_KIND]] in WAITS
    return words[record.base + layout.T_SINCE] if waits else 0


def stack(frame: Any, calm: bool) -> tuple[list[Any], list[Any]]:
    """The frames, the innermost first, and what those of the library are about, by their place among them."""
    frames: list[Any] = []
    things: list[Any] = []
    while frame is not None and len(frames) < DEEPEST:
        code = frame.f_code
        if calm and places.is_library(code.co_filename):
            things += quietly(about(frame, len(frames)))
        frames.append((code.co_filename, line_of(frame), code.co_name))
        frame = frame.f_back
    return frames, things


def about(frame: Any, place: int) -> Any:
    """What the call in ``frame`` is about, if it is a thing to wait for."""
    code = frame.f_code
    names = set(code.co_varnames[: code.co_argcount] + code.co_freevars).intersection(LOCALS)
    if not names:
        return
    held = frame.f_locals
    for each in LOCALS:
        thing = held.get(each, UNKNOWN) if each in names else UNKNOWN
        if thing is not UNKNOWN:
            for fact in several(thing) if each in ("object_list", "fs") else [described(thing)]:
                if fact is not None:
                    yield (place, fact, limit(held.get("timeout")))


def several(things: Any) -> Any:
    """The members of a collection that the library waits for; futures of a kind once."""
    if type(things) in (list, tuple, set, frozenset, dict):
        return dict.fromkeys(described(thing) for thing in islice(things, THINGS))
    return ()


def limit(value: Any) -> Any:
    """A time-out in seconds; None where there is none."""
    return value if type(value) in (int, float) and value >= 0 else None


def described(thing: Any) -> Any:
    """What a thing of the library is, as plain values: its kind, its name, more; None for any other."""
    if type(thing) is int:
        return ("descriptor", thing)
    if type(thing).__name__ == "method":
        thing = thing.__self__
    for kind in type(thing).__mro__:
        teller = TELLERS.get(f"{kind.__module__}.{kind.__name__}")
        if teller is not None:
            return teller(thing)
    return None


def name(thing: Any) -> Any:
    """The name that all processes give it; not remembered, as the thing may be half made."""
    return getattr(thing, "_mpd_id", None) or places._identify(thing)


def process(thing: Any) -> Any:
    """A process or what started it."""
    popen = thing.__dict__.get("_popen", thing)
    return ("process", getattr(popen, "pid", None), thing.__dict__.get("_name"))


def thread(thing: Any) -> Any:
    """A thread."""
    return ("thread", thing.__dict__.get("_native_id"), thing.__dict__.get("_name"))


def lock(thing: Any, whole: Any = None) -> Any:
    """A lock of multiprocessing, or what is built on it: its name and type."""
    whole = thing if whole is None else whole
    for each in ("_semlock", "_lock", "_cond"):
        inner = getattr(thing, "__dict__", {}).get(each)
        if inner is not None:
            return lock(inner, whole)
    return ("lock", name(thing), type(whole).__name__)


def within(thing: Any) -> Any:
    """What threads of one process share: its name and type."""
    return ("within", f"{type(thing).__name__}:{os.getpid()}.{id(thing):x}", type(thing).__name__)


def barrier(thing: Any) -> Any:
    """A barrier, of threads or of processes: how many it waits for, and how many wait."""
    return ("barrier", thing.parties, thing.n_waiting)


def queue(thing: Any) -> Any:
    """A queue between processes."""
    return ("queue", name(thing), thing.__dict__.get("_maxsize"))


def connection(thing: Any) -> Any:
    """One end of a pipe."""
    return ("connection", name(thing), thing._handle)


def selector(thing: Any) -> Any:
    """What waits for any of several descriptors, as the loops of asyncio do: the descriptors."""
    return ("selected", *islice(thing._fd_to_key, THINGS))


def future(thing: Any) -> Any:
    """A future: its state, and what feeds the workers that it waits for."""
    return ("future", thing._state, getattr(getattr(thing, "_mpd_tally", None), "name", None))


def result(thing: Any) -> Any:
    """A result of a pool."""
    pool = thing.__dict__.get("_pool")
    return ("result", None if pool is None else name(pool._inqueue), getattr(pool, "_state", None))


def pool(thing: Any) -> Any:
    """A pool."""
    return ("pool", name(thing._inqueue), thing._state)


def executor(thing: Any) -> Any:
    """An executor."""
    feed = thing.__dict__.get("_call_queue") or thing.__dict__.get("_work_queue")
    return ("pool", None if feed is None else name(feed), None)


TELLERS: dict[str, Any] = {
    "multiprocessing.process.BaseProcess": process,
    "multiprocessing.popen_fork.Popen": process,
    "subprocess.Popen": process,
    "threading.Thread": thread,
    "threading.Condition": within,
    "threading.Event": within,
    "threading.Semaphore": within,
    "threading.Barrier": barrier,
    "queue.Queue": within,
    "selectors._BaseSelectorImpl": selector,
    "multiprocessing.queues.Queue": queue,
    "multiprocessing.queues.SimpleQueue": queue,
    "multiprocessing.connection._ConnectionBase": connection,
    "multiprocessing.synchronize.SemLock": lock,
    "_multiprocessing.SemLock": lock,
    "multiprocessing.synchronize.Condition": lock,
    "multiprocessing.synchronize.Event": lock,
    "multiprocessing.pool.ApplyResult": result,
    "multiprocessing.pool.IMapIterator": result,
    "multiprocessing.pool.Pool": pool,
    "concurrent.futures._base.Future": future,
    "concurrent.futures._base.Executor": executor,
}


# --- what threads wait for


def locks() -> Any:
    """Each lock of multiprocessing: its name, how often this process holds it, whether its main thread does; its value.

    A negative count is that of a semaphore that others have acquired.
    """
    for each in list(holds._locks):
        held = each()
        if held is not None:
            semlock = held._semlock
            yield (
                "lock",
                name(semlock),
                type(held).__name__,
                semlock._count(),
                bool(semlock._is_mine()),
                quietly(value(semlock)),
            )


def value(semlock: Any) -> Any:
    """Its value; macOS does not tell."""
    yield semlock._get_value()


def queues() -> Any:
    """Each queue between processes: its name, bound, messages in it, bytes in its pipe, messages not yet in it."""
    for reference, _ in list(ending._queues):
        each = reference()
        if each is not None:
            most, slots = each.__dict__.get("_maxsize"), each.__dict__.get("_sem")
            left = [] if slots is None else quietly(value(slots._semlock))
            inside = most - left[0] if left else None
            closed = each._reader.__dict__.get("_handle") is None
            unread = None if closed else ending.unread(each._reader._handle)
            yield ("queue", name(each), most, inside, unread, len(each.__dict__.get("_buffer", ())))


def children() -> Any:
    """This process as multiprocessing knows it, and its children: pid, name and exit code, if it was taken.

    Each with the pipe that closes when it ends; of this process, with the one that closes when its parent does.
    """
    module = sys.modules.get("multiprocessing.process")
    current = getattr(module, "_current_process", None)
    if current is not None:
        parent = getattr(module, "_parent_process", None)
        sentinel = pipe(getattr(parent, "__dict__", {}).get("_sentinel"))
        yield ("self", current.__dict__.get("_name"), bool(current._config.get("daemon")), sentinel)
    for child in list(getattr(module, "_children", ())):
        popen = child.__dict__.get("_popen")
        own = getattr(popen, "__dict__", {})
        yield ("child", own.get("pid"), child.__dict__.get("_name"), own.get("returncode"), pipe(own.get("sentinel")))


def pipe(descriptor: Any) -> Any:
    """The pipe that a descriptor leads to; None without one."""
    try:
        return f"pipe:{os.fstat(descriptor).st_ino}"
    except (OSError, TypeError):
        return None
