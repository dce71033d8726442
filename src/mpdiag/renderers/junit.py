"""For whatever reads test results: a test case per finding and per kind of mistake that was not made."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mpdiag.advice import Finding
from mpdiag.model import Doc
from mpdiag.report import Renderer, Report, Style
from mpdiag.text import excerpts, spots
from mpdiag.text.present import visible

_ROOM = 100


def render(report: Report, style: Style) -> str:
    """One suite: errors and warnings fail, notes pass with a remark, what was not judged is skipped."""
    name = f"mpdiag {report.kind}"
    totals = {
        "name": name,
        "tests": str(len(report.findings) + len(report.passed) + len(report.not_judged)),
        "failures": str(sum(finding.level != "note" for finding in report.findings)),
        "errors": "0",
        "skipped": str(len(report.not_judged)),
        "time": f"{report.duration_s:.3f}",
    }
    root = Element("testsuites", totals)
    suite = SubElement(root, "testsuite", totals)
    for finding in report.findings:
        _finding(suite, name, finding, style)
    for rule in report.passed:
        _case(suite, name, rule)
    for unjudged in report.not_judged:
        SubElement(_case(suite, name, unjudged.rule), "skipped", message=visible(unjudged.reason))
    SubElement(suite, "system-out").text = visible(report.verdict)
    if report.quality:
        SubElement(suite, "system-err").text = "\n".join(visible(one.text) for one in report.quality)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _finding(suite: Element, group: str, finding: Finding, style: Style) -> None:
    where = finding.place
    at = f" at {spots.spot(where, style)}" if where else ""
    case = _case(suite, group, f"{spots.lead(finding)}{at}")
    lines = [visible(finding.seen), f"→ {visible(finding.do)}"]
    if where:
        line = spots.in_file(where)[0]
        case.attrib |= {"file": visible(spots.path(where, style))} | ({"line": str(line)} if line else {})
        lines[1:1] = excerpts.drawn(where, style, _ROOM)
    story = "\n".join(lines)
    if finding.level == "note":
        SubElement(case, "system-out").text = story
    else:
        SubElement(case, "failure", type=finding.level, message=visible(finding.title)).text = story


def _case(suite: Element, group: str, name: str) -> Element:
    return SubElement(suite, "testcase", classname=group, name=visible(name), time="0")


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="JUnit XML",
        why="Show findings where a build service shows test results.",
        how="One suite. Each error or warning is a failed case, each note a passed one with a remark; each rule that "
        "found nothing has passed, each that could not be judged is skipped, with the reason.",
    ),
)
