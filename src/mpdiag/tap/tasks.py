"""What is known of pools and of the tasks they run."""

from __future__ import annotations

import sys
from itertools import islice
from weakref import ref

from . import core, layout, places
from .note import cpus, describe, given

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

KIND = layout.KIND
#: Helpers of the library that call the user's function for each item of a chunk.
CHUNKS = ("mapstar", "starmapstar")
_labels: dict[object, str] = {}
#: Positions of arguments that have changed from one task to the next, by label.
_last: dict[str, tuple[Any, ...]] = {}
_varied: dict[str, set[str]] = {}
_noted: dict[str, int] = {}
#: Arguments of other types are not compared: that could run the program's code.
PLAIN = (str, int, float, bytes, bool, type(None))
LONG = 200
#: So are plain numbers in a row, which are looked at by no code of the program either.
BUFFERS = (("builtins", "bytearray"), ("array", "array"), ("numpy", "ndarray"))
#: Of a long one, and of a list or dict, so many pieces are looked at: the two ends and the middle.
PIECE = 8
#: The longest task of each function that was noted, in nanoseconds; a longer one is noted when it is so many times it.
_longest: dict[str, int] = {}
LONGER, LEAST_NS = 1.2, 1_000_000
#: Timed tasks whose result has not been sent yet: the others need not ask.
owing = 0
#: By thread, the types of the arguments of the task at hand.
_types: dict[int, list[str]] = {}


