"""Frozen values of the second step: what rules are given, and what they say of it."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mpdiag.model import Cell, Doc, Measured, public_name

Level = Literal["note", "warning", "error"]


Confidence = Literal["measured", "inferred", "static"]


LEVELS: tuple[Level, ...] = ("note", "warning", "error")
#: The most of its source that a place carries.
_EXCERPT_LINES, _EXCERPT_CHARACTERS = 3, 200
_CELL = re.compile(r"(.+\.ipynb):cell (\d{1,9})", re.DOTALL)


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

    def all(self, table: str = "", **where: Cell) -> list[Mapping[str, Cell]]:
        """The rows of ``table`` whose cells equal ``where``: none is an answer."""
        return [row for row in self.tables.get(table, ()) if all(row.get(key) == cell for key, cell in where.items())]

    def rows(self, table: str = "", **where: Cell) -> list[Mapping[str, Cell]]:
        """The rows of ``table`` whose cells equal ``where``; never empty."""
        found = self.all(table, **where)
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


@dataclass(frozen=True)
class Evidence:
    """A number a finding rests on; ``unit`` as in `Column`."""

    label: str
    value: float | int | str | None
    unit: str | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, label: str, measured: Measured, unit: str | None) -> Evidence:
        """The evidence that a measured value gives."""
        return cls(label, measured.median, unit, measured.low, measured.high)


def excerpt(lines: Sequence[str], first: int, last: int | None = None) -> str:
    """What a place carries of its source: at most three lines, of at most 200 characters each.

    Args:
        lines: the source, parted where Python parts it (`str.splitlines` knows further ends of lines).
        first: the line where the place begins, from 1.
        last: the line where it ends; none is the first.
    """
    end = min(max(last or first, first), first + _EXCERPT_LINES - 1)
    return "\n".join(line.rstrip("\r\n")[:_EXCERPT_CHARACTERS] for line in lines[first - 1 : end])


@dataclass(frozen=True)
class Place:
    """Where in the user's code a finding points; lines and columns (in characters) count from 1."""

    file: str
    line: int | None = None
    column: int | None = None
    function: str | None = None
    process: str | None = None
    end_line: int | None = None
    #: The column after the last character.
    end_column: int | None = None
    #: The source from `line` on, as `excerpt` cuts it.
    excerpt: str | None = None

    @property
    def path(self) -> str:
        """The file on disk: of ``nb.ipynb:cell 3``, the notebook."""
        found = _CELL.fullmatch(self.file)
        return found[1] if found else self.file

    @property
    def cell(self) -> int | None:
        """The number of the notebook's cell, in which the lines count; None in other files."""
        found = _CELL.fullmatch(self.file)
        return int(found[2]) if found else None

    @classmethod
    def of(cls, row: Mapping[str, Cell], process: str | None = None) -> Place | None:
        """The place in the cells ``file``, ``line`` and ``function`` of a row; none when it is unknown."""
        file, line, function = row.get("file"), row.get("line"), row.get("function")
        if not isinstance(file, str):
            return None
        return cls(
            file,
            line if isinstance(line, int) else None,
            function=function if isinstance(function, str) else None,
            process=process,
        )


