"""Values and arrays in shared memory: who reads and writes them, with or without a lock, and what wraps around.

Some accesses are looked at and stand for the others: all of the first, then one in a prime number of them, so that no
loop of the program keeps in step.
"""

from __future__ import annotations

import os
from _thread import get_ident
from itertools import repeat
from sys import _getframe

from . import core, gates, holds, layout, places

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: From so many accesses on, so many are passed over between two that are looked at.
PACE = ((64, 0), (1024, 6), (16_384, 60), (131_072, 250), (1 << 62, 1008))
#: Elements of an array are told apart by so many bits, once in turns and once in blocks.
BITS = 60
#: An element's steps from look to look: after so many alike, one of half its range is a wrap.
STEPS = 8
#: Elements whose steps are followed.
FOLLOWED = 256
#: What `multiprocessing.sharedctypes` compiles for an attribute; `moved` gives its statements their lines back.
TEMPLATE = """
def get%s(self):
    for _mpd_n in _mpd_read: break
    else: _mpd_looks.read(self, 0)
    self._mpd_try(False) or self.acquire()
    try:
        return self._obj.%s
    finally:
        self.release()
def set%s(self, value):
    for _mpd_n in _mpd_write: break
    else: _mpd_looks.write(self, 0, value)
    self._mpd_try(False) or self.acquire()
    try:
        self._obj.%s = value
    finally:
        self.release()
%s = property(get%s, set%s)
"""
#: How many lines more there are before the statements of a getter and a setter.
MORE = {"get": 2, "set": 4}
INTEGERS = "bBhHiIlLqQ"


class Pace:
    """How often accesses of one kind are looked at."""

    __slots__ = ("gap", "total")

    def __init__(self) -> None:
        self.total = 0
        self.gap = 0

    def weight(self) -> int:
        """How many accesses this one stands for."""
        weight = self.gap + 1
        self.total += weight
        return weight

    def next(self) -> Any:
        """The gate for those that are passed over from here."""
        self.gap = next(gap for upto, gap in PACE if self.total < upto)
        return repeat(True, self.gap)


class Reading:
    """A read that a write of the same thread may follow."""

    __slots__ = ("code", "held", "ident", "index", "thing", "weight")

    def __init__(self, thing: Any, index: Any, code: Any, held: bool, weight: int) -> None:
        self.ident = get_ident()
        self.thing = id(thing)  # not to keep it alive
        self.index, self.code, self.held, self.weight = index, code, held, weight

    def before(self, thing: Any, index: Any) -> bool:
        """Whether a write of that element by the calling function would follow it, with no lock held over both."""
        same = self.thing == id(thing) and self.index == index and self.code is _getframe(3).f_code
        return same and not (self.held and holds.held())


_readings: dict[int, Reading] = {}
#: Of an element: its last value, its longest step, how many steps.
_steps: dict[object, tuple[int, int, int]] = {}