def _quietly(function: Any) -> Any:
    def safe(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception:  # the program must not notice
            return None

    return safe


# --- in workers


@_quietly
def worker(queue: Any) -> None:
    """A worker begins, fed by ``queue``."""
    core.event("worker", places.identity(queue), core.this_thread().name)


@_quietly
def label(function: Any, args: Any, kwds: Any = None) -> str:
    """The name of the function that a task runs; what is known of its arguments is kept until its end."""
    thread = core.this_thread()
    items: Any = (args,)
    if getattr(function, "__name__", "") in CHUNKS and len(args) == 1:
        unpacks = function.__name__ == "starmapstar"
        function, chunk = args[0]
        items = chunk if unpacks else [(item,) for item in chunk]
    elif getattr(getattr(function, "func", None), "__name__", "") == "_process_chunk":
        function, items = function.args[0], args[0]
    key = getattr(function, "__code__", None) or type(function)
    name = _labels.get(key)
    if name is None:
        name, file, line = describe(function)
        _labels[key] = name
        core.event("function", name, file, line)
        given([*items[:1], function])
    if items:
        _types[thread.native] = [type(value).__name__ for value in items[0][:8]]
        _compare(name, items[0], function)
    thread.items = len(items)
    return name


def _compare(name: str, args: tuple[Any, ...], function: Any) -> None:
    """Find out which of the function's parameters vary from task to task, one level deep."""
    flat = [(str(position), trace) for position, trace in enumerate(_dragged(function))]
    for position, value in enumerate(args[:8], len(flat)):
        if type(value) is tuple:
            flat += [(f"{position}.{inner}", _trace(part)) for inner, part in enumerate(value[:8])]
        elif _record(value):
            flat += [(f"{position}.{key}", _trace(part)) for key, part in islice(_state(value).items(), PIECE)]
        else:
            flat.append((str(position), _trace(value)))
    before = _last.get(name)
    now = tuple(flat)
    _last[name] = now
    if before is None:
        return
    varied = _varied.setdefault(name, set())
    size = len(varied)
    if len(before) != len(now):
        varied.update(position for position, _ in (*before, *now))
    else:
        varied.update(position for (position, old), (_, new) in zip(before, now) if old is None or old != new)
    seen = _noted[name] = _noted.get(name, 0) + 1
    if len(varied) != size or seen == 1 or (seen & (seen - 1)) == 0:
        core.event("varied", name, seen + 1, [position for position, _ in now], sorted(varied))


def _record(value: Any) -> bool:
    """Whether an argument is an object of a class of the program's own, which was unpickled attribute by attribute."""
    file = getattr(sys.modules.get(type(value).__module__), "__file__", None)
    return bool(type(value).__dictoffset__ and file and not places.is_library(file))


def _state(value: Any) -> Any:
    """The attributes of an object, by no code of its class."""
    return object.__getattribute__(value, "__dict__")


def _dragged(function: Any) -> Any:
    """What goes along with a function as its first parameters: a bound method's object, what a partial holds."""
    held = getattr(function, "args", None)
    if type(held) is tuple:
        for value in held[:PIECE]:
            yield _trace(value)
    owner = getattr(function, "__self__", None)
    if owner is not None and hasattr(function, "__func__"):
        state = getattr(owner, "__dict__", {})
        parts = [(key, _trace(value)) for key, value in islice(state.items(), PIECE)]
        known = parts and all(trace is not None for _, trace in parts)
        yield (type(owner), len(state), parts) if known else None


def _trace(value: Any) -> Any:
    """What tells an argument from the next task's, without keeping it alive; None for what cannot be told apart."""
    kind = type(value)
    if kind in PLAIN:
        return (kind, len(value), *_pieces(value)) if kind in (str, bytes) and len(value) >= LONG else (kind, value)
    if kind in (list, dict):
        return _sample(kind, value)
    if (kind.__module__, kind.__name__) in BUFFERS:
        return _buffer(kind, value)
    if kind.__module__ == "pathlib" or kind.__module__.startswith("pathlib."):
        return kind, str(value)
    try:
        return _Same(value)
    except TypeError:
        return None


def _pieces(value: Any) -> tuple[Any, ...]:
    """The two ends and the middle of something long."""
    middle = len(value) // 2
    return value[:PIECE], value[middle : middle + PIECE], value[-PIECE:]


def _sample(kind: type, value: Any) -> Any:
    """What tells a list or dict from another one: how long it is, and some of what it holds; None without such."""
    some = list(islice(value.items(), PIECE)) if kind is dict else [part for piece in _pieces(value) for part in piece]
    traces = [_flat(part) for part in some]
    return None if not traces or None in traces else (kind, len(value), traces)


def _buffer(kind: type, value: Any) -> Any:
    """The same for an array of plain numbers."""
    if kind.__name__ != "ndarray":
        return (kind, len(value), *(bytes(memoryview(piece)) for piece in _pieces(value)))
    if value.dtype.hasobject:
        return None
    return (kind, value.shape, *(piece.tobytes() for piece in _pieces(value.flat)))


def _flat(value: Any, deep: int = 4) -> Any:
    """The same for what a list or dict holds, and for the two ends of what is in that."""
    kind = type(value)
    if kind in (tuple, list) and deep:
        ends = value[:PIECE] if kind is tuple else [*value[:1], *value[-1:]]
        parts = [_flat(part, deep - 1) for part in ends]
        return None if None in parts else (kind, len(value), parts)
    if kind is dict and deep:
        items = [_flat(item, deep - 1) for item in islice(value.items(), 2)]
        return None if None in items else (kind, len(value), items)
    if type(value) in PLAIN:
        return type(value), value[:LONG] if isinstance(value, (str, bytes)) else value
    return None


class _Same:
    """Equal to what stands for the very same object, if that is still there."""

    __slots__ = ("known",)

    def __init__(self, value: Any) -> None:
        self.known = ref(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.known() is other.known() is not None

    __hash__ = None  # type: ignore[assignment]


def end(token: Any, size: int = 0, empty: bool = False) -> None:
    """A task is over: count it and put it into the ring of the last tasks."""
    global owing
    if token is None:
        return
    try:
        thread, began = token[0], token[-1]
        items = thread.items
        words = core.state.words
        counted = words[core.slot_of(thread, token[1], token[6], token[2]) + layout.S_COUNT]
        slot = core.end(token, thread.unpickled)
        words[slot + layout.S_EMPTY] += items * (words[slot + layout.S_COUNT] - counted)
        number = words[layout.H_TASKS]
        words[layout.H_TASKS] = number + 1
        base = layout.TASKS + number % layout.TASK_COUNT * layout.TASK
        words[base + layout.K_SLOT] = (slot - layout.SLOTS) // layout.SLOT
        words[base + layout.K_BEGAN], words[base + layout.K_ENDED] = began, words[slot + layout.S_LAST]
        words[base + layout.K_CPU] = thread.cpu
        words[base + layout.K_IN], words[base + layout.K_OUT] = thread.unpickled, 0
        words[base + layout.K_ITEMS], words[base + layout.K_OK] = items, 1
        thread.task = base
        owing += 1
        took = words[slot + layout.S_MAX]
        if took >= LEAST_NS and took > LONGER * _longest.get(token[2], 0):
            _longest[token[2]] = took
            core.event("longest", token[2], took, f"({', '.join(_types.get(thread.native, ()))})")
    except Exception:  # the program must not notice
        pass


def sent() -> None:
    """The result of a task was sent back."""
    global owing
    try:
        thread = core.this_thread()
        if thread.task:
            core.state.words[thread.task + layout.K_OUT] = thread.pickled
            thread.task = 0
            owing -= 1
    except Exception:  # the program must not notice
        pass


# --- in the process that owns the pool


def _slot(queue: Any) -> int:
    """The pool's own slot."""
    name = places.identity(queue)
    key = ("pool", name)
    slots = core.state.pools
    slot = slots.get(key)
    if slot is None:
        slot = slots[key] = core._new_slot(core.this_thread(), KIND["pool"], (None, 0, "", 0), name)
    return slot


@_quietly
def made(pool: Any, queue: Any, workers: int, most_tasks: Any, initializer: Any) -> None:
    """A pool was made."""
    method = getattr(getattr(pool, "_ctx", None), "get_start_method", lambda: "thread")()
    name = type(pool).__name__
    if name == "ThreadPool":
        method = "thread"
    _event(queue, name, workers, most_tasks, initializer, method)


@_quietly
def made_executor(executor: Any, initializer: Any) -> None:
    """An executor was made."""
    method = executor._mp_context.get_start_method(allow_none=False)
    most = getattr(executor, "_max_tasks_per_child", None)
    _event(executor._call_queue, type(executor).__name__, executor._max_workers, most, initializer, method)


def _event(queue: Any, name: str, workers: int, most_tasks: Any, initializer: Any, method: str) -> None:
    prepared = describe(initializer) if initializer is not None else None
    cpus()
    core.event("pool", places.identity(queue), name, workers, most_tasks, prepared, method, places.where(4))


@_quietly
def submitted(queue: Any, waiting: int) -> None:
    """Work is handed to a pool which has that many jobs left."""
    words, slot = core.state.words, _slot(queue)
    count = words[slot + layout.S_COUNT]
    words[slot + layout.S_COUNT] = count + 1
    if waiting == 0:
        now = core.clock()
        first, last = words[slot + layout.S_FIRST], words[slot + layout.S_LAST]
        if last > first:
            words[slot + layout.S_NS] += last - first
        words[slot + layout.S_FIRST] = now
        thread = core.this_thread()
        if count and thread.waited:
            words[slot + layout.S_TIMED] += 1
        thread.waited = False


def arrived(result: Any, fine: bool, value: Any) -> None:
    """A result has come back."""
    try:
        pool = result._pool
        if pool is None:
            return
        queue = pool._inqueue
        slot = _arrived(queue)
        if "_mpd_pool" not in result.__dict__:
            result.__dict__["_mpd_pool"] = places.identity(queue)
        if not fine:
            _failed(slot, queue, value)
            first = getattr(result, "_success", True)  # of several chunks, get() raises the first one's exception
            if not first or getattr(result, "_error_callback", None):
                core.state.words[slot + layout.S_CPU] += 1
    except Exception:  # the program must not notice
        pass


def arrived_item(queue: Any, item: Any) -> None:
    """A result has come back to an executor."""
    try:
        if not isinstance(item, int):
            slot = _arrived(queue)
            if item.exception is not None:
                _failed(slot, queue, item.exception)
    except Exception:  # the program must not notice
        pass


def _arrived(queue: Any) -> int:
    slot = _slot(queue)
    words = core.state.words
    words[slot + layout.S_LAST] = core.clock()
    words[slot + layout.S_BYTES] += 1
    return slot


def _failed(slot: int, queue: Any, value: Any) -> None:
    words = core.state.words
    words[slot + layout.S_MAX] += 1
    if words[slot + layout.S_MAX] <= 3:
        core.event("failure", places.identity(queue), type(value).__name__)


@_quietly
def fetched(result: Any) -> None:
    """The exception of a task reaches the program."""
    core.state.words[layout.H_OWN] += 1


@_quietly
def belongs(future: Any, queue: Any) -> None:
    """A future was made by the executor that ``queue`` feeds."""
    future.__dict__["_mpd_pool"] = places.identity(queue)


@_quietly
def fed_by(future: Any) -> Any:
    """The pool of a future."""
    return future.__dict__.get("_mpd_pool")


def _take(pool: Any) -> None:
    """The program takes a result of the pool, or waits for it."""
    slot = core.state.pools.get(("pool", pool))
    if slot is not None:
        words = core.state.words
        words[slot + layout.S_EMPTY] += 1
        words[slot + layout.S_WALL] = core.clock()


def taken(result: Any) -> None:
    """The program takes a result."""
    try:
        pool = result._pool
        _take(result.__dict__.get("_mpd_pool") if pool is None else places.identity(pool._inqueue))
    except Exception:  # the program must not notice
        pass


@_quietly
def asked(future: Any) -> None:
    """The program asks a future for its result or exception."""
    known = future.__dict__
    if known.get("_mpd_asked") is None:
        known["_mpd_asked"] = True
        _take(known.get("_mpd_pool"))
        if _asks_for(sys._getframe(3)) == "asyncio.futures":
            core.this_thread().waited = True  # an event loop waits for all at once, and takes what has come
        if known.get("_mpd_failed"):
            core.state.words[layout.H_OWN] += 1


def _asks_for(caller: Any) -> Any:
    """The module of the function that asks a future."""
    return caller.f_globals.get("__name__")


@_quietly
def failed(future: Any, exception: Any) -> None:
    """A future gets an exception."""
    future.__dict__["_mpd_failed"] = True
    if future.__dict__.get("_mpd_asked") or future._done_callbacks:
        core.state.words[layout.H_OWN] += 1


@_quietly
def closed(queue: Any) -> None:
    """No more work will be handed to the pool."""
    if queue is not None:
        core.event("closed", places.identity(queue))


@_quietly
def pool_of(result: Any) -> Any:
    """What feeds the pool of a result."""
    pool = result._pool
    return None if pool is None else places.identity(pool._inqueue)


def waited(token: Any, size: int = 0, empty: bool = False) -> None:
    """The program has waited for a result."""
    core.end(token, size, empty)
    if token is not None:
        token[0].waited = True
