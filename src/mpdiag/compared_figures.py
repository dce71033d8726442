"""Two looks at a machine: every figure that both have, and whether it changed beyond its interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mpdiag import units
from mpdiag.compared_findings import Changes, names
from mpdiag.model import Cell, Column, Measured
from mpdiag.report import Report, Section
from mpdiag.text.curves import key_columns

#: Measuring goes on until an interval is this narrow, so that less is no difference.
LEAST: Final = 0.05
#: Below so many samples there is no telling.
FEWEST: Final = 3
#: What more of it means.
_MORE: Final = {"s": ("slower", "faster"), "1/s": ("faster", "slower"), "B/s": ("faster", "slower")}
_ANY: Final = ("more", "less")

_COLUMNS: Final = (
    Column("change", "is"),
    Column("section", "probe", wide=True),
    Column("what", "what"),
    Column("quantity", "figure"),
    Column("before", "before"),
    Column("after", "after"),
    Column("ratio", "after : before", "x"),
)


@dataclass(frozen=True)
class Figure:
    """A measured value that both reports have."""

    section: str
    title: str
    what: str
    column: Column
    before: Measured
    after: Measured

    @property
    def ratio(self) -> Measured | None:
        """After over before, as wide as the two intervals allow; unknown when there is nothing to divide by."""
        first, second = self.before, self.after
        if first.at_least <= 0 or first.median <= 0:
            return None
        low, high = second.at_least / first.at_most, second.at_most / first.at_least
        return Measured(second.median / first.median, low, high, min(first.n, second.n))

    @property
    def change(self) -> str:
        """``slower``, ``faster``, ``more``, ``less``, ``same``, or ``unsure`` where samples are too few."""
        ratio = self.ratio
        if ratio is None or ratio.n < FEWEST:
            return "unsure"
        more, less = _MORE.get(self.column.unit or "", _ANY)
        if ratio.at_least > 1 and ratio.median > 1 + LEAST:
            return more
        if ratio.at_most < 1 and ratio.median < 1 / (1 + LEAST):
            return less
        return "same"

    @property
    def worse(self) -> float | None:
        """By which part it surely got worse: 0.2 is a fifth slower; None when it did not, or there is no telling."""
        if self.change != "slower" or self.ratio is None:
            return None
        times = self.ratio.median
        return times - 1 if _MORE[self.column.unit or ""][0] == "slower" else 1 / times - 1

    @property
    def row(self) -> dict[str, Cell]:
        """As a row of the table; the figures also as numbers, for programs."""
        unit = self.column.unit
        return {
            "change": self.change,
            "section": self.section,
            "what": f"{self.title}: {self.what}" if self.what else self.title,
            "quantity": self.column.title,
            "before": units.cell(self.before, unit),
            "after": units.cell(self.after, unit),
            "ratio": self.ratio,
            "unit": unit,
            "before_value": self.before,
            "after_value": self.after,
        }

    @property
    def name(self) -> str:
        """What was measured, in words."""
        return ", ".join(filter(None, (f"{self.title}: {self.what}" if self.what else self.title, self.column.title)))

    @property
    def weight(self) -> float:
        """How far it moved, whichever way."""
        ratio = self.ratio
        return abs(math.log(ratio.median)) if ratio and 0 < ratio.median < math.inf else 0.0


def compare(before: Report, after: Report, changes: Changes) -> tuple[str, list[Section]]:
    """The verdict on two reports of a machine, and the tables."""
    figures = sorted(common(before, after), key=lambda figure: -figure.weight)
    changed = [figure for figure in figures if figure.change not in ("same", "unsure")]
    alike = [figure for figure in figures if figure.change in ("same", "unsure")]
    sections = [
        _section("changed", "What changed", changed, detail=False),
        changes.section,
        _section("same", "No change you can trust", alike, detail=True),
    ]
    return verdict(changed, alike, changes), sections


def verdict(changed: list[Figure], alike: list[Figure], changes: Changes) -> str:
    """How many figures changed which way, the largest of them, and what became of the findings."""
    whole = len(changed) + len(alike)
    if not whole:
        said = "The two reports have no figure in common"
    elif not changed:
        said = f"No change you can trust: {whole} figures compared, and their intervals overlap or nearly do"
    else:
        counts = Counter(figure.change for figure in changed)
        told = ", ".join(f"{count} {'are' if count > 1 else 'is'} {how}" for how, count in counts.most_common())
        said = f"Of {whole} figures, {told}; most of all {_told(changed[0])}"
    gone = f"Gone: {names(one.rule for one in changes.gone)}" if changes.gone else ""
    new = f"New: {names(one.rule for one in changes.new)}" if changes.new else ""
    return ". ".join(filter(None, (said, gone, new))) + "."


def _told(figure: Figure) -> str:
    first, second = units.cell(figure.before, figure.column.unit), units.cell(figure.after, figure.column.unit)
    return f"{figure.name} ({first}, now {second})"


def _section(name: str, title: str, figures: list[Figure], detail: bool) -> Section:
    rows = tuple(figure.row for figure in figures)
    return Section(name, title, "ok", columns=_COLUMNS, rows=rows, detail=detail)


def common(before: Report, after: Report) -> Iterator[Figure]:
    """All figures that both reports have: the same column of a row with the same key in the same table."""
    tables = {section.id: section for section in before.sections}
    for section in after.sections:
        if section.id in tables:
            yield from _in_table(tables[section.id], section)


def _in_table(before: Section, after: Section) -> Iterator[Figure]:
    keys = key_columns(after)
    old = {_key(row, keys): row for row in reversed(before.rows)}
    for row in after.rows:
        same = old.pop(_key(row, keys), {})
        what = ", ".join(units.cell(row.get(column.key), column.unit) for column in keys)
        for column in after.columns:
            first, second = same.get(column.key), row.get(column.key)
            if isinstance(first, Measured) and isinstance(second, Measured):
                yield Figure(after.id, after.title, what, column, first, second)


def _key(row: Mapping[str, Cell], keys: tuple[Column, ...]) -> tuple[Cell, ...]:
    return tuple(row.get(column.key) for column in keys)
