"""Frozen values of the third step: the report that every command makes and every renderer takes.

A report's JSON form is exactly these classes, field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mpdiag.advice import Finding, Lint, Rule
from mpdiag.model import Cell, Column, Doc, public_name

SCHEMA = "mpdiag.report/1"


Status = Literal["ok", "skipped", "failed", "timeout"]


Kind = Literal["probe", "run", "hang", "lint", "size", "doctor", "fleet", "compare"]


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
    reason: str | None = None
    duration_s: float = 0.0
    columns: tuple[Column, ...] = ()
    rows: tuple[dict[str, Cell], ...] = ()
    process: dict[str, Any] = field(default_factory=dict)
    profile: tuple[Profiled, ...] = ()
    detail: bool = False


@dataclass(frozen=True)
class Style:
    """How a renderer may write, and what it may know beside the report."""

    width: int = 80
    color: bool = False
    unicode: bool = True
    verbose: bool = False
    #: The working directory, as the report's paths begin with it: machines want paths that are relative to it.
    folder: str = ""
    #: What stands behind the findings, by id; of a rule that this version does not know there is nothing.
    rules: Mapping[str, Rule | Lint] = field(default_factory=dict)


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
    """Peak memory of one observed process, in bytes; the parts only where the system tells them."""

    rss_peak: int
    uss_peak: int | None = None
    pss_peak: int | None = None


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
    exit: int | str | None
    buckets: dict[str, float]
    memory: Memory
    #: CPU time of the process, whatever it was spent on.
    cpu_s: float | None = None


@dataclass(frozen=True)
class Efficiency:
    """Parallel efficiency and its factors, after POP: parallel = load balance × communication."""

    parallel: float
    load_balance: float
    communication: float


@dataclass(frozen=True)
class Span:
    """Something that a process did; times in seconds since the run began."""

    pid: int
    #: A task, or the bucket that its time is in.
    kind: str
    name: str
    began_s: float
    ended_s: float
    #: More than one: so many, from the begin of the first to the end of the last.
    count: int = 1
    #: How much of the span they took.
    took_s: float | None = None
    place: str | None = None


@dataclass(frozen=True)
class Account:
    """Where a program's time went, process by process."""

    wall_s: float
    processes: tuple[ProcessAccount, ...]
    total: dict[str, float]
    unaccounted_fraction: float
    efficiency: Efficiency | None = None
    #: What took long in each process, as far as its times are known; bounded, whatever the program does.
    timeline: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Visited:
    """A host of a fleet, with its own report, if there is one."""

    host: str
    address: str
    status: Status
    reason: str | None = None
    duration_s: float = 0.0
    report: Report | None = None


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
    account: Account | None = None
    findings: tuple[Finding, ...] = ()
    quality: tuple[Quality, ...] = ()
    passed: tuple[str, ...] = ()
    not_judged: tuple[Unjudged, ...] = ()
    #: Of a fleet: its hosts.
    hosts: tuple[Visited, ...] = ()
