"""What rules ask of a measured function: its nature, and the best of each kind of worker; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mpdiag.advice import Evidence, Facts
from mpdiag.model import Cell, Measured

#: A function that waits for this part of its time is limited by what it waits for, not by the CPUs.
WAITING = 0.5

Row = Mapping[str, Cell]


def task(sized: Facts) -> Mapping[str, Any]:
    """What one call is like."""
    return sized.rows()[0]


def waits(sized: Facts) -> bool:
    """Whether it waits more than it computes."""
    return bool(task(sized)["waiting"] >= WAITING)


def chosen(sized: Facts) -> Mapping[str, Any]:
    """The efficient choice."""
    return sized.rows("choice", which="chosen")[0]


def gain(row: Row) -> Measured:
    """The speed-up in a row of the curve."""
    found = row["speedup"]
    assert isinstance(found, Measured)
    return found


def fastest(sized: Facts, group: str) -> Row | None:
    """The fastest that was measured of ``threads`` or ``processes``, with more than one worker; None if none was."""
    rows = (
        [row for row in sized.rows("curve", group=group) if int(str(row["workers"])) > 1] if has(sized, group) else []
    )
    return max(rows, key=lambda row: gain(row).median, default=None)


def has(sized: Facts, group: str) -> bool:
    """Whether workers of that kind were measured."""
    return bool(sized.all("curve", group=group))


def speed(label: str, row: Row) -> Evidence:
    """The speed-up in a row, as evidence."""
    return Evidence.of(label, gain(row), "x")
