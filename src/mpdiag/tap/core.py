"""Counts and times what threads do: `begin` and `end` are what the woven taps call.

Events of a kind that come often pass a gate, which lets some go by untimed, the more the faster they come; the next
one is timed and stands for them. What passed is counted then, and at the end of the process: one that is killed loses
at most the last `gates.MOST_PASSED` of a kind. Waits for locks are added up instead. Times are exclusive: what is
nested in a timed event is taken off it. Nothing here may raise.
"""

from __future__ import annotations

import os
import sys
from _thread import _local, get_ident, get_native_id
from time import monotonic, monotonic_ns, process_time_ns, thread_time_ns

from . import gates, layout
from .gates import SHORT_NS, SUMMED, Paces
from .ledger import Ledger
from .places import function, identity
from .places import of as _place
from .sizes import received, told  # noqa: F401 - for the taps

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

KIND = layout.KIND
#: All processes of a machine share it.
clock = monotonic_ns
#: How many timed events a thread remembers, to know those within one of which it turns out late that it counts.
LAST = 32
#: Events whose CPU time is worth two more system calls.
WITH_CPU = frozenset(KIND[name] for name in ("task", "run", "initializer", "main_import", "import"))
#: Doings that contain only what they are themselves: a worker that waits for a task waits for a lock and a message.
ABSORBING = frozenset(
    KIND[name] for name in ("wait_task", "sync", "get", "put", "join", "manager", "wait", "poll", "start")
)
ABSORBED = frozenset(
    KIND[name] for name in ("lock", "sync", "recv", "poll", "wait", "get", "put", "join", "alive", "send", "result")
)
IN_MANAGER = ABSORBED | {KIND["pickle"], KIND["unpickle"]}


