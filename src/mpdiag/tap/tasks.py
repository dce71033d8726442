"""What is known of the tasks that the workers of pools run."""

from __future__ import annotations

import sys
from _operator import getitem
from itertools import islice
from weakref import ref

from . import core, layout, places
from .note import describe, given, quietly

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

KIND = layout.KIND
#: Helpers of the library that call the user's function for each item of a chunk.
CHUNKS = ("mapstar", "starmapstar")
#: With their code or type, which is kept: to hash code is to hash all in it.
_labels: dict[int, tuple[str, object]] = {}
#: Positions of arguments that have changed from one task to the next, by label.
_last: dict[str, tuple[Any, ...]] = {}
_varied: dict[str, set[str]] = {}
_noted: dict[str, int] = {}
#: Arguments of other types are not compared: that could run the program's code.
PLAIN = (str, int, float, bytes, bool, type(None))
LONG = 200
#: So are plain numbers in a row, which are looked at by no code of the program either.
BUFFERS = (("builtins", "bytearray"), ("array", "array"), ("numpy", "ndarray"))
#: Of a long one, and of a collection, so many pieces are looked at: the two ends and the middle; and so far into it.
PIECE, DEEPEST = 8, 5
#: The bytes in a pickle of something short.
SMALL = 4
COLLECTIONS = (dict, list, tuple, set, frozenset)
#: The longest task of each function that was noted, in nanoseconds; a longer one is noted when it is so many times it.
_longest: dict[str, int] = {}
LONGER, LEAST_NS = 1.2, 1_000_000
#: Timed tasks whose result has not been sent yet: the others need not ask.
owing = 0
#: By thread, the types of the arguments of the task at hand.
_types: dict[int, list[str]] = {}


@quietly
def worker(queue: Any) -> None:
    """A worker begins, fed by ``queue``."""
    core.event("worker", places.identity(queue), core.this_thread().name)


@quietly
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
    known = _labels.get(id(key))
    if known is None:
        name, file, line = describe(function)
        known = _labels[id(key)] = name, key
        core.event("function", name, file, line)
        given([*items[:1], function])
    name = known[0]
    if items:
        _types[thread.native] = [type(value).__name__ for value in items[0][:8]]
        _compare(name, items[0], function)
    thread.items = len(items)
    return name


@quietly
def _compare(name: str, args: tuple[Any, ...], function: Any) -> None:
    """Find out which of the function's parameters vary from task to task, one level deep, and how much each weighs."""
    flat = list(_dragged(function))
    for place, value in enumerate(args[:8], len({position.partition(".")[0] for position, _ in flat})):
        if type(value) is tuple:
            flat += [(f"{place}.{inner}", part) for inner, part in enumerate(value[:8])]
        elif _record(value):
            flat += [(f"{place}.{key}", part) for key, part in islice(places.state(value).items(), PIECE)]
        else:
            flat.append((str(place), value))
    before = _last.get(name)
    now = _last[name] = tuple((position, _trace(value)) for position, value in flat)
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
        weights = [_weight(value) for _, value in flat]
        core.event("varied", name, seen + 1, [position for position, _ in now], sorted(varied), weights)


def _record(value: Any) -> bool:
    """Whether an argument is an object of a class of the program's own, which was unpickled attribute by attribute."""
    file = getattr(sys.modules.get(type(value).__module__), "__file__", None)
    return bool(type(value).__dictoffset__ and file and not places.is_library(file))


def _dragged(function: Any) -> Any:
    """What goes along with a function as its first parameters: a bound method's object, what a partial holds.

    An object is told as a whole and by its attributes: a counter among them must not hide a table that stays the same.
    """
    held = getattr(function, "args", None)
    if type(held) is tuple:
        for position, value in enumerate(held[:PIECE]):
            yield str(position), value
    owner = getattr(function, "__self__", None)
    if owner is not None and hasattr(function, "__func__"):
        yield layout.SELF, _Whole(owner)
        for key, value in islice(places.state(owner).items(), 2 * PIECE) if _record(owner) else ():
            yield f"{layout.SELF}.{key}", value


