"""A program that no longer moves, as rules and pages see it: its threads, what they wait for, in words; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from mpdiag.advice import Facts, Place
from mpdiag.ideals import Row, at_least
from mpdiag.model import Cell
from mpdiag.units import seconds

#: What a thread does that waits for nothing the program could give.
OUTSIDE: Final = {
    "sleep": "sleeps",
    "signal": "waits for a signal",
    "several": "waits for input, peers or time",
    "read": "waits for input",
    "write": "waits for a reader outside",
    "outside": "waits for a peer or a file",
    "lock": "waits for other threads",
}
#: How findings are weighed: a pattern that allows of no other cause, and one that others may explain.
SURE: Final = 10.0
LIKELY: Final = 5.0
#: Locks that only who holds them lets go.
OWNED: Final = ("Lock", "RLock")
#: Locks that anybody may release.
COUNTED: Final = ("Semaphore", "BoundedSemaphore")
#: What a pipe holds, in bytes.
PIPE: Final = 65_536
#: Calls that take a lock; some are no call of Python.
TAKES: Final = ("get", "__enter__", "acquire", "")
#: In which file of the library a thread waits for results, and of what.
WAITS_FOR: Final = {"futures/_base.py": "ThreadPoolExecutor", "multiprocessing/pool.py": "ThreadPool"}
#: The files of the library in which a thread waits for results, those included that give them out one by one.
RESULTS: Final = (*WAITS_FOR, "futures/process.py")
#: What queues are called that a program makes itself.
QUEUES: Final = ("Queue", "JoinableQueue", "SimpleQueue")
#: The thread of a Pool that takes from the program's iterable and hands out tasks.
FEEDS: Final = "_handle_tasks"
#: A thread that has gone to sleep so seldom has waited since its start.
UNWOKEN: Final = 2
#: Names told in a row, before the rest is counted.
NAMED: Final = 3


class Standing:
    """The tables of a look at a program, with the names of what stands in them.

    Args:
        tables: those of `mpdiag.hang.facts`, by name.
    """

    def __init__(self, tables: Mapping[str, Facts]) -> None:
        self.waits = tables["waits"].all()
        self._threads: dict[object, list[Row]] = {}
        for row in self.waits:
            self._threads.setdefault(row["pid"], []).append(row)
        self.ends = tables["ends"]
        self._sockets = {row["object"] for row in self.ends.all() if row.get("socket")}
        self.users = tables["users"]
        self.needs = tables["needs"]
        self.dropped = tables["dropped"]
        self.pools = {row["id"]: row for row in tables["pools"].all()}
        self.members = {row["pid"]: row for row in tables["members"].all()}
        self.queues = {row["object"]: row for row in tables["queues"].all()}
        self._holders: dict[object, list[Row]] = {}
        for row in tables["holders"].all():
            self._holders.setdefault(row["object"], []).append(row)
        self.locks = {name: rows[-1] for name, rows in self._holders.items()}
        self._holding = {name: [row["pid"] for row in rows if holds(row)] for name, rows in self._holders.items()}

    def stuck(self, **where: object) -> Iterator[Row]:
        """The threads that cannot go on, whatever happens outside."""
        return (row for row in self.waits if not row["can_move"] and fits(row, where))

    def threads(self, pid: object, **where: object) -> Iterator[Row]:
        """The threads of a process."""
        return (row for row in self._threads.get(pid, ()) if fits(row, where))

    def knowing(self, lock: object) -> Sequence[Row]:
        """A lock as each process knows it that does."""
        return self._holders.get(lock, ())

    def holding(self, lock: object) -> Sequence[Cell]:
        """The processes that say that they hold a lock."""
        return self._holding.get(lock, ())

    def ended_by(self, row: Row) -> list[int]:
        """The processes any of whose ends a thread may wait for."""
        return [number(name) for name in str(row.get("objects") or row.get("object")).split()]

    def awaiting(self, row: Row) -> list[Row]:
        """The threads that wait for the end of a thread's process."""
        return [each for each in self.stuck(kind="process") if row["pid"] in self.ended_by(each)]

    def needed(self, row: Row) -> list[Cell]:
        """The other processes that could end a thread's wait."""
        needs = [each["needs"] for each in self.needs.all(pid=row["pid"], native=row["native"])]
        return [pid for pid in needs if pid != row["pid"]]

    def takes(self, row: Row) -> bool:
        """Whether a thread is known to be taking a lock, and not what works by one, as an Event."""
        return row.get("api") in TAKES and not row.get("tool") and row.get("answered") is not False

    def proxied(self, *calls: str) -> Iterator[list[Row]]:
        """The threads that wait in one of these calls of a manager's proxies, those at one line together."""
        found: dict[tuple[Cell, ...], list[Row]] = {}
        for row in self.stuck(kind="read"):
            if row.get("proxy") in calls:
                found.setdefault((row["proxy"], row.get("file"), row.get("line")), []).append(row)
        yield from found.values()

    def own_queue(self, row: Row) -> Cell:
        """The queue of the program's own that a thread takes from or puts into; None if it is another's or none."""
        queue = self.queues.get(row.get("channel"))
        if queue is not None:
            return row["channel"] if queue.get("of") in QUEUES else None
        own = row.get("file") or row.get("job") == FEEDS
        seen_outside = not row.get("channel") and row.get("library") == "multiprocessing/queues.py" and own
        return row["object"] if seen_outside else None

    def replacing(self, look: Facts) -> Iterator[Row]:
        """The threads that wait for results of a Pool which replaces its workers all the time, before any has come."""
        if look.number("born") and look.number("gone"):
            for row in self.waits:
                taking = next(self.threads(row["pid"], job="_handle_results"), {})
                waits = row["kind"] in ("within", "runs") and row.get("library") == "multiprocessing/pool.py"
                if waits and 0 < count(taking, "slept") <= UNWOKEN:
                    yield row

    def awaits_items(self, pid: object) -> bool:
        """Whether a Pool of a process still waits for the next item of the program's iterable."""
        return any(row.get("file") or row.get("api") != "run" for row in self.threads(pid, job=FEEDS))

    def self_waiting(self) -> list[tuple[Row, list[Row]]]:
        """The pools whose workers wait for results of the pool itself, with those workers."""
        found: dict[object, list[Row]] = {}
        for row in self.stuck(kind="within"):
            if row.get("own_pool") and row["own_pool"] == row.get("pool"):
                found.setdefault(row["pool"], []).append(row)
        known = [(self.pools[pool], rows) for pool, rows in found.items() if pool in self.pools]
        return known or ([] if self.pools else self._self_waiting_outside())

    def _self_waiting_outside(self) -> list[tuple[Row, list[Row]]]:
        """The same of pools of threads that are not known: all threads in tasks wait for results, and none is idle."""
        found: list[tuple[Row, list[Row]]] = []
        for pid in self.members:
            rows = list(self.threads(pid, in_task=True, main=False))
            kinds = {WAITS_FOR.get(str(row.get("library"))) for row in rows if row["kind"] == "within"}
            idle = any(row["job"] in ("worker", "_worker") for row in self.threads(pid))
            if rows and not idle and len(kinds) == 1 and None not in kinds and not any(row["can_move"] for row in rows):
                found.append(({"type": kinds.pop(), "asked": len(rows)}, rows))
        return found

    def what(self, row: Row) -> str:
        """What a thread waits for, as the rest of a sentence."""
        thing = str(row.get("object") or "")
        named: dict[object, Callable[[], str]] = {
            "runs": lambda: "runs",
            "process": lambda: f"waits for {self.process(thing)} to end",
            "thread": lambda: f"waits for its thread {self.thread(row, thing)} to end",
            "lock": lambda: f"waits for {self.lock(thing)}",
            "place": lambda: f"waits for a free place in {self.channel(str(row.get('channel')))}",
            "within": lambda: f"waits for {self.within(row)}",
            "read": lambda: f"waits for data from {self.channel(thing)}",
            "write": lambda: f"waits for room in {self.channel(thing)}",
            "several": lambda: "waits for any of several pipes",
            "serves": lambda: "waits for requests",
        }
        words = named.get(row.get("kind"))
        if words:
            return words()
        target = f": {row['target']}" if row.get("target") else ""
        unknown = f"is in {row['api']}()" if row.get("api") else "waits for something unknown"
        return OUTSIDE.get(str(row.get("doing")), unknown) + target

    def within(self, row: Row) -> str:
        """What threads of one process share."""
        if row.get("states") or row.get("pool"):
            return self.pool(row)
        return f"{a(str(row.get('tool') or 'lock'))} of its own threads"

    def pool(self, row: Row) -> str:
        """The results that a thread waits for."""
        pool = self.pools.get(row.get("pool"))
        return f"results of the {pool['type']} made{at(pool)}" if pool else "results of its pool"

    def process(self, name: str) -> str:
        """A process by its name among what is waited for, as ``process:12``."""
        member = self.members.get(number(name))
        return str(member["process"]) if member else "a child"

    def thread(self, row: Row, name: str) -> str:
        """The name of another thread of a thread's process."""
        found = self.threads(row["pid"], native=number(name))
        return next((str(each["thread"]) for each in found), "that has gone")

    def channel(self, name: str) -> str:
        """A queue or pipe."""
        queue = self.queues.get(name)
        if queue is None:
            plain = f"socket {number(name)}" if name in self._sockets else name.replace(":", " ")
            return "a queue" if name.startswith("lock:") else plain
        return made("queue", queue) if queue.get("file") else "a queue"

    def lock(self, name: str) -> str:
        """A lock."""
        lock = self.locks.get(name)
        if lock is None:
            return "a lock or semaphore"
        return made(str(lock["type"]), lock) if lock.get("file") else f"a {lock['type']}"


