"""What a run would take without one of its costs: pure sums that several rules need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mpdiag.advice import Facts, Gain, NotJudged, Place
from mpdiag.model import Cell

#: A fix that wins less than either is not worth a warning: runs of one program differ by as much.
LEAST_SHARE, LEAST_S = 0.05, 0.1
#: A bound has to hold for the next run too, which on a quiet machine differs by some percent.
SLACK = 1.1
#: Bytes from which a message is large: below, sending an object costs about as much as sending none.
LARGE = 16 * 2**10
#: Bytes waiting in a queue that matter beside the 10–50 MB of an interpreter and its libraries.
BACKLOG = 32 * 2**20

Row = Mapping[str, Cell]


def amount(row: Row, key: str) -> float:
    """The number in ``row``.

    Raises:
        NotJudged: it is unknown.
    """
    cell = row.get(key)
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        raise NotJudged(f"{key} is unknown")
    return float(cell)


def at_least(row: Row, key: str) -> float:
    """The number in ``row``, or 0 where it is unknown: for what only adds to a sum."""
    cell = row.get(key)
    return float(cell) if isinstance(cell, (int, float)) else 0.0


def usable(run: Facts) -> float:
    """The CPUs that the run could use; a part of one still runs everything, only slower."""
    return max(run.number("cpus"), 0.1)


def worth(recoverable_s: float, wall_s: float) -> bool:
    """Whether winning that much wall time deserves a warning."""
    return recoverable_s >= max(LEAST_SHARE * wall_s, LEAST_S)


def bound(recoverable_s: float, run: Facts, basis: str) -> Gain:
    """A ceiling on what can be won: what was found recoverable, with some slack."""
    return Gain.of(recoverable_s * SLACK, run.number("wall_s"), basis)


def working_s(pool: Row, cpus: float) -> float:
    """Wall time of a pool whose workers always had a task, spread evenly: the rest of its phase is overhead.

    Raises:
        NotJudged: the pool's tasks were not timed.
    """
    workers = max(amount(pool, "workers"), 1.0)
    computing = at_least(pool, "task_cpu_s") / min(workers, cpus)
    return max(amount(pool, "task_s") / workers, computing, at_least(pool, "task_max"))


def where(place: Place | None) -> str:
    """`` (file:line)`` for prose; empty where the place is unknown."""
    if place is None:
        return ""
    return f" ({place.file}:{place.line})" if place.line is not None else f" ({place.file})"


def user_rows(facts: Facts) -> list[dict[str, Any]]:
    """The rows about what the program made itself, not what a pool made inside."""
    return [dict(row) for row in facts.all() if row.get("user") is not False]
