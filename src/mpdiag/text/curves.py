"""A table of measured values as curves over its numeric key: points in per cent of the plot, with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mpdiag import units
from mpdiag.model import Cell, Column, Measured
from mpdiag.report import Section

#: Fewer points are no curve, more curves cannot be told apart, and beyond this ratio an axis is logarithmic.
_FEWEST, _MOST, _WIDE = 3, 6, 20.0
#: Lines of the grid, at least.
_TICKS = 3


@dataclass(frozen=True)
class Point:
    """A measured value; ``x`` and ``y`` in per cent from the lower left corner."""

    x: float
    y: float
    low: float
    high: float
    words: str


@dataclass(frozen=True)
class Curve:
    """Points of one kind, by ``x``."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Chart:
    """Curves over one axis; ticks are places in per cent with their labels."""

    title: str
    across: str
    curves: tuple[Curve, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Axis:
    """Where values lie between the ends of a scale."""

    low: float
    high: float
    log: bool
    unit: str | None

    @classmethod
    def over(cls, values: list[float], unit: str | None, from_zero: bool = False) -> Axis:
        """The axis that ``values`` need."""
        low, high = min(values), max(values)
        log = low > 0 and high / low > _WIDE
        if from_zero and not log:
            low = min(low, 0.0)
        return cls(low, high if high > low else low + 1.0, log, unit)

    def at(self, value: float) -> float:
        """Where ``value`` is, in per cent."""
        if self.log:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * 100, 2)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Round values along the axis."""
        return tuple((self.at(value), units.number(value, self.unit)) for value in self._round())

    def _round(self) -> list[float]:
        base = 2.0 if self.unit == "B" else 10.0
        if self.log:
            first, last = math.ceil(math.log(self.low, base)), math.floor(math.log(self.high, base))
            step = max(1, (last - first) // _TICKS)
            return [base**power for power in range(first, last + 1, step)]
        raw = (self.high - self.low) / _TICKS
        size = base ** math.floor(math.log(raw, base))
        step_s = next((size * part for part in (5, 2, 1) if size * part <= raw), size)
        return [step_s * place for place in range(math.ceil(self.low / step_s), math.floor(self.high / step_s) + 1)]


def key_columns(section: Section) -> tuple[Column, ...]:
    """The columns that tell what a row is about: those before the first measured one."""
    found = []
    for column in section.columns:
        if any(isinstance(row.get(column.key), Measured) for row in section.rows):
            break
        found.append(column)
    return tuple(found)


def chart(section: Section) -> Chart | None:
    """The curves of ``section``; None where there is no number to draw along, or too few points.

    Of several numbers that tell what a row is about, it is drawn along the one that gives most points.
    """
    keys = key_columns(section)
    drawn = next((column for column in section.columns if column.bar), None)
    if drawn is None or drawn in keys:
        return None
    numbers = [column for column in keys if column.unit]
    along = [(_curves(section, keys, across, drawn), across) for across in numbers]
    curves, across = max(along, key=lambda each: sum(map(len, each[0].values())), default=({}, drawn))
    return _chart(across, drawn, dict(list(curves.items())[:_MOST])) if curves else None


def _curves(
    section: Section, keys: tuple[Column, ...], across: Column, drawn: Column
) -> dict[str, list[Mapping[str, Cell]]]:
    """The rows of each curve that is one, by what they have in common."""
    named: dict[str, list[Mapping[str, Cell]]] = {}
    for row in section.rows:
        if _finite(_number(row.get(across.key)), *ends(row.get(drawn.key))):
            others = (key for key in keys if key != across and row.get(key.key) is not None)
            name = ", ".join(_called(key, row.get(key.key)) for key in others)
            named.setdefault(name, []).append(row)
    return {name: rows for name, rows in named.items() if len(rows) >= _FEWEST}


def _called(key: Column, cell: Cell) -> str:
    """What a curve is called after one of its keys: ``Pipe``, ``chunk 4``."""
    text = units.cell(cell, key.unit)
    return f"{key.title} {text}" if key.unit == "1" else text


def _chart(across: Column, drawn: Column, curves: Mapping[str, list[Mapping[str, Cell]]]) -> Chart:
    rows = [row for some in curves.values() for row in some]
    x = Axis.over([_number(row.get(across.key)) for row in rows], across.unit)
    y = Axis.over([end for row in rows for end in ends(row.get(drawn.key))], drawn.unit, from_zero=True)

    def point(row: Mapping[str, Cell], name: str) -> Point:
        value = row.get(drawn.key)
        low, middle, high = map(y.at, ends(value))
        told = units.interval(value, drawn.unit) if isinstance(value, Measured) else units.cell(value, drawn.unit)
        words = f"{units.cell(row.get(across.key), across.unit)}: {told}"
        return Point(x.at(_number(row.get(across.key))), middle, low, high, f"{name}, {words}" if name else words)

    def curve(name: str, some: Iterable[Mapping[str, Cell]]) -> Curve:
        return Curve(name, tuple(sorted((point(row, name) for row in some), key=lambda one: one.x)))

    made = tuple(curve(name, some) for name, some in curves.items())
    return Chart(drawn.title, across.title, made, x.ticks(), y.ticks())


def ends(cell: Cell) -> tuple[float, float, float]:
    """Low end, value and high end."""
    if isinstance(cell, Measured):
        return cell.at_least, cell.median, cell.at_most
    value = _number(cell)
    return value, value, value


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else math.nan


def _finite(*values: float) -> bool:
    return all(map(math.isfinite, values))
