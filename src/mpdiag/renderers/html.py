"""For a browser: one file that needs no network, with tables that sort, curves, and a timeline to zoom into."""

from __future__ import annotations

import math
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from mpdiag import units
from mpdiag.advice import Evidence, Finding
from mpdiag.model import Cell, Column, Doc, Measured
from mpdiag.report import Account, Renderer, Report, Section, Style
from mpdiag.text import account as accounts
from mpdiag.text import curves, excerpts, listing, pages, present, spots, tracks
from mpdiag.text.buckets import BUCKETS, Bucket

#: Bars of processes, rows of a table and findings of a file, before the rest is left to the JSON report.
_MOST_BARS, _MOST_ROWS, _MOST_FINDINGS = 120, 200, 100
#: Parts into which the bars are divided, and letters that fit into a share of them.
_PARTS, _LEAST_FOR_A_LETTER = 1000, 18
_EXCERPT = 100
#: Characters of a process's name beside the timeline.
_NAME = 22


def render(report: Report, style: Style) -> str:
    """The report as one HTML document."""
    report = spots.nearby(report, style)
    account = report.account
    known: dict[str, Any] = {
        "report": report,
        "policy": _policy(),
        "about": " · ".join(_about(report)),
        "doubts": present.doubts(report, Style(verbose=True)),
        "groups": _groups(report, style),
        "rules": {name: pages.of_mistake([unit]) for name, unit in style.rules.items()},
        "bars": _bars(account) if account else None,
        "tracks": list(tracks.tracks(account)) if account else [],
        "tables": [section for section in report.sections if not section.detail],
        "details": [section for section in report.sections if section.detail],
    }
    return _environment().get_template("report.html").render(known) + "\n"


@cache
def _environment() -> Environment:
    """What turns templates into text: everything that they insert is made harmless and escaped."""
    made = Environment(
        loader=PackageLoader("mpdiag", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_inserted,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(units=units, present=present, accounts=accounts, chart=curves.chart)
    made.globals.update(kinds=tracks.kinds, name_length=_NAME, most_rows=_MOST_ROWS)
    made.filters.update(prose=_prose, source=_source, look=_look, shown=_shown, sort_key=_sort_key, part=_per_cent)
    made.filters.update(number=present.is_number, whisker=_whisker, largest=_largest, blocks=pages.blocks)
    return made


def _inserted(value: Any) -> Any:
    """What a template inserts for ``value``; text without the characters that show otherwise than they read."""
    if value is None:
        return ""
    return present.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _policy() -> str:
    """The content-security policy: the style sheet and the script that are in the page, and nothing else."""
    allowed = ["default-src 'none'"]
    for kind, name in (("style", "report.css"), ("script", "report.js")):
        content = _environment().get_template(name).render()
        digest = b64encode(sha256(content.encode()).digest()).decode()
        allowed.append(f"{kind}-src 'sha256-{digest}'")
    return "; ".join([*allowed, "base-uri 'none'", "form-action 'none'"])


def _about(report: Report) -> list[str]:
    took = f"took {units.seconds(report.duration_s)}"
    return [f"mpdiag {report.tool.version}", report.started_at[:10], *([took] if report.duration_s else [])]


def _groups(report: Report, style: Style) -> list[tuple[str, str, list[Finding], int]]:
    """The findings, of a lint by file: heading, counts, those to show and how many are left out."""
    if report.kind == "lint":
        files = [(group.file, group.counts, [each.finding for each in group.entries])
                 for group in listing.by_file(report, style)]  # fmt: skip
    else:
        files = [("", "", list(report.findings))]
    return [(name, counts, some[:_MOST_FINDINGS], max(len(some) - _MOST_FINDINGS, 0)) for name, counts, some in files]


def _bars(account: Account) -> dict[str, Any]:
    """The bar of each process, or of groups where there are very many."""
    lines, left_out = accounts.lines(account, verbose=len(account.processes) <= _MOST_BARS)
    figures = accounts.figures(lines, roomy=True)
    large, small = accounts.shares(account)
    return {
        "columns": figures,
        "rows": [
            ([figure.cells[place] for figure in figures], _stretches(line, account.wall_s))
            for place, line in enumerate(lines)
        ],
        "left_out": left_out,
        "shares": large,
        "small": accounts.minor(small),
    }


def _stretches(line: accounts.Line, wall_s: float) -> list[dict[str, Any]]:
    """A bar's stretches in per cent of the run: where, how wide, and what they are."""
    found, at = [], 0
    stretches = line.bar(wall_s, _PARTS)
    whole = sum(count for bucket, count in stretches if bucket)
    for bucket, count in stretches:
        if bucket:
            place = {"x": _per_cent(at, _PARTS), "width": _per_cent(count, _PARTS)}
            place["middle"] = _per_cent(at + count / 2, _PARTS)
            letter = bucket.letter if count >= _LEAST_FOR_A_LETTER else ""
            words = f"{bucket.words} {count / whole * 100:.0f} %"
            found.append({**place, "bucket": bucket, "words": words, "letter": letter})
        at += count
    return found


def _prose(text: str) -> Markup:
    """A sentence with what is in backticks as code."""
    parts = present.coded(present.visible(text.strip()))
    return Markup().join(Markup("<code>{}</code>").format(part.strip("`")) if code else escape(part)
                         for part, code in parts)  # fmt: skip


def _source(finding: Finding) -> list[str]:
    """The lines of source that a finding is about, with carets below what is meant."""
    return list(excerpts.drawn(finding.place, Style(), _EXCERPT)) if finding.place else []


def _look(bucket: Bucket) -> str:
    """The class of a bucket; one that this version does not know has that of all such."""
    return f"b-{bucket.key}" if bucket.key in BUCKETS or bucket.key in ("task", "unaccounted") else "b-unknown"


def _shown(value: Cell | Evidence, unit: str | None = None) -> str:
    """A cell with its interval, or a piece of evidence."""
    return present.evidence(value) if isinstance(value, Evidence) else present.cell(value, unit)


def _sort_key(value: Cell) -> str:
    """The number that a cell is sorted by; empty for text, which sorts as it reads."""
    number = value.median if isinstance(value, Measured) else value
    return repr(float(number)) if isinstance(number, (int, float)) and math.isfinite(number) else ""


def _per_cent(value: float, whole: float) -> float:
    """``value`` in per cent of ``whole``: from 0 to 100, whatever is given."""
    share = value / whole if whole > 0 else 0.0
    return round(min(max(share, 0.0), 1.0) * 100, 2) if math.isfinite(share) else 0.0


def _whisker(value: Cell, most: float) -> tuple[float, float, float]:
    """Low end, value and high end of a bar, in per cent of ``most``."""
    low, middle, high = curves.ends(value)
    return _per_cent(low, most), _per_cent(middle, most), _per_cent(high, most)


def _largest(column: Column, section: Section) -> float:
    """The largest value that a column's bars have to show."""
    ends = (curves.ends(row.get(column.key))[2] for row in section.rows)
    return max((end for end in ends if math.isfinite(end)), default=0.0)


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="HTML page",
        why="Open it in a browser, keep it as the artifact of a build, send it to whoever shall decide.",
        how="One file, without network, fonts or foreign code; a content-security policy allows its own style and "
        "script alone. Verdict, findings with evidence and gain, a bar for each process, a timeline to zoom into with "
        "mouse or keyboard, curves with intervals, tables that sort, and the texts of the rules, folded in. Without "
        "JavaScript all of it is there, but does not move. Light or dark as the system is; it prints.",
    ),
)
