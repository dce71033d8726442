"""For other programs: the whole report, raw samples included."""

from __future__ import annotations

from typing import Final

from mpdiag import reports
from mpdiag.model import Doc
from mpdiag.report import Renderer, Report, Style


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - the contract of renderers
    """The whole report as JSON; the style is for people and changes nothing."""
    return reports.encode(report)


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="JSON",
        why="Keep it, compare it, feed it to another program; every other format can be made from it.",
        how="One document, `mpdiag.report/1`, in seconds, bytes and rates per second; "
        "`mpdiag report --schema` describes it.",
    ),
)