def fits(row: Row, where: Mapping[str, object]) -> bool:
    """Whether the cells of a row equal those wanted."""
    return all(row.get(key) == cell for key, cell in where.items())


def number(name: object) -> int:
    """The number in ``process:12`` or ``thread:13``; 0 if there is none."""
    digits = str(name or "").partition(":")[2]
    return int(digits) if digits.isdigit() else 0


def a(thing: str) -> str:
    """``a Condition``, ``an Event``."""
    return f"{'an' if thing[:1] in 'AEIOU' else 'a'} {thing}"


def holds(lock: Row) -> bool:
    """Whether a process holds a lock that it knows."""
    held = lock.get("held")
    return isinstance(held, int) and held > 0


def circles(wants: Mapping[Cell, Cell]) -> Iterator[list[Cell]]:
    """The circles among those who want something of one other, each once."""
    done: set[Cell] = set()
    for start in wants:
        path: list[Cell] = []
        at = start
        while at in wants and at not in done and at not in path:
            path.append(at)
            at = wants[at]
        if at in path:
            yield path[path.index(at) :]
        done.update(path)


def who(row: Row) -> str:
    """``Worker-1 (4711)``, or a thread of it if that is not the main one."""
    return str(row["process"]) if row.get("main") else f"{row['thread']} of {row['process']}"