class _Whole:
    """An object that is looked into whatever its class is."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _weight(value: Any, deep: int = DEEPEST, width: int = PIECE) -> Any:
    """About how many bytes a pickle of it has, by some of what it holds."""
    kind = type(value)
    if kind in (str, bytes, bytearray):
        return len(value)
    if (kind.__module__, kind.__name__) in BUFFERS:
        return getattr(value, "nbytes", 0) or len(value) * value.itemsize
    if issubclass(kind, COLLECTIONS):
        base: Any = next(each for each in COLLECTIONS if issubclass(kind, each))
        size = base.__len__(value)
        some = list(islice(dict.items(value) if base is dict else base.__iter__(value), width)) if deep else []
        weights = [_weight(each, deep - 1, max(width // 4, 1)) for each in some]
        return SMALL + (sum(weights) * size // len(weights) if weights else SMALL * size)
    if kind is _Whole or _record(value):
        held = places.parts(value.value if kind is _Whole else value)[: 2 * PIECE] if deep else []
        return SMALL + sum(_weight(each, deep - 1, width) for each in held)
    return SMALL


def _trace(value: Any, deep: int = DEEPEST, width: int = PIECE) -> Any:
    """What tells an argument from the next task's, without keeping it alive; None for what cannot be told apart."""
    kind = type(value)
    if kind in PLAIN:
        return (
            (kind, len(value), *_pieces(value, len(value)))
            if kind in (str, bytes) and len(value) >= LONG
            else (kind, value)
        )
    if (kind.__module__, kind.__name__) in BUFFERS:
        return _buffer(kind, value)
    if kind.__module__ == "pathlib" or kind.__module__.startswith("pathlib."):
        return kind, str(value)
    if issubclass(kind, COLLECTIONS):
        return _collection(value, deep, width)
    if kind is _Whole or _record(value):
        return _object(value.value if kind is _Whole else value, deep, width)
    try:
        return _Same(value)
    except TypeError:
        return None


def _object(value: Any, deep: int, width: int) -> Any:
    """The same for an object: its attributes."""
    traces = [_trace(each, deep - 1, width) for each in places.parts(value)[:PIECE]] if deep else []
    return None if None in traces else (type(value), traces)


def _collection(value: Any, deep: int, width: int) -> Any:
    """The same for a list, a dict or the like: how long it is, and some of what it holds; by no code of its class."""
    base: Any = next(each for each in COLLECTIONS if issubclass(type(value), each))
    size = base.__len__(value)
    if not deep:
        some = []
    elif base not in (list, tuple):
        some = list(islice(dict.items(value) if base is dict else base.__iter__(value), width))
    elif size <= 3 * width:
        some = list(base.__iter__(value))
    else:
        some = [each for piece in _pieces(value, size, width, base.__getitem__) for each in piece]
    traces = [_trace(each, deep - 1, max(width // 4, 1)) for each in some]
    return None if None in traces else (type(value), size, traces)


def _pieces(value: Any, size: int, width: int = PIECE, part: Any = getitem) -> tuple[Any, ...]:
    """The two ends and the middle of something long."""
    middle = size // 2
    return part(value, slice(width)), part(value, slice(middle, middle + width)), part(value, slice(-width, None))


def _buffer(kind: type, value: Any) -> Any:
    """The same for an array of plain numbers."""
    if kind.__name__ != "ndarray":
        return (kind, len(value), *(bytes(memoryview(piece)) for piece in _pieces(value, len(value))))
    if value.dtype.hasobject:
        return None
    return (kind, value.shape, *(piece.tobytes() for piece in _pieces(value.flat, value.size)))


class _Same:
    """Equal to what stands for the very same object, if that is still there."""

    __slots__ = ("known",)

    def __init__(self, value: Any) -> None:
        self.known = ref(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.known() is other.known() is not None

    __hash__ = None  # type: ignore[assignment]


def end(token: Any, now: int, size: int = 0, empty: bool = False) -> None:
    """A task is over: count it and put it into the ring of the last tasks."""
    global owing
    if token is None:
        return
    try:
        thread, began = token[0], token[-1]
        items = thread.items
        words = core.state.words
        counted = words[core.slot_of(thread, token[1], token[6], token[2]) + layout.S_COUNT]
        slot = core.end(token, now, thread.unpickled)
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
