"""For GitLab: a code quality report, shown in merge requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mpdiag import reports
from mpdiag.fingerprints import fingerprints
from mpdiag.model import Doc
from mpdiag.report import Renderer, Report, Style
from mpdiag.text import spots
from mpdiag.text.present import visible

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def render(report: Report, style: Style) -> str:
    """The findings that point at a file; GitLab takes no others."""
    return reports.written(list(_issues(report, style)))


def _issues(report: Report, style: Style) -> Iterator[dict[str, Any]]:
    for finding, fingerprint in zip(report.findings, fingerprints(report.findings), strict=True):
        if finding.place is None:
            continue
        line, _, end_line, _ = spots.in_file(finding.place)
        yield {
            "description": visible(f"{spots.lead(finding)}: {spots.within(finding)}{finding.seen} → {finding.do}"),
            "check_name": visible(finding.rule),
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[finding.level],
            "location": {
                "path": spots.path(finding.place, style),
                "lines": {"begin": line or 1, "end": end_line or line or 1},
            },
        }


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="GitLab code quality",
        why="See in a merge request which findings came and which went.",
        how="A list for `artifacts:reports:codequality`; fingerprints that outlive moved lines tell issues apart. "
        "Findings without a place in a file are left out: the format cannot say them.",
    ),
)
