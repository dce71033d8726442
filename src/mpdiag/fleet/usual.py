"""What is usual in a fleet, and which host differs from it: medians and median absolute deviations; no I/O."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from mpdiag import units
from mpdiag.compared_figures import common
from mpdiag.model import Cell, Measured
from mpdiag.report import Report

#: With fewer hosts nobody can say which of them is the usual one.
FEWEST: Final = 3
#: A deviation that makes an outlier, in units that equal standard deviations of a normal spread (Iglewicz, Hoaglin),
#: and what turns a median absolute deviation into such a unit.
FAR, TO_SIGMA = 3.5, 1.4826
#: Equal machines differ by so much; less is no spread to measure by.
LEAST: Final = 0.06
#: Facts in which the hosts of a fleet should agree, with their units.
FACTS: Final = {
    "machine": {
        "usable_cpus": "1", "logical_cpus": "1", "cpu_quota": "1", "usable_memory": "B", "swap_total": "B",
        "shm_total": "B", "nofile_soft": "1", "nproc_soft": "1", "cpu_model": None, "os_release": None, "kernel": None,
        "architecture": None, "container": None, "transparent_huge_pages": None, "overcommit": None,
    },
    "python": {
        "implementation": None, "version": None, "free_threaded": None, "default_start_method": None,
        "pool_workers": "1",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One figure of one host."""

    what: str
    unit: str | None
    value: Cell

    @property
    def number(self) -> float | None:
        """The value as a number; None of a text."""
        value = self.value.median if isinstance(self.value, Measured) else self.value
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    @property
    def shown(self) -> str:
        """As people read it."""
        return "none" if self.value is None else units.cell(self.value, self.unit)


@dataclass(frozen=True)
class Odd:
    """A figure of a host that is not as usual."""

    host: str
    figure: Figure
    usual: str
    #: Of the usual one; None where there is no such ratio.
    times: float | None
    #: How far from usual; a text that differs is as far as can be.
    far: float


def figures(report: Report) -> Iterator[Figure]:
    """The figures of one host that are to be compared with others'."""
    for place, facts in (("machine", report.machine), ("python", report.python)):
        for key, unit in FACTS[place].items():
            if key in facts and key not in facts.get("unknown", {}):
                yield Figure(key.replace("_", " ").replace("cpu", "CPU"), unit, facts[key])
    main = {section.id for section in report.sections if not section.detail}
    for figure in common(report, report):
        if figure.section in main:
            yield Figure(figure.name, figure.column.unit, figure.after)


def by_name(hosts: Mapping[str, Report]) -> dict[str, dict[str, Figure]]:
    """All figures by their name, then by host."""
    found: dict[str, dict[str, Figure]] = {}
    for host, report in hosts.items():
        for figure in figures(report):
            found.setdefault(figure.what, {})[host] = figure
    return found


def odd(figures_: Mapping[str, Figure]) -> list[Odd]:
    """The hosts whose figure is not as usual.

    Args:
        figures_: one figure of several hosts, by host.
    """
    if len(figures_) < FEWEST:
        return []
    numbers = {host: number for host, figure in figures_.items() if (number := figure.number) is not None}
    if len(numbers) == len(figures_) and min(numbers.values()) > 0:
        return list(_far_off(figures_, numbers))
    usual, count = Counter(figure.shown for figure in figures_.values()).most_common(1)[0]
    if 2 * count <= len(figures_):
        return []
    return [Odd(host, one, usual, None, math.inf) for host, one in figures_.items() if one.shown != usual]


def _far_off(figures_: Mapping[str, Figure], numbers: Mapping[str, float]) -> Iterator[Odd]:
    """Ratios are what counts: twice as much is as far as half as much."""
    middle = median(numbers.values())
    away = {host: math.log(number / middle) for host, number in numbers.items()}
    spread = max(TO_SIGMA * median(map(abs, away.values())), LEAST)
    for host, distance in away.items():
        figure = figures_[host]
        near = _nearest(figure, middle)
        if abs(distance) > FAR * spread and abs(near) > FAR * spread and near * distance > 0:
            times = numbers[host] / middle
            yield Odd(host, figure, units.number(middle, figure.unit), times, abs(distance) / spread)


def _nearest(figure: Figure, middle: float) -> float:
    """How far the end of the interval that is nearest to ``middle`` is from it, as a logarithm of their ratio."""
    value, number = figure.value, figure.number
    assert number is not None
    end = number
    if isinstance(value, Measured):
        end = value.at_least if number > middle else value.at_most
    return math.log(end / middle) if end > 0 else -math.inf


def pace(figures_: Iterable[Mapping[str, Figure]]) -> dict[str, float]:
    """How many times as long as usual everything takes on each host: the median over its durations.

    Args:
        figures_: all figures of several hosts, by host.
    """
    ratios: dict[str, list[float]] = {}
    for one in figures_:
        known = {host: number for host, figure in one.items() if figure.unit == "s" and (number := figure.number)}
        if len(known) >= FEWEST:
            middle = median(known.values())
            for host, number in known.items():
                ratios.setdefault(host, []).append(number / middle)
    return {host: median(found) for host, found in ratios.items()}


def spread(name: str, figures_: Mapping[str, Figure], odd_ones: Sequence[Odd]) -> dict[str, Cell]:
    """One figure over the fleet, as a row: what is usual, the least and the most, and where it is not usual."""
    ordered = sorted(figures_.values(), key=lambda figure: (figure.number is None, figure.number or 0.0, figure.shown))
    numbers = [number for figure in ordered if (number := figure.number) is not None]
    unit = ordered[0].unit
    middle = units.number(median(numbers), unit) if len(numbers) == len(ordered) else None
    return {
        "what": name,
        "hosts": len(ordered),
        "usual": middle or Counter(figure.shown for figure in ordered).most_common(1)[0][0],
        "least": ordered[0].shown,
        "most": ordered[-1].shown,
        "unusual": ", ".join(one.host for one in odd_ones),
    }
