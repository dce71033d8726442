"""For a ticket: verdict, findings and main tables in GitHub-flavoured Markdown; everything else folded away."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from mpdiag import units
from mpdiag.advice import Finding
from mpdiag.model import Cell, Column, Doc
from mpdiag.report import Account, Renderer, Report, Section, Style
from mpdiag.text import account as accounts
from mpdiag.text import excerpts, present, spots
from mpdiag.text.listing import Entry, by_file

#: A ticket's reader scrolls no further: main tables are shown while the whole stays below it.
_MOST_LINES = 118
#: GitHub cuts a comment at 65,536 characters; all but the raw tables takes up to 15,000.
_MOST_CHARACTERS = 50_000
#: Lines for the findings of a lint, and rows for those that these do not hold.
_MOST_OF_A_LINT, _MOST_FOLDED = 90, 100
_FOLDED = {"lint": "What was fine, and the rest"}
_TICKS = re.compile("`+")


def render(report: Report, style: Style) -> str:
    """The report as Markdown, below 120 lines unless ``style`` is verbose."""
    report = spots.nearby(report, style)
    findings, folded = _by_file(report, style) if report.kind == "lint" else (list(_findings(report, style)), [])
    top = [*_head(report, style), *findings, *_account(report.account, style)]
    details = list(_details(report, folded))
    spare = math.inf if style.verbose else _MOST_LINES - len(top) - len(details)
    return "\n".join([*top, *_main_tables(report, style, spare), *details]) + "\n"


def _head(report: Report, style: Style) -> Iterator[str]:
    yield f"### mpdiag {report.kind}"
    yield ""
    if verdict := present.markdown(report.verdict):
        yield from (f"**{verdict}**", "")
    for line in (present.machine(report), present.python(report)):
        if line:
            yield f"- {present.markdown(line)}"
    about = [f"mpdiag {report.tool.version}", report.started_at[:10], f"took {units.seconds(report.duration_s)}"]
    yield f"- `{_in_code(' '.join(report.command) or report.kind)}`: {present.markdown(', '.join(about))}"
    yield ""
    doubts = present.doubts(report, style)
    yield from (f"> ⚠ {present.markdown(doubt)}<br>" for doubt in doubts)
    if doubts:
        yield ""


def _by_file(report: Report, style: Style) -> tuple[list[str], list[Section]]:
    """The findings of a lint with the source they are about, as many as a ticket holds; then a table of the others."""
    lines = [f"#### {present.headline(report)}: {present.counts(report)}", ""]
    folded: list[Finding] = []
    for group in by_file(report, style):
        head = [f"**`{_in_code(group.file)}`** ({group.counts})", ""] if group.file else []
        for entry in group.entries:
            told = list(_told(entry.finding, style) if entry.full else _again(entry))
            if not style.verbose and (folded or len(lines) + len(head) + len(told) > _MOST_OF_A_LINT):
                folded.append(entry.finding)
            else:
                lines += [*head, *told]
                head = []
        if not head:
            lines.append("")
    if not folded:
        return lines, []
    return [*lines, f"Folded away below: {len(folded)} more finding{'s' * (len(folded) > 1)}.", ""], [_table_of(folded)]


def _told(finding: Finding, style: Style) -> Iterator[str]:
    """A finding with its source, which keeps its looks: nothing in a code block has a meaning."""
    yield f"- {_lead(finding)}: **{present.markdown(finding.title)}**<br>"
    if finding.place:
        source = list(excerpts.drawn(finding.place, style, style.width))
        yield f"  {present.markdown(present.place(finding.place))}{'' if source else '<br>'}"
        if source:
            yield from (f"  {line}" for line in _fenced(source, "text"))
    yield f"  {present.markdown(finding.seen)}<br>"
    yield f"  → {present.markdown(finding.do)}"


def _fenced(lines: list[str], language: str) -> list[str]:
    """A code block, in a fence that none of its lines can end."""
    fence = "`" * max([3, *(len(run) + 1 for line in lines for run in _TICKS.findall(line))])
    return [f"{fence}{language}", *map(present.visible, lines), fence]


def _again(entry: Entry) -> Iterator[str]:
    finding = entry.finding
    where = f" at {present.markdown(present.place(finding.place))}" if finding.place else ""
    yield f"- {_lead(finding)}{where}{f': {present.markdown(finding.seen)}' if entry.seen else ''}"


def _table_of(findings: list[Finding]) -> Section:
    columns = (Column("level", "level"), Column("rule", "rule"), Column("place", "place"), Column("seen", "seen"))
    rows: list[dict[str, Cell]] = [
        {
            "level": finding.level,
            "rule": f"{finding.rule} {finding.name}",
            "place": present.place(finding.place) if finding.place else None,
            "seen": finding.seen,
        }
        for finding in findings[:_MOST_FOLDED]
    ]
    some = f", the first {_MOST_FOLDED} of {len(findings)}" if len(findings) > _MOST_FOLDED else ""
    return Section("findings", f"Further findings{some}", "ok", columns=columns, rows=tuple(rows))


def _findings(report: Report, style: Style) -> Iterator[str]:
    if not present.judged(report):
        return
    yield f"#### {present.headline(report)}: {present.counts(report)}"
    yield ""
    full, brief = present.split_findings(report, style)
    for finding in full:
        yield f"- {_lead(finding)}: **{present.markdown(finding.title)}**<br>"
        yield from (f"  {line}<br>" for line in _story(finding, report, style))
        yield f"  → {present.markdown(finding.do)}"
    for finding in brief:
        shown = present.evidence(finding.evidence[0]) if finding.evidence else finding.title
        yield f"- {_lead(finding)}: {present.markdown(shown)}"
    if report.findings:
        yield ""


def _lead(finding: Finding) -> str:
    return f"{finding.level} {present.markdown(finding.rule)} `{_in_code(finding.name)}`"


def _story(finding: Finding, report: Report, style: Style) -> Iterator[str]:
    yield present.markdown(finding.seen)
    if finding.place:
        yield f"at {present.markdown(present.place(finding.place))}"
    if finding.gain:
        yield present.markdown(present.gain(finding.gain, report))
    if style.verbose and finding.evidence:
        yield present.markdown(f"{finding.confidence}: {'; '.join(map(present.evidence, finding.evidence))}")


def _account(account: Account | None, style: Style) -> Iterator[str]:
    """Where the time went, as text bars: nothing in a code block has a meaning, not even a fence."""
    if account is None:
        return
    lines, left_out = accounts.lines(account, style.verbose)
    shares, small = accounts.shares(account)
    drawn = [*accounts.picture(account, lines), *([f"and {left_out} more"] if left_out else [])]
    drawn += ["", *accounts.legend(shares)]
    if rest := accounts.minor(small):
        drawn.append(f"   {present.visible(rest)}")
    yield from (f"#### Where the time went: {accounts.heading(account)}", "", "```text")
    yield from (line.replace("`", "'") for line in drawn)
    yield from ("```", "")
    if efficiency := accounts.efficiency(account):
        yield from (present.markdown(efficiency), "")


def _main_tables(report: Report, style: Style, spare: float) -> Iterator[str]:
    """The tables that fit into ``spare`` lines: of probes each one's first table first, and short ones first."""
    tables = [(section, _shown(report, section, style)) for section in report.sections if not section.detail]
    spare -= 2
    chosen = set()
    by_size = report.kind not in present.READ_WHOLE
    for section, lines in sorted(tables, key=lambda table: ("." in table[0].id, len(table[1])) if by_size else ()):
        if len(lines) <= spare:
            spare -= len(lines)
            chosen.add(section.id)
    for section, lines in tables:
        if section.id in chosen:
            yield from lines
    if folded := len(tables) - len(chosen):
        yield from (f"Folded away below: {folded} more table{'s' * (folded > 1)}.", "")


