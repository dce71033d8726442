"""For people at a terminal: verdict, findings, then tables that fit the width."""

from __future__ import annotations

from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mpdiag import units
from mpdiag.advice import Finding
from mpdiag.model import Doc
from mpdiag.report import Account, Renderer, Report, Section, Style
from mpdiag.text import account as accounts
from mpdiag.text import lint_page, present, spots
from mpdiag.text.buckets import Bucket
from mpdiag.text.layout import GAP, ROOMY, Track, bar, lay_out
from mpdiag.text.paper import LOOKS, QUIET, Paper, hang

#: Characters: of a process's name at most, of its bar at least, of a bucket's share at most.
_NAME, _LEAST_BAR, _SHARE_BAR = 24, 12, 24
#: The width that nearly every terminal has.
_USUAL = 80


def render(report: Report, style: Style) -> str:
    """The whole report as text, with colour codes only if ``style`` asks for them."""
    return _Page(spots.nearby(report, style), style).text()


class _Page:
    """One report being written: every string passes through `Paper.say`."""

    def __init__(self, report: Report, style: Style) -> None:
        self.report = report
        self.style = style
        self.paper = Paper(style)
        self.say = self.paper.say
        self.put = self.paper.put
        self.heading = self.paper.heading

    def text(self) -> str:
        """All parts in order."""
        self.put(self.say(self.report.verdict, "bold"))
        self._quality()
        self._findings()
        last = self.report.kind in present.READ_WHOLE
        if not last:
            self._facts()
        if self.report.account:
            self._account(self.report.account)
        self._sections()
        if last:
            self._facts()
        if self.style.verbose:
            self._judged()
        return self.paper.text()

    def _quality(self) -> None:
        for doubt in present.doubts(self.report, self.style):
            self.put(hang(self.say("!", "yellow"), self.say(doubt)))

    def _findings(self) -> None:
        if not present.judged(self.report):
            return
        if self.report.kind == "lint":
            lint_page.draw(self.paper, self.report)
            return
        full, brief = present.split_findings(self.report, self.style)
        self.heading(present.headline(self.report), present.counts(self.report))
        if not self.report.findings and self.report.passed and not self.style.verbose:
            self.put(self.say(f"Judged and fine: {len(self.report.passed)} kinds of mistakes, listed by -v.", QUIET))
        for finding in full:
            self._finding(finding)
        if brief:
            self.put(*([""] if full else []), *map(self._brief, brief))
        if full:
            self.paper.more(full[0].rule)

    def _finding(self, finding: Finding) -> None:
        title = Text.assemble(
            self.say(finding.level, LOOKS[finding.level]),
            self.say(f" {finding.rule} {finding.name} · "),
            self.say(finding.title, "bold"),
        )
        lines = [self.say(finding.seen)]
        if finding.place:
            lines.append(self.say(f"at {present.place(finding.place)}", QUIET))
        if finding.gain:
            lines.append(self.say(present.gain(finding.gain, self.report)))
        if self.style.verbose and finding.evidence:
            shown = "; ".join(map(present.evidence, finding.evidence))
            lines.append(self.say(f"{finding.confidence}: {shown}", QUIET))
        do = hang(self.say("→", "green"), self.say(finding.do))
        self.put("", title, Padding(Group(*lines, do), (0, 0, 0, 2)))

    def _brief(self, finding: Finding) -> RenderableType:
        shown = present.evidence(finding.evidence[0]) if finding.evidence else finding.title
        lead = Text.assemble(self.say("note ", LOOKS["note"]), self.say(f"{finding.rule} {finding.name} ·"))
        return hang(lead, self.say(shown))

    def _facts(self) -> None:
        machine, python = present.machine(self.report), present.python(self.report)
        if machine or python:
            self.put("")
        for label, line in (("Machine", machine), ("Python ", python)):
            if line:
                self.put(hang(self.say(label, "bold"), self.say(line)))
        if self.style.verbose:
            self._pairs("Machine, in full", self.report.machine)
            self._pairs("Python, in full", self.report.python)

    def _pairs(self, title: str, facts: dict[str, object]) -> None:
        if not facts:
            return
        self.heading(title)
        grid = Table.grid(padding=(0, GAP, 0, 0))
        for key, value in present.pairs(facts):
            grid.add_row(self.say(key, QUIET), self.say(value))
        self.put(grid)

    def _account(self, account: Account) -> None:
        """Where the time went: process by process, then in total, which is also the legend."""
        self.heading("Where the time went", accounts.heading(account))
        lines, left_out = accounts.lines(account, self.style.verbose)
        self.put(self._processes(account, lines))
        if left_out:
            self.put(self.say(f"and {left_out} more, shown by -v", QUIET))
        shares, small = accounts.shares(account)
        self.put("", self._legend(shares))
        if rest := accounts.minor(small):
            self.put(hang(Text(" "), self.say(rest, QUIET)))
        if efficiency := accounts.efficiency(account):
            self.put("", self.say(efficiency))

    def _processes(self, account: Account, lines: list[accounts.Line]) -> Table:
        """A row per line: its name, figures and bar; the axis is the bars' title."""
        columns = accounts.figures(lines, self.style.width >= ROOMY)
        longest = _NAME if self.style.width >= _USUAL else _NAME // 2
        drawn = [[self.paper.cut(cell, longest) for cell in column.cells] for column in columns]
        grid = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
        room = self.style.width
        for column, cells in zip(columns, drawn, strict=True):
            width = max([len(column.title), *(cell.cell_len for cell in cells)])
            grid.add_column(justify="right" if column.right else "left", no_wrap=True, width=width)
            room -= width + GAP
        grid.add_column(no_wrap=True)
        room = max(room, _LEAST_BAR)
        axis = f"0{units.seconds(account.wall_s):>{room - 1}}"
        grid.add_row(*(self.say(title, QUIET) for title in (*(column.title for column in columns), axis)))
        for line, *cells in zip(lines, *drawn, strict=True):
            grid.add_row(*cells, self._bar(line.bar(account.wall_s, room)))
        return grid

    def _bar(self, stretches: list[tuple[Bucket | None, int]]) -> Text:
        bar = Text()
        for bucket, count in stretches:
            bar.append(bucket.letter * count if bucket else " " * count, bucket.color if bucket else "")
        return bar

    def _legend(self, shares: list[accounts.Share]) -> Table:
        """The letters of the bars, with each bucket's part of the time of all processes."""
        grid = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
        for justify in ("left", "left", "right", "right", "left"):
            grid.add_column(justify=justify, no_wrap=True)
        rows = [
            (
                self.say(share.bucket.letter, share.bucket.color),
                self.paper.cut(share.bucket.words, _NAME),
                self.say(units.seconds(share.seconds)),
                self.say(f"{share.fraction * 100:.1f} %"),
            )
            for share in shares
        ]
        taken = sum(max(cell.cell_len for cell in column) + GAP for column in zip(*rows, strict=True))
        width = max(1, min(_SHARE_BAR, self.style.width - taken))
        largest = max((share.fraction for share in shares), default=0.0) or 1.0
        for share, row in zip(shares, rows, strict=True):
            grid.add_row(*row, Text(bar(share.fraction / largest, width, self.style.unicode), share.bucket.color))
        return grid

    def _sections(self) -> None:
        sections = present.shown_sections(self.report, self.style)
        for section in sections:
            self._section(section)
        folded = len(self.report.sections) - len(sections)
        if folded and self.report.kind != "lint":  # whose verdict has the counts that are folded away
            own = "`mpdiag probe NAME` shows a probe's own, " if self.report.kind == "probe" else ""
            self.put("", self.say(f"Tables folded away: {folded}. {own}-v shows all.", QUIET))

    def _section(self, section: Section) -> None:
        if section.status != "ok":
            self.put("", self.say(present.trouble(section), "yellow"))
        elif section.rows:
            self.heading(
                section.title, units.seconds(section.duration_s) if self.style.verbose and section.duration_s else ""
            )
        if section.rows:
            shown, left_out = present.shown_rows(self.report, section, self.style)
            lines = present.source(section)
            if lines is None:
                self.put(self._table(lay_out(shown, self.style)))
            else:
                self.paper.paste(lines)
            if left_out:
                self.put(self.say(f"and {left_out} more rows, shown by -v", QUIET))
        if self.style.verbose:
            self._cost(section)

    def _table(self, tracks: list[Track]) -> Table:
        grid = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
        for track in tracks:
            grid.add_column(width=track.width, justify="right" if track.right else "left", overflow="fold")
        depth = max((len(track.header) for track in tracks), default=0)
        grid.add_row(*(self._header(track, depth) for track in tracks))
        for cells in zip(*(track.cells for track in tracks), strict=True):
            pairs = zip(cells, tracks, strict=True)
            grid.add_row(*(Text(cell, style="cyan" if track.bar else "", no_wrap=track.right) for cell, track in pairs))
        return grid

    def _header(self, track: Track, depth: int) -> Text:
        """The title of a column, at the bottom of ``depth`` lines."""
        return Text("\n".join([""] * (depth - len(track.header)) + track.header), style=QUIET)

    def _cost(self, section: Section) -> None:
        """What gathering the section cost the machine (the tables of a probe share it), and where the time went."""
        if section.process and "." not in section.id:
            used = [(key.removesuffix("_s").replace("_", " "), value) for key, value in present.pairs(section.process)]
            shown = ", ".join(f"{name} {value}" for name, value in used)
            self.put(hang(self.say("process:", QUIET), self.say(shown, QUIET)))
        for line in section.profile:
            spent = f"{units.seconds(line.self_s)} in {line.calls:,} calls of {line.function}"
            self.put(hang(self.say("profile:", QUIET), self.say(spent, QUIET)))

    def _judged(self) -> None:
        if self.report.passed:
            self.heading("Judged and fine")
            self.put(self.say(", ".join(self.report.passed)))
        if self.report.not_judged:
            self.heading("Not judged")
            self.put(*(hang(self.say(one.rule), self.say(one.reason)) for one in self.report.not_judged))


RENDERER: Final = Renderer(
    module=__name__,
    render=render,
    doc=Doc(
        title="Terminal",
        why="Read it where you work: the verdict and what to do come first.",
        how="Fits the terminal's width; 110 columns or more add intervals and further columns. "
        "`-v` adds what passed, all facts and what measuring cost.",
    ),
)
