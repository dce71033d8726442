"""Draws for a terminal of a given width, with colour or without, in Unicode or ASCII; foreign text is made harmless."""

from __future__ import annotations

from io import StringIO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from mpdiag.report import Style
from mpdiag.text.present import inert, plain

QUIET = "dim"
#: How the level of a finding looks.
LOOKS = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}


class Paper:
    """Collects what is written; every string passes through `Paper.say`."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self._out = StringIO()
        self._console = Console(
            file=self._out,
            width=style.width,
            force_terminal=style.color,
            force_jupyter=False,  # in a notebook it would show what it is to collect
            color_system="standard" if style.color else None,
            no_color=not style.color,
            legacy_windows=False,
            _environ={},
        )

    def text(self) -> str:
        """All that was written, without spaces at the ends of lines."""
        return inert("\n".join(line.rstrip() for line in self._out.getvalue().splitlines()) + "\n")

    def say(self, text: str, look: str = "") -> Text:
        """``text`` as it may be shown."""
        return Text(plain(text, self.style), style=look)

    def cut(self, text: str, cells: int, look: str = "") -> Text:
        """As `say`, with an ellipsis for what is beyond ``cells`` columns."""
        shown = self.say(text, look)
        if shown.cell_len > cells:
            dots = "…" if self.style.unicode else "..."
            shown.truncate(cells - len(dots))
            shown.append(dots)
        return shown

    def put(self, *parts: RenderableType) -> None:
        """Write one line or block for each part."""
        for part in parts:
            self._console.print(part, markup=False, emoji=False, highlight=False)

    def link(self, address: str) -> None:
        """Write a link, never broken: it is to be clicked or copied."""
        self._console.print(self.say(address), soft_wrap=True)

    def paste(self, lines: list[str]) -> None:
        """Code that is to be copied: no line of it is broken or indented."""
        for line in lines:
            self._console.print(self.say(line), soft_wrap=True)

    def heading(self, text: str, aside: str = "") -> None:
        """An empty line and a title with a rule to the right edge."""
        title = self.say(f"{text} ", "bold")
        if aside:
            title.append_text(self.say(f"({aside}) ", QUIET))
        line = "─" if self.style.unicode else "-"
        title.append(line * max(0, self.style.width - title.cell_len), QUIET)
        self.put("", title)

    def more(self, rule: str) -> None:
        """Where the rest of what there is to say about ``rule`` is found."""
        self.put(self.say(f"`mpdiag explain {rule}` says why, how it was judged, and shows the fix.", QUIET))

    def code(self, source: str) -> None:
        """Python source, indented; with colour, highlighted."""
        lines = source.strip("\n").splitlines()
        shown = "\n".join(f"    {plain(line, self.style)}" for line in lines)
        if self.style.color:
            from rich.syntax import Syntax

            self.put(Syntax(shown, "python", theme="ansi_dark", background_color="default", word_wrap=True))
        else:
            self.put(Text(shown, overflow="fold"))


def hang(lead: Text, body: RenderableType, gap: int = 1) -> Table:
    """``body`` with its further lines indented by the width of ``lead``."""
    grid = Table.grid(padding=(0, gap, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(lead, body)
    return grid
