"""Frozen values of the first step: what probes are, and what they gather.

Standard library only and able to run on Python 3.9: probes use them inside the measured interpreter, and every host
pays for them. What judges and renders needs is in `mpdiag.advice` and `mpdiag.report`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, Optional, Union


def public_name(module: str) -> str:
    """The name users type for the unit in ``module``: its file's stem."""
    return module.rpartition(".")[2]


@dataclass(frozen=True)
class Doc:
    """What a unit says of itself: feeds ``explain``, the pages in docs/ and every renderer."""

    title: str
    #: Why a user should care.
    why: str
    #: How it is measured (probe) or judged (rule).
    how: str
    #: How to read the table (probe).
    reading: str = ""
    #: What is usually claimed, and what of it holds (rule).
    claim: str = ""
    #: Code that makes the mistake, and the same code without it (rule); common indentation is taken away.
    bad: str = ""
    good: str = ""
    #: Python versions, systems and start methods it applies to.
    applies: str = "every Python version and system"
    links: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("bad", "good"):
            object.__setattr__(self, name, dedent(getattr(self, name)).strip("\n"))


@dataclass(frozen=True)
class Measured:
    """A measured value: median, its 95 % interval (order statistics; null below six samples) and the raw samples."""

    median: float
    low: Optional[float]
    high: Optional[float]
    n: int
    samples: tuple[float, ...] = ()

    @property
    def at_least(self) -> float:
        """The low end of the interval; of too few samples for one, the lowest."""
        return min(self.samples, default=self.median) if self.low is None else self.low

    @property
    def at_most(self) -> float:
        """The high end of the interval; of too few samples for one, the highest."""
        return max(self.samples, default=self.median) if self.high is None else self.high


Cell = Union[None, bool, int, float, str, Measured]


@dataclass(frozen=True)
class Column:
    """A column of a section's table.

    ``unit`` is ``"s"``, ``"B"``, ``"1/s"``, ``"B/s"``, ``"x"`` (a ratio), ``"fraction"``, ``"1"`` (a count), ``"code"``
    (a line of code to paste, the only column then) or null (text).
    """

    key: str
    title: str
    unit: Optional[str] = None
    #: Shown only where there is room (about 120 columns).
    wide: bool = False
    #: Drawn as a bar beside the number: for curves.
    bar: bool = False


@dataclass(frozen=True)
class Table:
    """A table that a probe fills. The first of a probe bears the probe's name, a further one ``probe.name``."""

    name: str
    title: str
    columns: tuple[Column, ...]
    #: Raw detail: folded away by renderers for people unless asked for.
    detail: bool = False


@dataclass(frozen=True)
class Row:
    """One row that a probe yields: the name of its table (empty: the first one) and its cells by column key."""

    cells: Mapping[str, Cell]
    table: str = ""


@dataclass(frozen=True)
class Probe:
    """One measurement of the machine: ``run(bench)`` yields rows, holds no opinion."""

    module: str
    run: Callable[[Any], Iterator[Row]]
    doc: Doc
    #: The first table's name is ignored: it bears the probe's.
    tables: tuple[Table, ...]
    #: Its share of the time budget, relative to the other probes.
    weight: float = 1.0
    #: Its place in the report.
    order: int = 50

    @property
    def name(self) -> str:
        """The public name."""
        return public_name(self.module)
