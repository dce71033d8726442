"""For editors, greps and pre-commit: a line per finding."""

from __future__ import annotations

import re
from typing import Final

from mpdiag.advice import Finding
from mpdiag.model import Doc
from mpdiag.report import Renderer, Report, Style
from mpdiag.text import listing, spots
from mpdiag.text.present import plain

#: What the logs of build services take for a command: ``::error::`` at the start of a line, ``##[error]`` anywhere.
_COMMANDS = re.compile(r"^(?=\s*::)|(?<=#)#(?=\w*\[)")


def render(report: Report, style: Style) -> str:
    """A line for each finding, of a lint by place; then the verdict."""
    lines = [*(_line(finding, style) for finding in listing.ordered(report)), report.verdict]
    return "".join(f"{_inert(plain(line, style))}\n" for line in lines)


def _line(finding: Finding, style: Style) -> str:
    where = f"{spots.spot(finding.place, style)}: " if finding.place else ""
    return f"{where}{finding.rule} {finding.level} {finding.name}: {finding.seen}"


def _inert(line: str) -> str:
    return _COMMANDS.sub(lambda found: r"\x23" if found[0] else "./", line)


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="Concise",
        why="Jump to each finding from an editor or a terminal, or search with grep.",
        how="`file:line:column: id level name: what was found`, one line a finding; the verdict comes last.",
    ),
)
