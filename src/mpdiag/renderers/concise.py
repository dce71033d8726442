"""For editors, greps and pre-commit: a line per finding."""

from __future__ import annotations

from typing import Final

from mpdiag.advice import Finding
from mpdiag.model import Doc
from mpdiag.report import Renderer, Report, Style
from mpdiag.text import listing, spots
from mpdiag.text.present import inert, plain


def render(report: Report, style: Style) -> str:
    """A line for each finding, of a lint by place; then the verdict."""
    lines = [*(_line(finding, style) for finding in listing.ordered(report)), report.verdict]
    return "".join(f"{inert(plain(line, style))}\n" for line in lines)


def _line(finding: Finding, style: Style) -> str:
    where = f"{spots.spot(finding.place, style)}: " if finding.place else ""
    return f"{where}{finding.rule} {finding.level} {finding.name}: {finding.seen}"


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="Concise",
        why="Jump to each finding from an editor or a terminal, or search with grep.",
        how="`file:line:column: id level name: what was found`, one line a finding; the verdict comes last.",
    ),
)
