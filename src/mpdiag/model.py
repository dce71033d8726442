"""Frozen values that everything else exchanges.

Standard library only and able to run on Python 3.9, because probes use them inside the measured interpreter.
A report's JSON form is exactly these classes, field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any, Literal, Optional, Union

SCHEMA = "mpdiag.report/1"

Level = Literal["note", "warning", "error"]
Confidence = Literal["measured", "inferred", "static"]
Status = Literal["ok", "skipped", "failed", "timeout"]
Kind = Literal["probe", "run", "hang", "lint", "size", "doctor", "fleet", "compare"]

LEVELS: tuple[Level, ...] = ("note", "warning", "error")


def public_name(module: str) -> str:
    """The name users type for the unit in ``module``: its file's stem."""
    return module.rpartition(".")[2]


# --- what units say of themselves


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


# --- what was gathered


@dataclass(frozen=True)
class Measured:
    """A measured value: median, its 95 % interval (order statistics; null below six samples) and the raw samples."""

    median: float
    low: Optional[float]
    high: Optional[float]
    n: int
    samples: tuple[float, ...] = ()


Cell = Union[None, bool, int, float, str, Measured]


@dataclass(frozen=True)
class Column:
    """A column of a section's table.

    ``unit`` is ``"s"``, ``"B"``, ``"1/s"``, ``"B/s"``, ``"x"`` (a ratio), ``"fraction"``, ``"1"`` (a count) or null
    (text).
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
class Profiled:
    """One line of a section's cProfile pass."""

    function: str
    calls: int
    self_s: float


@dataclass(frozen=True)
class Section:
    """One table of facts, with how its gathering went."""

    id: str
    title: str
    status: Status
    reason: Optional[str] = None
    duration_s: float = 0.0
    columns: tuple[Column, ...] = ()
    rows: tuple[dict[str, Cell], ...] = ()
    process: dict[str, Any] = field(default_factory=dict)
    profile: tuple[Profiled, ...] = ()
    detail: bool = False


class NotJudged(Exception):
    """Raised by facts and rules when the evidence a rule needs was not gathered; its text is the reason."""


def known(facts: Mapping[str, Any], key: str) -> Any:
    """The fact ``key`` of the machine or the interpreter; null means "no limit".

    Raises:
        NotJudged: with the reason, if it could not be gathered.
    """
    reason = facts.get("unknown", {}).get(key) or (None if key in facts else f"{key} was not gathered")
    if reason:
        raise NotJudged(reason)
    return facts[key]


@dataclass(frozen=True)
class Facts:
    """All tables of one probe, as rules read them.

    Every look-up raises `NotJudged` when the fact is missing, so a rule needs no case for it.
    """

    name: str
    tables: Mapping[str, tuple[Mapping[str, Cell], ...]]

    def rows(self, table: str = "", **where: Cell) -> list[Mapping[str, Cell]]:
        """The rows of ``table`` whose cells equal ``where``; never empty."""
        found = [row for row in self.tables.get(table, ()) if all(row.get(key) == cell for key, cell in where.items())]
        if not found:
            wanted = ", ".join(f"{key} {cell}" for key, cell in where.items()) or "any row"
            raise NotJudged(f"{self.name} did not measure {wanted}")
        return found

    def measured(self, key: str, table: str = "", **where: Cell) -> Measured:
        """The measured value in column ``key`` of the first such row."""
        for row in self.rows(table, **where):
            cell = row.get(key)
            if isinstance(cell, Measured):
                return cell
        wanted = ", ".join(f"{name} {cell}" for name, cell in where.items())
        raise NotJudged(f"{self.name} has no {key} for {wanted or 'any row'}")

    def number(self, key: str, table: str = "", **where: Cell) -> float:
        """The plain number in column ``key`` of the first such row (a measured value gives its median)."""
        for row in self.rows(table, **where):
            cell = row.get(key)
            if isinstance(cell, Measured):
                return cell.median
            if isinstance(cell, (int, float)) and not isinstance(cell, bool):
                return float(cell)
        raise NotJudged(f"{self.name} has no {key}")


# --- findings


@dataclass(frozen=True)
class Evidence:
    """A number a finding rests on; ``unit`` as in `Column`."""

    label: str
    value: Union[float, int, str, None]
    unit: Optional[str] = None
    low: Optional[float] = None
    high: Optional[float] = None

    @classmethod
    def of(cls, label: str, measured: Measured, unit: Optional[str]) -> Evidence:
        """The evidence that a measured value gives."""
        return cls(label, measured.median, unit, measured.low, measured.high)


