"""What is pickled to learn what pickling costs: objects of a given number of elements, by type.

The classes stand at module level because pickles name them. Standard library only: used inside the measured
interpreter.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

#: From a number of elements to an object of that many.
Maker = Callable[[int], Any]


@dataclass
class Plain:
    """A record as a dataclass."""

    number: int
    name: str
    value: float


class Named(NamedTuple):
    """A record as a named tuple."""

    number: int
    name: str
    value: float


class Slotted:
    """A record with slots."""

    __slots__ = ("name", "number", "value")

    def __init__(self, number: int, name: str, value: float) -> None:
        self.number, self.name, self.value = number, name, value


def fields(number: int) -> tuple[int, str, float]:
    """The fields of one record; no two records share a value, which pickle would write only once."""
    return number, f"name {number}", number / 7


def as_dict(number: int) -> dict[str, Any]:
    """A record as a dict."""
    return dict(zip(("number", "name", "value"), fields(number)))


def nested(number: int) -> dict[str, Any]:
    """A record that holds a record and a list."""
    return {"number": number, "owner": as_dict(number), "tags": [f"tag {number}"]}


def listed(make: Callable[[int], Any]) -> Maker:
    """Makes lists of what ``make`` makes of a number."""
    return lambda count: [make(number) for number in range(count)]


MAKERS: dict[str, Maker] = {
    "bytes": lambda count: b"x" * count,
    "array('d')": lambda count: array("d", range(count)),
    "ints": listed(int),
    "floats": listed(lambda number: number / 7),
    "strings": listed(lambda number: f"name {number}"),
    "tuples": listed(fields),
    "dicts": listed(as_dict),
    "dataclasses": listed(lambda number: Plain(*fields(number))),
    "namedtuples": listed(lambda number: Named(*fields(number))),
    "slots objects": listed(lambda number: Slotted(*fields(number))),
    "nested dicts": listed(nested),
    "datetimes": listed(lambda number: datetime(2000, 1, 1) + timedelta(seconds=number)),
    "exceptions": listed(lambda number: ValueError(f"name {number}", number)),
}


def numpy_floats(numpy: Any) -> Maker:
    """Makes arrays of 64-bit floats with ``numpy``, the module."""
    return lambda count: numpy.arange(float(count))
