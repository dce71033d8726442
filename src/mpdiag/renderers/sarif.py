"""For code scanning, editors and security dashboards: SARIF 2.1.0."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

import msgspec

from mpdiag import reports
from mpdiag.advice import Finding, Place
from mpdiag.fingerprints import fingerprints
from mpdiag.model import Doc
from mpdiag.report import Renderer, Report, Style
from mpdiag.text import pages, spots
from mpdiag.text.present import visible

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: What relative paths are relative to; whoever reads the file knows where that is.
_ROOT = "%SRCROOT%"
_ABSOLUTE = re.compile(r"/|[A-Za-z]:/")
_REGION = ("startLine", "startColumn", "endLine", "endColumn")
#: What means more than itself in a message: the beginning of a link, and a number in braces.
_MEANT = re.compile(r"\[(?=[^\]]*\]\()|\{\d+\}")


def render(report: Report, style: Style) -> str:
    """One run: its rules with their texts, a result for each finding, and what limits the trust in it."""
    names = fingerprints(report.findings)
    ids = list(dict.fromkeys(finding.rule for finding in report.findings))
    first = {finding.rule: finding for finding in reversed(report.findings)}
    doubts = [{"level": "warning", "message": {"text": _message(one.text)}} for one in report.quality]
    run = {
        "tool": {
            "driver": {
                "name": visible(report.tool.name),
                "version": visible(report.tool.version),
                "rules": [_rule(first[rule_id], style) for rule_id in ids],
            }
        },
        "automationDetails": {"id": f"mpdiag/{report.kind}/"},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": doubts}],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder in which mpdiag was started."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            {"ruleIndex": ids.index(finding.rule), **_result(finding, name, style)}
            for finding, name in zip(report.findings, names, strict=True)
        ],
        "properties": {"verdict": visible(report.verdict)},
    }
    return reports.written({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(finding: Finding, style: Style) -> dict[str, Any]:
    """What a rule says of itself; one that this version does not know has its title alone."""
    known = style.rules.get(finding.rule)
    rule: dict[str, Any] = {
        "id": visible(finding.rule),
        "name": visible(finding.name),
        "shortDescription": {"text": visible(finding.title)},
    }
    if known is None:
        return rule
    why = " ".join(known.doc.why.split())
    return rule | {
        "fullDescription": {"text": why},
        "help": {"text": why, "markdown": pages.to_markdown(pages.of_mistake([known]))},
        **({"helpUri": known.doc.links[0]} if known.doc.links else {}),
        "properties": {"tags": ["multiprocessing", "concurrency"]},
    }


def _result(finding: Finding, fingerprint: str, style: Style) -> dict[str, Any]:
    properties: dict[str, Any] = {"confidence": finding.confidence, "concern": finding.concern}
    if finding.gain:
        properties |= {"gain": msgspec.to_builtins(finding.gain)}
    if finding.evidence:
        properties |= {"evidence": msgspec.to_builtins(finding.evidence)}
    seen = spots.within(finding) + finding.seen
    return {
        "ruleId": visible(finding.rule),
        "level": finding.level,
        "message": {"text": f"{_message(seen)}\n{_message(finding.do)}"},
        "locations": [_location(finding.place, style)] if finding.place else [],
        "partialFingerprints": {"mpdiag/v1": fingerprint},
        **_fixes(finding, style),
        "properties": properties,
    }


def _fixes(finding: Finding, style: Style) -> dict[str, Any]:
    """The edit that mends a finding; none in notebooks, whose cells have no lines of the file."""
    fix, where = finding.fix, finding.place
    if fix is None or where is None or where.cell is not None:
        return {}
    region = dict(zip(_REGION, (fix.line, fix.column, fix.end_line, fix.end_column), strict=True))
    replacement = {"deletedRegion": region, "insertedContent": {"text": fix.replacement}}
    change = {"artifactLocation": _artifact(spots.path(where, style)), "replacements": [replacement]}
    return {"fixes": [{"description": {"text": _message(finding.do)}, "artifactChanges": [change]}]}


def _location(where: Place, style: Style) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _artifact(spots.path(where, style))}
    region = {name: value for name, value in zip(_REGION, spots.in_file(where), strict=True) if value is not None}
    if region:
        physical["region"] = region
    if region and where.excerpt:
        last = region["startLine"] + where.excerpt.count("\n")
        if last >= region.get("endLine", 0):  # the surroundings hold the whole region, or are none
            text = "\n".join(map(visible, where.excerpt.split("\n")))
            physical["contextRegion"] = {"startLine": region["startLine"], "endLine": last, "snippet": {"text": text}}
    location: dict[str, Any] = {"physicalLocation": physical}
    if where.function:
        location["logicalLocations"] = [{"fullyQualifiedName": visible(where.function), "kind": "function"}]
    return location


def _artifact(path: str) -> dict[str, str]:
    """The address of a file; a name that is no text stays the bytes it was."""
    address = quote(_encoded(path))
    if _ABSOLUTE.match(path):
        return {"uri": f"file://{'' if path.startswith('/') else '/'}{address}"}
    return {"uri": address, "uriBaseId": _ROOT}


def _encoded(path: str) -> bytes:
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return path.encode("utf-8", "backslashreplace")


def _message(text: str) -> str:
    """``text`` as a plain message says it: without links, and without places to be filled in."""
    return _MEANT.sub(lambda found: f"\\{found[0]}" if found[0] == "[" else f"{{{found[0]}}}", visible(text))


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="SARIF",
        why="Upload findings to code scanning, or open them in an editor, with the text of each rule.",
        how="SARIF 2.1.0. Paths are relative to the folder in which mpdiag was started, and findings keep their "
        "fingerprint when lines move; those that `--fix` can mend bring the edit. Confidence, evidence and gain are "
        "among the properties.",
    ),
)
