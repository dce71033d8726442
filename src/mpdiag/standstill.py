"""A program that no longer moves, as rules and pages see it: its threads, what they wait for, in words; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final

from mpdiag.advice import Facts
from mpdiag.ideals import Row
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
#: Names told in a row, before the rest is counted.
NAMED: Final = 3


class Standing:
    """The tables of a look at a program, with the names of what stands in them.

    Args:
        tables: those of `mpdiag.hang.facts`, by name.
    """

    def __init__(self, tables: Mapping[str, Facts]) -> None:
        self.waits = tables["waits"].all()
        self.ends = tables["ends"]
        self.users = tables["users"]
        self.members = {row["pid"]: row for row in tables["members"].all()}
        self.queues = {row["object"]: row for row in tables["queues"].all()}
        self.locks = {row["object"]: row for row in tables["holders"].all()}

    def stuck(self, **where: object) -> Iterator[Row]:
        """The threads that cannot go on, whatever happens outside."""
        return (row for row in self.waits if not row["can_move"] and fits(row, where))

    def threads(self, pid: object, **where: object) -> Iterator[Row]:
        """The threads of a process."""
        return (row for row in self.waits if row["pid"] == pid and fits(row, where))

    def what(self, row: Row) -> str:
        """What a thread waits for, as the rest of a sentence."""
        thing = str(row.get("object") or "")
        named: dict[object, Callable[[], str]] = {
            "runs": lambda: "runs",
            "process": lambda: f"waits for {self.process(thing)} to end",
            "thread": lambda: f"waits for its thread {self.thread(row, thing)} to end",
            "lock": lambda: f"waits for {self.lock(thing)}",
            "place": lambda: f"waits for a free place in {self.channel(str(row.get('channel')))}",
            "within": lambda: f"waits for {within(row)}",
            "read": lambda: f"waits for data from {self.channel(thing)}",
            "write": lambda: f"waits for room in {self.channel(thing)}",
            "several": lambda: "waits for any of several pipes",
            "serves": lambda: "waits for requests",
        }
        words = named.get(row.get("kind"))
        return words() if words else OUTSIDE.get(str(row.get("doing")), "waits for something unknown")

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
            return name.replace(":", " ")
        return made("queue", queue) if queue.get("file") else "a queue"

    def lock(self, name: str) -> str:
        """A lock."""
        lock = self.locks.get(name)
        if lock is None:
            return "a semaphore"
        return made(str(lock["type"]), lock) if lock.get("file") else f"a {lock['type']}"


def fits(row: Row, where: Mapping[str, object]) -> bool:
    """Whether the cells of a row equal those wanted."""
    return all(row.get(key) == cell for key, cell in where.items())


def number(name: object) -> int:
    """The number in ``process:12`` or ``thread:13``; 0 if there is none."""
    digits = str(name or "").partition(":")[2]
    return int(digits) if digits.isdigit() else 0


def who(row: Row) -> str:
    """``Worker-1 (4711)``, and its thread if that is not the main one."""
    return str(row["process"]) if row.get("main") else f"{row['process']}, thread {row['thread']},"


def within(row: Row) -> str:
    """What threads of one process wait for, by the call that waits."""
    if row.get("future") or row.get("pool"):
        return "results of its pool"
    kind = str(row.get("object") or "").partition(":")[0]
    return f"a {kind} of its own threads" if kind else "a lock of its own threads"


def made(kind: str, row: Row) -> str:
    """What was made where: itself, or as a part of what the program called for."""
    whole = str(row.get("of") or "")
    part = f"{kind} of the {whole}" if whole and whole.lower() != kind.lower() else whole or kind
    return f"the {part} made{at(row)}"


def at(row: Row) -> str:
    """`` at app.py:31``; empty where the place is unknown."""
    if not row.get("file"):
        return ""
    parts = PurePath(str(row["file"])).parts
    return f" at {PurePath(*parts[-2 if parts[-1].startswith('__') else -1 :])}:{row['line']}"


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