class Looks:
    """Looks at accesses of the values and arrays that one piece of the library's code reads and writes.

    Args:
        names: its globals; two of them say for each access whether it is passed over.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self._reads, self._writes = Pace(), Pace()
        self._names = names
        names["_mpd_looks"] = self
        names["_mpd_read"] = names["_mpd_write"] = gates.CLOSED

    def read(self, thing: Any, index: Any) -> None:
        """An element is about to be read.

        Args:
            thing: the value or array with its lock.
            index: the element.
        """
        try:
            weight = self._reads.weight()
            words, slot = core.state.words, _slot(thing)
            words[slot + layout.S_COUNT] += weight
            reading = Reading(thing, index, _getframe(2).f_code, holds.held(), weight)
            _readings[reading.ident] = reading
            self._writes.gap -= self._names["_mpd_write"].__length_hint__()
            self._names["_mpd_read"], self._names["_mpd_write"] = self._reads.next(), gates.CLOSED
        except Exception:  # the program must not notice
            self._names["_mpd_read"] = repeat(True, 1000)

    def write(self, thing: Any, index: Any, value: Any) -> None:
        """An element is about to be given ``value``; the other arguments are as those of `read`."""
        try:
            weight = self._writes.weight()
            words, slot = core.state.words, _slot(thing)
            words[slot + layout.S_TIMED] += weight
            length = words[slot + layout.S_WALL]
            _mark(words, slot + layout.V_TURNS, slot + layout.V_BLOCKS, index, length)
            reading = _readings.pop(get_ident(), None)
            if reading is not None and reading.before(thing, index):
                words[slot + layout.S_BYTES] += reading.weight
                _mark(words, slot + layout.V_LOOSE_TURNS, slot + layout.V_LOOSE_BLOCKS, index, length)
            if type(value) is int:
                _follow(thing, index, value, slot)
            if _readings:
                self._writes.gap = 0
            else:
                self._names["_mpd_write"] = self._writes.next()
        except Exception:  # the program must not notice
            self._names["_mpd_write"] = repeat(True, 1000)


def moved(names: dict[str, Any]) -> None:
    """Give the compiled functions of an attribute the lines they have without us: tracebacks tell them."""
    for name, function in names.items():
        if name[:3] in MORE and hasattr(function, "__code__"):
            code = function.__code__
            function.__code__ = code.replace(co_firstlineno=code.co_firstlineno - MORE[name[:3]])


def _mark(words: Any, turns: int, blocks: int, index: Any, length: int) -> None:
    if type(index) is int:
        index %= length
        words[turns] |= 1 << index % BITS
        words[blocks] |= 1 << index * BITS // length
    else:
        words[turns] = words[blocks] = (1 << BITS) - 1


def _follow(thing: Any, index: Any, value: int, slot: int) -> None:
    """Find out whether the element wraps around: it is given what it cannot hold, or leaps."""
    code = code_of(thing._obj)
    if code is None or code[0] not in INTEGERS or type(index) is not int:
        return
    bits = 8 * code[1]
    low = -(1 << bits - 1) if code[0].islower() else 0
    high = low + (1 << bits)
    if not low <= value < high:
        _wrapped(thing, slot, value, low + (value - low) % (1 << bits))
        return
    key = (id(thing), index)
    last, longest, count = _steps.get(key, (value, 0, 0))
    step = abs(value - last)
    if count >= STEPS and step > 1 << bits - 1 and longest < 1 << bits - 3:
        _wrapped(thing, slot, last, value)
        step = 0
    if key in _steps or len(_steps) < FOLLOWED:
        _steps[key] = (value, max(step, longest), count + 1)


def _wrapped(thing: Any, slot: int, before: int, after: int) -> None:
    words = core.state.words
    words[slot + layout.S_MAX] += 1
    if words[slot + layout.S_MAX] <= 2:
        core.event("wrapped", name_of(thing), before, after)


def _slot(thing: Any) -> int:
    name = name_of(thing)
    slots = core.state.values
    slot = slots.get(name)
    if slot is None:
        thread = core.this_thread()
        slot = slots[name] = core._new_slot(thread, layout.KIND["value"], (None, 0, "", 0), name)
        core.state.words[slot + layout.S_WALL] = _length(thing._obj)
    return slot


def _length(raw: Any) -> int:
    return max(int(getattr(type(raw), "_length_", 1)), 1)


def name_of(thing: Any) -> str:
    """A name for a value that all processes that share it give it: the file in memory and where in it."""
    try:
        return str(places.kept(thing, "_mpd_id"))
    except AttributeError:
        arena, start = _block(getattr(thing, "_obj", thing))
        try:
            name = f"value:{os.fstat(arena.fd).st_ino}.{start}"
        except (AttributeError, OSError):
            name = f"value:{os.getpid()}.{id(thing):x}"
        places.keep(thing, "_mpd_id", name)
        return name


def _block(raw: Any) -> tuple[Any, int]:
    (arena, start, _), _size = raw._wrapper._state
    return arena, start


def code_of(raw: Any) -> tuple[str, int] | None:
    """The typecode and the size of a value's elements; None for structures."""
    import ctypes

    kind = type(raw)
    while hasattr(kind, "_length_"):
        kind = kind._type_
    code = getattr(kind, "_type_", None)
    return (code, ctypes.sizeof(kind)) if isinstance(code, str) else None


def made(raw: Any, asked: Any) -> None:
    """A value was made in shared memory; ``asked`` is the type that the program wanted."""
    try:
        arena, start = _block(raw)
        code = code_of(raw) or ("", 0)
        name = asked if isinstance(asked, str) else code[0]
        core.event(
            "value",
            name_of(raw),
            name or getattr(asked, "__name__", ""),
            _length(raw),
            places.where(2),
            (getattr(arena, "fd", -1), start, *code),
        )
    except Exception:  # the program must not notice
        pass


def locked(thing: Any, lock: Any) -> Any:
    """A value was given a lock; what takes it at once, if it can be had."""
    try:
        core.event("locked", name_of(thing._obj))
        return lock._semlock.acquire
    except Exception:  # the program must not notice
        return _never


def _never(block: bool) -> bool:
    """Locks of other kinds are taken in the usual way."""
    return False