@dataclass(frozen=True)
class Place:
    """Where in the user's code a finding points."""

    file: str
    line: Optional[int] = None
    column: Optional[int] = None
    function: Optional[str] = None
    process: Optional[str] = None


@dataclass(frozen=True)
class Gain:
    """The most wall time a fix can win back, and what that bound rests on."""

    ceiling_s: float
    ceiling_fraction: float
    basis: str


@dataclass(frozen=True)
class Finding:
    """A rule or lint that fired."""

    rule: str
    name: str
    level: Level
    confidence: Confidence
    title: str
    #: A sentence with the numbers.
    seen: str
    #: What to change.
    do: str
    evidence: tuple[Evidence, ...] = ()
    place: Optional[Place] = None
    gain: Optional[Gain] = None
    #: Value over reference; the reference is printed in the evidence.
    concern: float = 0.0
    links: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[float, int, float]:
        """Sorts findings: by gain, then level, then concern, the largest first."""
        gain = self.gain.ceiling_s if self.gain else 0.0
        return (-gain, -LEVELS.index(self.level), -self.concern)


# --- units


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


@dataclass(frozen=True)
class Rule:
    """One piece of advice: ``judge`` gets facts by its parameters' names and yields findings; no I/O.

    A parameter is a probe's name (`Facts`), ``machine`` or ``python`` (mappings).
    """

    module: str
    id: str
    judge: Callable[..., Iterable[Finding]]
    doc: Doc
    #: Other names under which the mistake is known.
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The public name (slug)."""
        return public_name(self.module).replace("_", "-")

    def finding(
        self, *, level: Level, seen: str, do: str, concern: float, evidence: Iterable[Evidence] = ()
    ) -> Finding:
        """A measured finding of this rule."""
        return Finding(
            rule=self.id,
            name=self.name,
            level=level,
            confidence="measured",
            title=self.doc.title,
            seen=seen,
            do=do,
            evidence=tuple(evidence),
            concern=concern,
            links=self.doc.links,
        )


@dataclass(frozen=True)
class Style:
    """How a renderer for people may write."""

    width: int = 80
    color: bool = False
    unicode: bool = True
    verbose: bool = False


@dataclass(frozen=True)
class Renderer:
    """One output format: ``render(report, style)`` gives the whole text and computes nothing."""

    module: str
    render: Callable[[Report, Style], str]
    doc: Doc

    @property
    def name(self) -> str:
        """The public name: ``--format NAME`` and ``--NAME FILE``."""
        return public_name(self.module)


# --- the report


@dataclass(frozen=True)
class Quality:
    """Something that limits how far the report can be trusted, and the sections it touches."""

    text: str
    affects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unjudged:
    """A rule that could not be judged, and why."""

    rule: str
    reason: str


@dataclass(frozen=True)
class Tool:
    """Who wrote the report."""

    name: str
    version: str


@dataclass(frozen=True)
class Memory:
    """Peak memory of one observed process, in bytes."""

    rss_peak: int
    uss_peak: Optional[int] = None


@dataclass(frozen=True)
class ProcessAccount:
    """Where one process's lifetime went; times in seconds."""

    pid: int
    parent: int
    name: str
    role: str
    start_method: str
    born_s: float
    ended_s: float
    exit: Union[int, str, None]
    buckets: dict[str, float]
    memory: Memory


@dataclass(frozen=True)
class Efficiency:
    """Parallel efficiency and its factors, after POP: parallel = load balance × communication."""

    parallel: float
    load_balance: float
    communication: float


@dataclass(frozen=True)
class Account:
    """Where a program's time went, process by process."""

    wall_s: float
    processes: tuple[ProcessAccount, ...]
    total: dict[str, float]
    unaccounted_fraction: float
    efficiency: Optional[Efficiency] = None


@dataclass(frozen=True)
class Report:
    """What every command produces and every renderer takes."""

    schema: str
    kind: Kind
    tool: Tool
    started_at: str
    duration_s: float
    command: tuple[str, ...]
    machine: dict[str, Any]
    python: dict[str, Any]
    verdict: str
    sections: tuple[Section, ...] = ()
    account: Optional[Account] = None
    findings: tuple[Finding, ...] = ()
    quality: tuple[Quality, ...] = ()
    passed: tuple[str, ...] = ()
    not_judged: tuple[Unjudged, ...] = ()
