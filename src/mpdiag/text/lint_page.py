"""The findings of a lint on paper: file by file, each with the source it is about."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from mpdiag.advice import Finding
from mpdiag.report import Report
from mpdiag.text import excerpts, present
from mpdiag.text.listing import Entry, by_file
from mpdiag.text.paper import LOOKS, QUIET, Paper, hang

_MARGIN = 2


def draw(paper: Paper, report: Report) -> None:
    """All findings of ``report``, each file under its own heading."""
    for group in by_file(report, paper.style):
        paper.heading(group.file or "Nowhere in particular", group.counts)
        before = True
        for entry in group.entries:
            if entry.full or before:
                paper.put("")
            (_full if entry.full else _brief)(paper, entry)
            before = entry.full
    if report.findings:
        paper.put("")
        paper.more(report.findings[0].rule)


def _full(paper: Paper, entry: Entry) -> None:
    finding = entry.finding
    paper.put(Text.assemble(_name(paper, finding), paper.say(" · "), paper.say(finding.title, "bold")))
    lines = [paper.say(present.place(finding.place), QUIET)] if finding.place else []
    lines += [*_source(paper, finding), paper.say(finding.seen)]
    _indented(paper, *lines, hang(paper.say("→", "green"), paper.say(finding.do)))


def _brief(paper: Paper, entry: Entry) -> None:
    """Where the same is wrong again; what was said before is left out, and the source stands for it."""
    finding = entry.finding
    where = f" {present.place(finding.place)}" if finding.place else ""
    paper.put(Text.assemble(_name(paper, finding), paper.say(where, QUIET)))
    _indented(paper, paper.say(finding.seen) if entry.seen else next(_source(paper, finding), Text()))


def _name(paper: Paper, finding: Finding) -> Text:
    return Text.assemble(paper.say(finding.level, LOOKS[finding.level]), paper.say(f" {finding.rule} {finding.name}"))


def _indented(paper: Paper, *lines: RenderableType) -> None:
    paper.put(Padding(Group(*lines), (0, 0, 0, _MARGIN)))


def _source(paper: Paper, finding: Finding) -> Iterator[Text]:
    """The excerpt, with carets below what is meant."""
    if finding.place is None:
        return
    for row in excerpts.rows(finding.place, paper.style, paper.style.width - _MARGIN):
        yield Text.assemble((row.lead, QUIET), row.text, no_wrap=True)
        if row.mark:
            yield Text.assemble((row.below, QUIET), (row.underline, LOOKS[finding.level]), no_wrap=True)
