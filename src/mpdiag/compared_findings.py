"""Which findings are gone, which stayed and which are new between two reports."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mpdiag.advice import Finding, Place
from mpdiag.fingerprints import fingerprints
from mpdiag.model import Cell, Column
from mpdiag.report import Report, Section
from mpdiag.text import present

TABLE: Final = "findings"
_COLUMNS: Final = (
    Column("state", "now"),
    Column("rule", "rule"),
    Column("name", "mistake"),
    Column("where", "at"),
    Column("before_s", "at most to win, before", "s"),
    Column("after_s", "and after", "s"),
)


@dataclass(frozen=True)
class Changes:
    """Findings by what became of them."""

    gone: tuple[Finding, ...]
    #: As they were and as they are.
    still: tuple[tuple[Finding, Finding], ...]
    new: tuple[Finding, ...]

    @classmethod
    def between(cls, before: Report, after: Report) -> Changes:
        """Pair the findings of two reports.

        Those of source code by their fingerprint; those of programs by rule and function, whatever the line and file: a
        fix moves lines, and may be in another file.
        """
        name = fingerprints if after.kind == "lint" else _spots
        old: dict[Hashable, list[Finding]] = {}
        for key, finding in zip(name(before.findings), before.findings, strict=True):
            old.setdefault(key, []).append(finding)
        new, still = [], []
        for key, finding in zip(name(after.findings), after.findings, strict=True):
            if old.get(key):
                still.append((old[key].pop(0), finding))
            else:
                new.append(finding)
        left = {id(finding) for some in old.values() for finding in some}
        return cls(tuple(one for one in before.findings if id(one) in left), tuple(still), tuple(new))

    @property
    def section(self) -> Section:
        """All of them as a table."""
        rows = tuple(self._rows())
        columns = tuple(column for column in _COLUMNS if any(row[column.key] is not None for row in rows))
        return Section(TABLE, "Findings, before and after", "ok", columns=columns, rows=rows)

    def _rows(self) -> Iterator[dict[str, Cell]]:
        for finding in self.gone:
            yield _row("gone", finding, finding, None)
        for old, finding in self.still:
            yield _row("still there", finding, old, finding)
        for finding in self.new:
            yield _row("new", finding, None, finding)

    @property
    def verdict(self) -> str:
        """What became of them, in a sentence."""
        parts = [
            f"{len(some)} {what} ({names(rules)})"
            for what, some, rules in (
                ("new", self.new, [one.rule for one in self.new]),
                ("gone", self.gone, [one.rule for one in self.gone]),
                ("still there", self.still, [one.rule for _, one in self.still]),
            )
            if some
        ]
        return f"Of the findings, {', '.join(parts)}." if parts else "No findings, before and after."

    @property
    def rest(self) -> str:
        """What stayed and what came, in words for a verdict; empty when nothing did."""
        said = [
            f"{what}: {names([one.rule for one in some])}"
            for what, some in (("still there", [new for _, new in self.still]), ("new", list(self.new)))
            if some
        ]
        return "; ".join(said)


def names(rules: Iterable[str]) -> str:
    """Rules in a row, each once: ``MP201 and MP401``."""
    once = list(dict.fromkeys(rules))
    return " and ".join(filter(None, (", ".join(once[:-1]), once[-1]))) if once else ""


def ceiling(finding: Finding | None) -> float | None:
    """The most that the fix could win, in seconds."""
    return finding.gain.ceiling_s if finding and finding.gain else None


def _spots(findings: Sequence[Finding]) -> Sequence[Hashable]:
    return [(finding.rule, finding.place.function if finding.place else None) for finding in findings]


def _row(state: str, finding: Finding, old: Finding | None, new: Finding | None) -> dict[str, Cell]:
    return {
        "state": state,
        "rule": finding.rule,
        "name": finding.name,
        "level": finding.level,
        "where": _where(finding.place),
        "before_s": ceiling(old),
        "after_s": ceiling(new),
    }


def _where(place: Place | None) -> str | None:
    return present.place(place) if place else None