def made(kind: str, row: Row) -> str:
    """What was made where: itself, or as a part of what the program called for."""
    whole = str(row.get("of") or "")
    part = whole if whole.lower().endswith(kind.lower()) else f"{kind} of the {whole}" if whole else kind
    return f"the {part} made{at(row)}"


def at(row: Row) -> str:
    """`` at app.py:31``; empty where the place is unknown."""
    if not row.get("file"):
        return ""
    parts = PurePath(str(row["file"])).parts
    return f" at {PurePath(*parts[-2 if parts[-1].startswith('__') else -1 :])}:{row['line']}"


def waits(row: Row, alike: Sequence[Row] = ()) -> str:
    """``main (as 2 others do) waits in join() at app.py:31``."""
    return f"{who(row)}{others(alike)} waits{within_call(row)}"


def blame(row: Row, sure: bool = True) -> dict[str, Any]:
    """What findings about a thread that cannot go on have in common.

    Args:
        row: the thread.
        sure: whether what was seen has no other explanation.
    """
    place = Place.of(row, str(row["process"]))
    confidence = "measured" if sure else "inferred"
    return {"level": "error", "place": place, "concern": SURE if sure else LIKELY, "confidence": confidence}


def count(row: Row, key: str) -> int:
    """A whole number in ``row``; 0 where it is unknown."""
    return int(at_least(row, key))


def within_call(row: Row) -> str:
    """`` in join() at app.py:31``."""
    call = f" in {row['api']}()" if row.get("api") else ""
    return f"{call}{at(row)}"


def lasting(row: Row) -> str:
    """`` for 12 s``; empty where it is unknown."""
    since = row.get("since_s")
    return f" for {seconds(float(since))}" if isinstance(since, (int, float)) else ""


def others(alike: Sequence[Row]) -> str:
    """`` (as 3 others do)``; empty for one alone."""
    return f" (as {len(alike) - 1} other{'s do' if len(alike) > 2 else ' does'})" if len(alike) > 1 else ""


def ended(code: object) -> str:
    """`` (exit code 1)`` or `` (SIGKILL)``; empty where it is unknown."""
    return "" if code is None else f" ({code})" if isinstance(code, str) else f" (exit code {code})"


def some(names: Iterable[str]) -> str:
    """``a, b and c``; of many the first and how many more."""
    known = list(dict.fromkeys(names))
    shown = known if len(known) <= NAMED + 1 else [*known[:NAMED], f"{len(known) - NAMED} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