@dataclass(frozen=True)
class Fix:
    """An edit that mends a mistake and nothing else: the text between two places of the file, and what replaces it.

    Lines and columns (in characters) count from 1; the end is the column after the last character replaced.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    replacement: str


@dataclass(frozen=True)
class Gain:
    """The most wall time a fix can win back, and what that bound rests on."""

    ceiling_s: float
    ceiling_fraction: float
    basis: str

    @classmethod
    def of(cls, recoverable_s: float, wall_s: float, basis: str) -> Gain:
        """A bound of ``recoverable_s``, at most the wall time, rounded up to two digits: more would be noise.

        Args:
            recoverable_s: seconds of wall time that the fix can win at most.
            wall_s: the wall time of the run.
            basis: what the bound rests on, in one sentence.
        """
        seconds = two_digits(min(max(recoverable_s, 0.0), wall_s), math.ceil)
        if seconds > wall_s:  # 1.29 s of 1.29 s are not 1.3 s
            seconds = two_digits(wall_s, math.floor)
        return cls(seconds, float(f"{seconds / wall_s:.2g}") if wall_s > 0 else 0.0, basis)


def two_digits(value: float, to: Callable[[float], int]) -> float:
    """``value`` with two digits, none of next to nothing; ``to`` (`math.ceil`, `math.floor`) is the direction."""
    if value < 1e-12:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{to(round(value / step, 6)) * step:.2g}")


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
    place: Place | None = None
    gain: Gain | None = None
    #: Value over reference; the reference is printed in the evidence.
    concern: float = 0.0
    links: tuple[str, ...] = ()
    #: The edit that a tool may make by itself, in the lines of the place.
    fix: Fix | None = None

    @property
    def rank(self) -> tuple[float, int, float]:
        """Sorts findings: by gain, then level, then concern, the largest first."""
        gain = self.gain.ceiling_s if self.gain else 0.0
        return (-gain, -LEVELS.index(self.level), -self.concern)

    @property
    def order(self) -> tuple[bool, str, int, int, int]:
        """Sorts findings as their places are read: by file, cell, line and column; those without a place come last."""
        if self.place is None:
            return True, "", 0, 0, 0
        return False, self.place.path, self.place.cell or 0, self.place.line or 0, self.place.column or 0


@dataclass(frozen=True)
class Rule:
    """One piece of advice, with a judge for each lens that can show the mistake.

    A judge gets facts by its parameters' names and yields findings; no I/O. A parameter is a probe's name or a table of
    an observed run (`Facts`), ``machine`` or ``python`` (mappings).
    """

    module: str
    id: str
    doc: Doc
    #: Judges what the probes measured of this machine.
    judge: Callable[..., Iterable[Finding]] | None = None
    #: Judges what was observed of a program.
    run: Callable[..., Iterable[Finding]] | None = None
    #: Judges what the threads of a program wait for that no longer moves.
    hang: Callable[..., Iterable[Finding]] | None = None
    #: Judges what was measured of a function.
    size: Callable[..., Iterable[Finding]] | None = None
    #: Judges what a cluster told of a run.
    fleet: Callable[..., Iterable[Finding]] | None = None
    #: Other names under which the mistake is known.
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The public name (slug)."""
        return public_name(self.module).replace("_", "-")

    def finding(
        self,
        *,
        level: Level,
        seen: str,
        do: str,
        concern: float,
        evidence: Iterable[Evidence] = (),
        confidence: Confidence = "measured",
        place: Place | None = None,
        gain: Gain | None = None,
    ) -> Finding:
        """A finding of this rule."""
        return Finding(
            rule=self.id,
            name=self.name,
            level=level,
            confidence=confidence,
            title=self.doc.title,
            seen=seen,
            do=do,
            evidence=tuple(evidence),
            place=place,
            gain=gain,
            concern=concern,
            links=self.doc.links,
        )


@dataclass(frozen=True)
class Lint:
    """One mistake that shows in the source: ``inspect(source)`` yields findings; no I/O.

    It bears the id and the name of the rule that shows the same mistake in a running program, if there is one.
    """

    module: str
    id: str
    doc: Doc
    #: Reads the facts of a `mpdiag.source.Source`.
    inspect: Callable[[Any], Iterable[Finding]]
    #: The edit that mends a node that `inspect` found; only where no other meaning can have been intended.
    fix: Callable[[Any, ast.AST], Fix | None] | None = None
    #: Opt-in lints are silent unless selected.
    default: bool = True
    #: Other names under which the mistake is known.
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The public name (slug)."""
        return public_name(self.module).replace("_", "-")

    def finding(self, place: Place, *, level: Level, seen: str, do: str) -> Finding:
        """A finding of this lint; ``place`` is that of a node: ``source.place(node)``."""
        return Finding(self.id, self.name, level, "static", self.doc.title, seen, do, place=place, links=self.doc.links)