class Thread:
    """What is known of one thread of this process."""

    __slots__ = (
        "base", "context", "cpu", "items", "kind", "last", "name", "native", "nested", "pickled", "slots", "spent",
        "task", "unpickled", "waited", "words",
    )  # fmt: skip

    def __init__(self, words: memoryview, base: int, name: str) -> None:
        self.words = words  # of the ledger it counts in
        self.native = get_native_id()
        self.base = base  # of its words in the ledger; 0 when there were too many threads
        self.name = name
        self.nested = 0
        self.last: list[tuple[int, int]] = []  # timed events of late: when each began, and what it took
        self.context = 0
        self.kind = 0
        self.pickled = 0  # bytes of the last pickle
        self.unpickled = 0
        self.cpu = 0  # of the last timed event that counts CPU time
        self.spent = 0  # CPU time of the thread when that ended
        self.items = 1  # of the task at hand
        self.task = 0  # where the last task stands in the ring, until its result is sent
        self.waited = False  # for a result, since it last handed out a task
        self.slots: dict[object, int] = {}

    def ended(self, began: int, took: int) -> None:
        """A timed event is over; those within it are a part of it."""
        last = self.last
        while last and last[-1][0] >= began:
            last.pop()
        last.append((began, took))
        if len(last) > LAST:
            del last[: LAST // 2]

    def since(self, began: int) -> int:
        """What timed events have taken since then."""
        return sum(took for at, took in self.last if at >= began)


class State:
    """All that a fork has to make anew; one object, so that nothing is forgotten."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.ledger = Ledger(folder)
        self.words = self.ledger.words
        self.threads: dict[int, Thread] = {}
        self.paces = Paces(self.words)
        self.counted_in = [0] * 32  # by kind: the slot of the last one that was timed
        self.values: dict[object, int] = {}  # slots
        self.tallies: dict[object, Any] = {}  # of pools
        self.slot_overflow: dict[int, int] = {}


state: State
#: Each thread's own record: identifiers are given again when a thread has ended.
_here: Any = _local()
#: The module of that name, if the program is profiled.
profiling: Any = None
#: This process.
pid = os.getpid()


def arm(folder: str) -> None:
    """Begin to count in ``folder``; in a forked child, anew."""
    global state, pid
    began = clock()
    pid = os.getpid()
    try:
        state = State(folder)
    except BaseException:  # raised by a signal handler of the program: the ledger of our parent is not ours
        state = State("")
        raise
    words = state.words
    words[layout.H_PID], words[layout.H_PARENT], words[layout.H_BEGAN] = os.getpid(), os.getppid(), began
    words[layout.H_MAIN_THREAD] = get_native_id()
    words[layout.H_MAGIC] = layout.MAGIC
    _thread("main")


def part(name: str) -> Any:
    """A part of the tap that is needed now; one that cannot be had does nothing."""
    found = globals()[name]
    if type(found) is Later:
        try:
            found = getattr(__import__(__package__, fromlist=[name]), name)
        except Exception:  # the program must not notice that the folder is gone
            found = Absent()
        globals()[name] = found
    return found


class Later:
    """Stands for a part of the tap until it is needed: `tasks` where there are pools, `values` where some are shared.

    A `__getattr__` of this module would do, but slows down all looks at what is in it: Python does not optimize them.
    """

    def __init__(self, name: str) -> None:
        self._mpd_part = name

    def __getattr__(self, name: str) -> Any:
        return getattr(part(self._mpd_part), name)


class Absent:
    """Stands for a part of the tap that cannot be had, and for all that is in it: it does nothing and holds nothing."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: Any) -> None:
        """Do nothing."""

    def __iter__(self) -> Any:
        return iter(())

    def __bool__(self) -> bool:
        return False


globals().update((name, Later(name)) for name in layout.PARTS)
if TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Those parts."""


def weave_into(module: dict[str, Any], kinds: list[int]) -> None:
    """Give a woven module the names that its taps use, and the gates of those kinds."""
    if module["__name__"] == "multiprocessing.sharedctypes":
        values = part("values")
        if not values:  # woven code needs what it returns
            raise ImportError("values")
        values.Looks(module)
    module["_mpd"] = sys.modules[__name__]
    module["_mpd_clock"], module["_mpd_seconds"], module["_mpd_pickler"] = clock, monotonic, None
    gates.stand_in(module, kinds)


def _thread(name: str = "") -> Thread:
    ident = get_ident()
    words = state.words
    number = words[layout.H_THREADS]
    base = 0
    if number < layout.THREAD_COUNT:
        words[layout.H_THREADS] = number + 1
        base = layout.THREADS + number * layout.THREAD
        words[base + layout.T_IDENT], words[base + layout.T_NATIVE] = ident, get_native_id()
    thread = state.threads[ident] = _here.thread = Thread(words, base, name or _thread_name(ident))
    return thread


def _thread_name(ident: int) -> str:
    threading = sys.modules.get("threading")
    known = getattr(threading, "_active", {}).get(ident)
    return str(getattr(known, "_name", "")) or "thread"


def this_thread() -> Thread:
    """The record of the calling thread in this process: a forked one begins anew."""
    thread = getattr(_here, "thread", None)
    return thread if thread is not None and thread.words is state.words else _thread()


# --- timing


def begin(kind: int, thing: object = None) -> Any:
    """A timed event of ``kind`` begins.

    Args:
        kind: its number.
        thing: what it happens to: a queue, a connection, a lock, a pool.

    Returns:
        What `end` needs; None when it is not timed by itself.
    """
    try:
        thread = this_thread()
        if _swallowed(thread, kind):
            return None
        outer, before, context, place = thread.nested, thread.kind, thread.context, _place(2)
        thread.nested = 0
        thread.kind = kind
        if kind in ABSORBING:
            thread.context = kind
        base = thread.base
        if base:
            words = state.words
            words[base + layout.T_KIND], words[base + layout.T_SINCE] = kind, clock()
        cpu = thread_time_ns() if kind in WITH_CPU else 0
        return (thread, kind, thing, outer, context, before, place, cpu, clock())
    except Exception:  # the program must not notice
        return None


def _swallowed(thread: Thread, kind: int) -> bool:
    """Does the event belong to what the thread is doing?"""
    context = thread.context
    if context and kind in (IN_MANAGER if context == KIND["manager"] else ABSORBED):
        state.paces.passed(kind)
        if kind in SUMMED:
            state.paces.added_up(kind)
        return True
    return False


def missed(kind: int, thing: object, began: float) -> Any:
    """An event of ``kind`` that went by untimed took long: what `end` needs to count it.

    Args:
        kind: its number.
        thing: what it happened to.
        began: when it began, in seconds.
    """
    try:
        if state.paces.given[kind]:
            state.paces.given[kind] -= 1  # it has passed the gate, and is counted as the event at hand
        return _begun(kind, thing, int(began * 1e9))
    except Exception:  # the program must not notice
        return None


def _begun(kind: int, thing: object, began: int, took: int = SHORT_NS) -> Any:
    """What `end` needs of an event whose beginning was not told; None if it took so little that the next one stands."""
    thread = this_thread()
    if _swallowed(thread, kind) or state.paces.owes(kind, took):
        return None
    within = thread.since(began)
    outer, thread.nested = thread.nested - within, 0 if kind in ABSORBING else within
    # Nearly all that the thread computed since the last timed one, if that was not longer ago.
    cpu = max(thread.spent, thread_time_ns() - (clock() - began), 1) if kind in WITH_CPU else 0
    return (thread, kind, thing, outer, thread.context, thread.kind, _place(3), cpu, began)


def end(token: Any, now: int, size: int = 0, empty: bool = False, kind: int = 0, thing: object = None) -> int:
    """The event of ``token`` is over.

    Args:
        token: what `begin` gave, or merely when the event began.
        now: the time.
        size: bytes that were moved.
        empty: whether it found nothing.
        kind: if it merely began, what it is.
        thing: likewise, what it happened to.

    Returns:
        The slot it was counted in, 0 if none.
    """
    if token is None:
        return 0
    try:
        if type(token) is int:
            token = _begun(kind, thing, token, now - token)
            if token is None:
                return 0
        spent = thread_time_ns() if token[7] else 0
        thread, kind, thing, outer, context, before, place, cpu, began = token
        took = now - began
        thread.kind, thread.context = before, context
        words = state.words
        if thread.base:
            words[thread.base + layout.T_KIND], words[thread.base + layout.T_SINCE] = before, now
        slot = slot_of(thread, kind, place, thing)
        weight, own, whole = state.paces.stands_for(kind, slot, max(took - thread.nested, 0), took, now)
        thread.nested = outer + whole
        thread.ended(began, took)
        _add(words, slot, weight, own, now, began)
        words[slot + layout.S_WALL] += whole
        if took > words[slot + layout.S_MAX]:
            words[slot + layout.S_MAX] = took
        words[slot + layout.S_BYTES] += size * weight
        if cpu:
            thread.spent = spent
            thread.cpu = spent = spent - cpu
            words[slot + layout.S_CPU] += spent if weight == 1 else spent * whole // max(took, 1)
        if empty:
            words[slot + layout.S_EMPTY] += weight
        return slot
    except Exception:  # the program must not notice
        return 0


def pickled(data: Any) -> int:
    """The bytes of what was pickled, remembered for the task whose result it may be."""
    size = getattr(data, "nbytes", 0)
    this_thread().pickled = size
    return size


def unpickled(data: Any) -> int:
    """The bytes of what was unpickled, remembered for the task whose arguments they may be."""
    size = data.getbuffer().nbytes if hasattr(data, "getbuffer") else len(data)
    this_thread().unpickled = size
    return size


def _add(words: memoryview, slot: int, weight: int, own: int, now: int, began: int) -> None:
    words[slot + layout.S_COUNT] += weight
    words[slot + layout.S_TIMED] += 1
    state.counted_in[words[slot + layout.S_KIND]] = slot
    words[slot + layout.S_NS] += own
    words[slot + layout.S_LAST] = now
    if not words[slot + layout.S_FIRST]:
        words[slot + layout.S_FIRST] = began


# --- slots


def slot_of(thread: Thread, kind: int, place: tuple[Any, ...], thing: object) -> int:
    """The slot for a kind of event at a place with an object; a shared one when the ledger has no more."""
    name = thing if thing is None or isinstance(thing, (str, int)) else identity(thing)
    key = (kind, id(place[0]), place[1], name)  # `places` keeps the code object
    slot = thread.slots.get(key)
    if slot is None:
        slot = thread.slots[key] = _new_slot(thread, kind, place, name)
    return slot


def _new_slot(thread: Thread, kind: int, place: tuple[Any, ...], name: object) -> int:
    words = state.words
    number = words[layout.H_SLOTS]
    full = number >= layout.SLOT_COUNT - 32
    if full and kind in state.slot_overflow:
        return state.slot_overflow[kind]
    words[layout.H_SLOTS] = number + 1
    slot = layout.SLOTS + number * layout.SLOT
    words[slot + layout.S_KIND] = kind
    code, line, api, via = place
    where = (code.co_filename, line, function(code)) if code is not None else None
    if full:
        state.slot_overflow[kind] = slot
        where, name = None, None
    state.ledger.event("slot", number, layout.KINDS[kind], thread.name, thread.native, where, api, via, name)
    return slot


def event(*facts: object) -> None:
    """Note a rare event, with the time."""
    try:
        state.ledger.event(facts[0], clock(), *facts[1:])
    except Exception:  # the program must not notice
        pass


# --- life and death


def settle() -> None:
    """Write down what is counted in memory until somebody may ask."""
    for tally in list(state.tallies.values()):
        tally.write(clock())


def finish() -> None:
    """The process is about to end: note what only it can say of itself."""
    try:
        settle()
        if state.tallies:
            part("pools").told()
        words, now = state.words, clock()
        for kind, slot in enumerate(state.counted_in):
            state.paces.rest(kind, 0 if kind in WITH_CPU else slot, now)
        words[layout.H_CPU] = process_time_ns()
        if get_native_id() == words[layout.H_MAIN_THREAD]:
            words[layout.H_MAIN_CPU] = thread_time_ns()
        words[layout.H_ENDED] = clock()
        gates.let_go()
    except Exception:  # the program must not notice
        pass
