"""For GitHub Actions: workflow commands, which become annotations of the lines they point at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding
from mpdiag.model import Doc
from mpdiag.report import Renderer, Report, Style
from mpdiag.text import spots
from mpdiag.text.present import visible

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render(report: Report, style: Style) -> str:
    """A command for each finding; the verdict is a plain line of the log."""
    commands = (_command(finding, style) for finding in report.findings)
    return "".join(f"{line}\n" for line in (*commands, f"mpdiag {report.kind}: {visible(report.verdict)}"))


def _command(finding: Finding, style: Style) -> str:
    where = finding.place
    start = f"{visible(spots.spot(where, style))}: " if where else ""
    text = f"{start}{visible(finding.seen)}\n→ {visible(finding.do)}"
    properties = ",".join(f"{key}={visible(value).translate(_PROPERTY)}" for key, value in _properties(finding, style))
    return f"::{_COMMANDS[finding.level]} {properties}::{text.translate(_DATA)}"


def _properties(finding: Finding, style: Style) -> Iterator[tuple[str, str]]:
    yield "title", f"mpdiag {spots.lead(finding)}"
    if finding.place is None:
        return
    yield "file", spots.path(finding.place, style)
    line, column, end_line, end_column = spots.in_file(finding.place)
    known = {"line": line, "endLine": end_line}
    if end_line in (None, line):  # columns of different lines are not shown
        known |= {"col": column, "endColumn": end_column}
    yield from ((key, str(value)) for key, value in known.items() if value is not None)


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="GitHub annotations",
        why="See each finding beside its line in a pull request, without giving anybody the right to write.",
        how="Workflow commands in the log of a step. GitHub shows ten errors, warnings and notices of a step; "
        "`--markdown` for the job's summary, or `sarif`, has them all.",
    ),
)
