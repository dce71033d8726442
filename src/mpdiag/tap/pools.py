"""What the process that owns a pool knows of it: what was handed out, what has come back, and who asked for it."""

from __future__ import annotations

import sys

from . import core, layout, places, tasks  # noqa: F401 - `tasks` for the workers that will be forked
from .note import cpus, describe, quietly

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: Having counted so many, a tally is written into the ledger no more often than that: writing takes ten times as long.
OFTEN, WRITE_NS = 64, 2_000_000


class Tally:
    """What is counted of one pool, in plain attributes until it is written.

    Args:
        name: what feeds its workers.
    """

    __slots__ = (
        "answered", "arrived", "awaited", "due", "failed", "first", "last", "looked", "name", "ordered", "since",
        "slot", "spans", "submitted", "taken", "words",
    )  # fmt: skip

    def __init__(self, name: object) -> None:
        self.name = name
        self.words = core.state.words  # of the ledger it is written into
        self.slot = core._new_slot(core.this_thread(), layout.KIND["pool"], (None, 0, "", 0), name)
        self.submitted = self.arrived = self.taken = 0
        self.awaited = 0  # jobs handed out after all earlier ones had been waited for
        self.failed = self.answered = 0  # tasks that failed; of these, those whose exception will be seen
        self.first = self.last = self.spans = 0  # since when it has work, the last result, earlier times with work
        self.looked = 0  # when the program last asked for a result
        self.since = 0  # when the first of those came that nobody has asked for yet; an earlier one's time is no harm
        self.ordered = 0  # time of waits for one result while another was there
        self.due = 0

    def write(self, now: int) -> None:
        """Write all of it into its slot; not into that of our parent."""
        if self.words is not core.state.words:
            return
        if self.submitted + self.arrived > OFTEN:
            self.due = now + WRITE_NS
        words, slot = self.words, self.slot
        words[slot + layout.S_COUNT], words[slot + layout.S_BYTES] = self.submitted, self.arrived
        words[slot + layout.S_EMPTY], words[slot + layout.S_WALL] = self.taken, self.looked
        words[slot + layout.S_FIRST], words[slot + layout.S_LAST] = self.first, self.last
        words[slot + layout.S_NS], words[slot + layout.S_TIMED] = self.spans, self.awaited
        words[slot + layout.S_MAX], words[slot + layout.S_CPU] = self.failed, self.answered

    def begins(self, now: int) -> None:
        """It is given work while it has none."""
        self.spans += max(0, self.last - self.first)
        self.first = now
        thread = core.this_thread()
        if thread.waited:
            self.awaited += self.submitted > 1
        thread.waited = False


def tally_of(queue: Any) -> Tally:
    """The tally of the pool that ``queue`` feeds, in this process."""
    tally: Any = getattr(queue, "_mpd_tally", None)
    if tally is not None and tally.words is core.state.words:
        return tally  # type: ignore[no-any-return]
    name = places.identity(queue)
    tally = core.state.tallies.get(name)
    if tally is None:
        tally = core.state.tallies[name] = Tally(name)
    if type(queue).__dictoffset__:
        queue._mpd_tally = tally
    return tally  # type: ignore[no-any-return]


@quietly
def made(pool: Any, queue: Any, workers: int, most_tasks: Any, initializer: Any) -> None:
    """A pool was made."""
    method = getattr(getattr(pool, "_ctx", None), "get_start_method", lambda: "thread")()
    name = type(pool).__name__
    if name == "ThreadPool":
        method = "thread"
    elif any(kind.__name__ == "InterpreterPoolExecutor" for kind in type(pool).__mro__):
        method = "interpreter"
    _event(queue, name, workers, most_tasks, initializer, method)


@quietly
def made_executor(executor: Any, initializer: Any) -> None:
    """An executor was made."""
    method = executor._mp_context.get_start_method(allow_none=False)
    most = getattr(executor, "_max_tasks_per_child", None)
    _event(executor._call_queue, type(executor).__name__, executor._max_workers, most, initializer, method)


def _event(queue: Any, name: str, workers: int, most_tasks: Any, initializer: Any, method: str) -> None:
    prepared = describe(initializer) if initializer is not None else None
    cpus()
    core.event("pool", places.identity(queue), name, workers, most_tasks, prepared, method, places.where(4))


def submitted(pool: Any, queue: Any, waiting: int) -> None:
    """Work is handed to a pool or executor which has that many jobs left."""
    try:
        tally = pool._mpd_tally = tally_of(queue)
        tally.submitted += 1
        now = core.clock()
        if waiting == 0:
            tally.begins(now)
        if now > tally.due:
            tally.write(now)
    except Exception:  # the program must not notice
        pass


def arrived(result: Any, fine: bool, value: Any) -> None:
    """A result has come back and is counted, and it is time to write, or the task has failed."""
    try:
        if result._mpd_tally.words is not core.state.words:
            adopted(result)
        tally = result._mpd_tally
        if not fine:
            _failed(tally, value)
            first = getattr(result, "_success", True)  # of several chunks, get() raises the first one's exception
            if not first or getattr(result, "_error_callback", None):
                tally.answered += 1
        tally.write(core.clock())
    except Exception:  # the program must not notice
        pass


@quietly
def adopted(thread: Any) -> None:
    """The thread of an executor that is older than the taps, or than this ledger, has got a result."""
    tally = thread._mpd_tally = tally_of(thread.call_queue)
    tally.arrived += 1
    tally.last = core.clock()


def _failed(tally: Tally, value: Any) -> None:
    tally.failed += 1
    if tally.failed <= 3:
        core.event("failure", tally.name, type(value).__name__)


@quietly
def fetched(result: Any) -> None:
    """The exception of a task reaches the program."""
    core.state.words[layout.H_OWN] += 1


@quietly
def fed_by(future: Any) -> Any:
    """The pool of a future."""
    return future._mpd_tally.name


@quietly
def looped() -> None:
    """A future is asked for its result: an event loop waits for all at once, and takes what has come."""
    if sys._getframe(3).f_globals.get("__name__") == "asyncio.futures":
        core.this_thread().waited = True


@quietly
def failed(future: Any, exception: Any) -> None:
    """A future gets an exception."""
    if getattr(future, "_mpd_asked", False) or future._done_callbacks:
        core.state.words[layout.H_OWN] += 1


@quietly
def closed(queue: Any) -> None:
    """No more work will be handed to the pool."""
    if queue is not None:
        core.event("closed", places.identity(queue))


@quietly
def pool_of(result: Any) -> Any:
    """What feeds the pool of a result."""
    pool = result._pool
    return None if pool is None else places.identity(pool._inqueue)


def waited(token: Any, now: int, size: int = 0, several: bool = False) -> None:
    """The program has waited for a result; or for ``several``, which come as one."""
    core.end(token, now, size)
    if token is None:
        return
    try:
        token[0].waited = True
        tally = None if several else core.state.tallies.get(token[2])
        if tally is not None:
            ahead = token[6][2] == "next"  # it is counted as taken when it is there
            if tally.arrived > tally.taken + ahead:
                tally.ordered += now - max(token[-1], tally.since)
    except Exception:  # the program must not notice
        pass


def told() -> None:
    """The process is about to end: tell how its results were awaited."""
    for tally in list(core.state.tallies.values()):
        if tally.words is core.state.words:
            core.event("awaited", tally.name, tally.ordered)