def _shown(report: Report, section: Section, style: Style) -> list[str]:
    shown, left_out = present.shown_rows(report, section, style)
    lines = _table(shown)
    return [*lines[:-1], "", f"and {left_out} more rows, folded away below", ""] if left_out else lines


def _table(section: Section) -> list[str]:
    title = present.markdown(section.title)
    lines = [f"**{title}**", ""] if title else []
    if section.status != "ok":
        lines = [present.markdown(present.trouble(section)), ""]
    if (code := present.source(section)) is not None:
        return [*lines, *_fenced(code, "python"), ""]
    columns = [column for column in section.columns if not column.wide]
    if not section.rows or not columns:
        return lines if section.status != "ok" else []
    right = [present.is_number(column, section.rows) for column in columns]
    lines.append(_row(present.markdown(column.title) for column in columns))
    lines.append(_row("--:" if number else ":--" for number in right))
    lines += [
        _row(present.markdown(units.cell(row.get(column.key), column.unit)) for column in columns)
        for row in section.rows
    ]
    return [*lines, ""]


def _row(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _details(report: Report, more: list[Section]) -> Iterator[str]:
    """All tables with intervals and all facts, a table a line: long ones still paste as few lines."""
    yield f"<details><summary>{_FOLDED.get(report.kind, 'All tables, machine and Python')}</summary>"
    yield ""
    left_out = []
    room = _MOST_CHARACTERS
    for section in (*more, *sorted(report.sections, key=lambda section: section.detail)):
        line = _raw_table(section)
        if len(line) > room:
            left_out.append(section.id)
        else:
            room -= len(line)
            yield line
    if left_out:
        yield f"<p>Too long for a ticket, see the JSON report: {_html(', '.join(left_out))}</p>"
    for title, facts in (("Machine", report.machine), ("Python", report.python)):
        if facts:
            yield _raw_facts(title, facts)
    judged = [f"{one.rule} ({one.reason})" for one in report.not_judged]
    for title, names in (("Passed", list(report.passed)), ("Not judged", judged)):
        if names:
            yield f"<p><b>{title}:</b> {_html(', '.join(names))}</p>"
    yield ""
    yield "</details>"


def _raw_table(section: Section) -> str:
    took = f", {units.seconds(section.duration_s)}" if section.duration_s else ""
    caption = f"{section.title}{took}" if section.status == "ok" else present.trouble(section)
    head = "".join(f"<th>{_html(column.title)}</th>" for column in section.columns)
    body = "".join(f"<tr>{''.join(_raw_cell(row, column) for column in section.columns)}</tr>" for row in section.rows)
    table = f"<table><tr>{head}</tr>{body}</table>" if section.rows else ""
    return f"<p><b>{_html(caption)}</b></p>{table}"


def _raw_cell(row: Mapping[str, Any], column: Column) -> str:
    return f"<td>{_html(present.cell(row.get(column.key), column.unit))}</td>"


def _raw_facts(title: str, facts: Mapping[str, Any]) -> str:
    body = "".join(f"<tr><td>{_html(key)}</td><td>{_html(text)}</td></tr>" for key, text in present.pairs(facts))
    return f"<p><b>{title}</b></p><table>{body}</table>"


def _in_code(text: str) -> str:
    return present.visible(text).replace("`", "'").replace("|", "\\|")


def _html(text: str) -> str:
    return present.unlinked(escape(present.visible(text)))


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="Markdown",
        why="Paste it into a ticket or a chat: verdict and advice on top, the numbers folded away below.",
        how="GitHub-flavoured, below 120 lines. Text from programs is escaped: it neither formats, links nor mentions.",
    ),
)
