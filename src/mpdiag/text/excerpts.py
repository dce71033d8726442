"""The source a finding points at, ready to be drawn: dedented, harmless, fitted, with what is to be underlined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from rich.cells import cell_len

from mpdiag.advice import Place
from mpdiag.report import Style
from mpdiag.text.present import plain
from mpdiag.text.spots import span

_TAB = 4
#: Columns of the terminal that a line gets at least.
_LEAST = 24


@dataclass(frozen=True)
class Row:
    """One line of source, as shown; ``mark`` is the stretch to underline, in columns of the terminal."""

    #: Stands before the line: its number and a bar.
    lead: str
    text: str
    mark: tuple[int, int] | None = None

    @property
    def below(self) -> str:
        """Stands before the underline: the bar alone."""
        return " " * (len(self.lead) - 2) + self.lead[-2:]

    @property
    def underline(self) -> str:
        """Carets for the line below; empty when nothing is marked."""
        return " " * self.mark[0] + "^" * (self.mark[1] - self.mark[0]) if self.mark else ""


def rows(where: Place, style: Style, width: int) -> list[Row]:
    """The excerpt of ``where``, each line at most ``width`` columns wide; nothing when it has none.

    What is underlined stands in the first line; if it goes on, up to the end of that line.
    """
    line, column, end_line, end_column = span(where)
    if line is None or not where.excerpt:
        return []
    cells = [_cells(text, style) for text in where.excerpt.split("\n")]
    margin = min((_indentation(each) for each in cells if "".join(each).strip()), default=0)
    digits, bar = len(str(line + len(cells) - 1)), "│" if style.unicode else "|"
    found = [
        Row(f"{number:>{digits}} {bar} ", "".join(each)[margin:].rstrip()) for number, each in enumerate(cells, line)
    ]
    last = end_column if end_line == line else None if end_line else (column or 0) + 1
    if column is not None and (mark := _mark(cells[0], column, last)):
        end = max(cell_len(found[0].text), 1)
        start = min(max(mark[0] - margin, 0), end - 1)
        found[0] = replace(found[0], mark=(start, min(max(mark[1] - margin, start + 1), end)))
    room = max(width - digits - 3, _LEAST)
    return [_fitted(row, room, "…" if style.unicode else "...") for row in found]


def drawn(where: Place, style: Style, width: int) -> Iterator[str]:
    """The excerpt as plain text, what is meant underlined."""
    for row in rows(where, style, width):
        yield f"{row.lead}{row.text}".rstrip()
        if row.mark:
            yield f"{row.below}{row.underline}"


def _cells(text: str, style: Style) -> list[str]:
    """What is shown for each character of a line."""
    shown: list[str] = []
    width = 0
    for char in text:
        piece = " " * (_TAB - width % _TAB) if char == "\t" else plain(char, style)
        width += cell_len(piece)
        shown.append(piece)
    return shown


def _indentation(cells: list[str]) -> int:
    text = "".join(cells)
    return len(text) - len(text.lstrip(" "))


def _mark(cells: list[str], column: int, end: int | None) -> tuple[int, int] | None:
    """Where the characters from ``column`` to before ``end`` (none: the last) stand; none beyond the line."""
    if column > len(cells):
        return None
    offsets = list(accumulate(map(cell_len, cells), initial=0))
    return offsets[column - 1], offsets[min(end - 1 if end else len(cells), len(cells))]


def _fitted(row: Row, room: int, dots: str) -> Row:
    """``row`` cut to ``room`` columns, around its mark if it has one."""
    if cell_len(row.text) <= room:
        return row
    start, end = row.mark or (0, 1)
    skip = 0 if end <= room - len(dots) else max(0, start - room // 3)
    lead = dots if skip else ""
    text, skipped = _from(row.text, skip + len(lead))
    kept = _upto(text, room - len(lead) - len(dots)) if cell_len(text) > room - len(lead) else text
    shown = f"{lead}{kept}{dots if kept != text else ''}"
    shift = skipped - len(lead)
    mark = (start - shift, max(min(end - shift, cell_len(lead + kept)), start - shift + 1)) if row.mark else None
    return replace(row, text=shown, mark=mark)


def _from(text: str, cells: int) -> tuple[str, int]:
    """``text`` without its first ``cells`` columns (one more, where a wide character would be halved), and how many."""
    gone = 0
    for place, char in enumerate(text):
        if gone >= cells:
            return text[place:], gone
        gone += cell_len(char)
    return "", gone


def _upto(text: str, cells: int) -> str:
    """The beginning of ``text`` that fits into ``cells`` columns."""
    taken = 0
    for place, char in enumerate(text):
        taken += cell_len(char)
        if taken > cells:
            return text[:place]
    return text
