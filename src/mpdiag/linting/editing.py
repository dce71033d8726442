"""Edits put into text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mpdiag.advice import Finding, Fix

_NEWLINE = re.compile(r"\r\n|\r|\n")


def apart(findings: Iterable[Finding]) -> list[Finding]:
    """Those of the ``findings`` of a file whose edits can be put in together: of two that overlap, the first."""
    left: list[Finding] = []
    reached = (0, 0, 0)
    for finding in sorted((each for each in findings if each.fix), key=lambda each: each.order):
        cell, fix = (finding.place and finding.place.cell) or 0, finding.fix
        if fix is not None and reached <= (cell, fix.line, fix.column):
            left.append(finding)
            reached = (cell, fix.end_line, fix.end_column)
    return left


def patched(text: str, fixes: Sequence[Fix]) -> str:
    """``text`` with ``fixes`` put in; ends of lines stay."""
    ends = _NEWLINE.findall(text)
    starts = [0, *(found.end() for found in _NEWLINE.finditer(text))]
    for fix in sorted(fixes, key=lambda each: (each.line, each.column), reverse=True):
        first, last = starts[fix.line - 1] + fix.column - 1, starts[fix.end_line - 1] + fix.end_column - 1
        text = text[:first] + fix.replacement.replace("\n", ends[0] if ends else "\n") + text[last:]
    return text
