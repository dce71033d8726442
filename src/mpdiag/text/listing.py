"""Findings as a list for people: those of source code by file and line, and nothing said twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from mpdiag.advice import Finding
from mpdiag.report import Report, Style
from mpdiag.text import present


@dataclass(frozen=True)
class Entry:
    """One finding, and how much of it is new to who reads from the top."""

    finding: Finding
    #: Title, source and remedy too; else a line that says where, and what is seen there unless it was said before.
    full: bool
    seen: bool


@dataclass(frozen=True)
class Group:
    """The findings in one file; those without a place have no name."""

    file: str
    entries: tuple[Entry, ...]

    @property
    def counts(self) -> str:
        """How many of each level: ``2 errors, 1 note``."""
        return present.levels(entry.finding for entry in self.entries)


def ordered(report: Report) -> list[Finding]:
    """The findings in the order to read them in: those of a lint by place, others as they rank."""
    return sorted(report.findings, key=lambda finding: finding.order) if report.kind == "lint" else [*report.findings]


def by_file(report: Report, style: Style) -> Iterator[Group]:
    """The findings of a lint, file by file; a rule's remedy is told once unless the style is verbose."""
    said: set[tuple[str, str]] = set()
    for file, findings in groupby(ordered(report), key=lambda finding: finding.place.file if finding.place else ""):
        entries = []
        for finding in findings:
            remedy, sight = (finding.rule, finding.do), (finding.rule, finding.seen)
            entries.append(Entry(finding, style.verbose or remedy not in said, sight not in said))
            said |= {remedy, sight}
        yield Group(file, tuple(entries))
