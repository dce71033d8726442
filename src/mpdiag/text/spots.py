"""Where findings point: paths relative to the working directory, for machines with forward slashes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from mpdiag.advice import Evidence, Finding, Place
from mpdiag.report import Report, Section, Style

#: How paths of Windows begin; elsewhere a backslash is a letter like any other.
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|~\\|\\\\")


def path(where: Place, style: Style) -> str:
    """The file of ``where``: relative if it is below the working directory."""
    file, folder = where.path, style.folder
    if _WINDOWS.match(folder) or _WINDOWS.match(file):
        file, folder = file.replace("\\", "/"), folder.replace("\\", "/")
    return file.removeprefix(f"{folder.rstrip('/')}/") if folder else file


def nearby(report: Report, style: Style) -> Report:
    """The report for people: what lies below the working directory is told relative to it, as tracebacks do.

    Args:
        report: with paths as they are, or from the home folder on.
        style: knows the working directory.
    """
    folder = style.folder.rstrip("/\\")
    if not folder:
        return report
    near = partial(re.compile(rf"(?<![^\s('\"`\[=,:;]){re.escape(folder)}[/\\](?=[^\s/\\])").sub, "")
    return replace(
        report,
        verdict=near(report.verdict),
        sections=tuple(_near_rows(section, near) for section in report.sections),
        findings=tuple(_near_finding(finding, near) for finding in report.findings),
        quality=tuple(replace(doubt, text=near(doubt.text)) for doubt in report.quality),
        not_judged=tuple(replace(each, reason=near(each.reason)) for each in report.not_judged),
    )


def _near_rows(section: Section, near: Callable[[str], str]) -> Section:
    rows = tuple(
        {key: near(cell) if isinstance(cell, str) else cell for key, cell in row.items()} for row in section.rows
    )
    return replace(section, rows=rows)


def _near_finding(finding: Finding, near: Callable[[str], str]) -> Finding:
    place = finding.place and replace(finding.place, file=near(finding.place.file))
    evidence = tuple(_near_evidence(each, near) for each in finding.evidence)
    return replace(finding, seen=near(finding.seen), do=near(finding.do), evidence=evidence, place=place)


def _near_evidence(evidence: Evidence, near: Callable[[str], str]) -> Evidence:
    value = near(evidence.value) if isinstance(evidence.value, str) else evidence.value
    return replace(evidence, label=near(evidence.label), value=value)


def spot(where: Place, style: Style) -> str:
    """File, line and column, as editors and terminals link them: ``app.py:31:5``, ``nb.ipynb:cell 3:1:5``."""
    cell = where.cell and f"cell {where.cell}"
    known = (path(where, style), cell, number(where.line), number(where.column))
    return ":".join(str(part) for part in known if part is not None)


def number(value: int | None) -> int | None:
    """A line or column, which counts from 1: anything else is none."""
    return value if value is not None and value > 0 else None


def span(where: Place) -> tuple[int | None, int | None, int | None, int | None]:
    """First line and column, last line and the column after the last character: what is known and makes sense."""
    line, column, end_line, end_column = map(number, (where.line, where.column, where.end_line, where.end_column))
    if line is None:
        return None, None, None, None
    if column is None or end_line is None or end_column is None or (end_line, end_column) < (line, column):
        return line, column, None, None
    return line, column, end_line, end_column


def in_file(where: Place) -> tuple[int | None, int | None, int | None, int | None]:
    """As `span`, of the file on disk: where a cell of a notebook stands in it is not known."""
    return span(where) if where.cell is None else (None, None, None, None)


def within(finding: Finding) -> str:
    """What the place in a file does not tell, before a sentence: ``cell 3, line 5: ``; mostly nothing."""
    where = finding.place
    if where is None or where.cell is None:
        return ""
    return f"cell {where.cell}, line {where.line}: " if number(where.line) else f"cell {where.cell}: "


def lead(finding: Finding) -> str:
    """What a finding is called: ``MP401 submit-then-wait``."""
    return f"{finding.rule} {finding.name}"
