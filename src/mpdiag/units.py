"""Numbers as people read them; reports keep seconds, bytes and rates."""

from __future__ import annotations

import math

from mpdiag.model import Cell, Measured

_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_SIZES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))
_RATES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def digits(value: float) -> str:
    """``value`` with three significant digits and no exponent."""
    if value == 0:
        return "0"
    magnitude = abs(value)
    places = 0 if magnitude >= 99.95 else 1 if magnitude >= 9.995 else 2
    return f"{value:.{places}f}" if magnitude >= 0.01 else f"{value:.2g}"


def _scale(value: float, steps: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    return next((step for step in steps if abs(value) >= step[0] * 0.9995), steps[-1])


def seconds(value: float) -> str:
    """A duration: ``1.70 ms``."""
    size, name = _scale(value or 1.0, _TIMES)
    return f"{digits(value / size)} {name}"


def rough(value: float, unit: str | None) -> str:
    """``value`` (seconds or a fraction) in two digits: for bounds, whose third would be noise."""
    if not math.isfinite(value):
        return number(value, unit)
    value = float(f"{value:.2g}")
    factor, name = (0.01, "%") if unit == "fraction" else _scale(value or 1.0, _TIMES)
    scaled = value / factor
    return f"{scaled:.{1 if 0.0 < abs(scaled) < 9.95 else 0}f} {name}"


def size(value: float) -> str:
    """An amount of memory in binary units: ``64 KiB``."""
    factor, name = _scale(value, _SIZES)
    number = value / factor
    return f"{number:.0f} {name}" if number == round(number) else f"{digits(number)} {name}"


def rate(value: float, unit: str = "") -> str:
    """A rate in decimal units: ``310 k/s`` or ``1.20 GB/s``."""
    factor, name = _scale(value, _RATES)
    return f"{digits(value / factor)} {name}{unit}/s"


def number(value: float, unit: str | None) -> str:
    """``value`` for people; ``unit`` as in `mpdiag.model.Column`."""
    if not math.isfinite(value):
        return str(value)
    match unit:
        case "s":
            return seconds(value)
        case "B":
            return size(value)
        case "1/s":
            return rate(value)
        case "B/s":
            return rate(value, "B")
        case "x":
            return f"{digits(value)}×"
        case "fraction":
            return f"{digits(value * 100)} %"
        case _:
            return f"{value:,.0f}" if value == round(value) else digits(value)


def interval(value: Measured, unit: str | None) -> str:
    """A measured value with its interval: ``1.70× [1.60–1.80]``."""
    return between(value.median, value.low, value.high, unit)


def between(value: float, low: float | None, high: float | None, unit: str | None) -> str:
    """As `interval`, from the bare numbers."""
    text = number(value, unit)
    if low is None or high is None:
        return text
    first, last = number(low, unit), number(high, unit)
    suffix = text.lstrip("0123456789.,-")
    if all(end.lstrip("0123456789.,-") == suffix for end in (first, last)):
        first, last = first.removesuffix(suffix), last.removesuffix(suffix)
    return f"{text} [{first}–{last}]"


def cell(value: Cell, unit: str | None) -> str:
    """A table's cell; a missing value is a dash."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case Measured():
            return number(value.median, unit)
        case int() | float():
            return number(value, unit)
        case _:
            return value
