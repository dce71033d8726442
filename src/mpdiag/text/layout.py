"""Fits a section's table into a width: which columns, how wide, with intervals and bars or without."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from rich.cells import cell_len

from mpdiag import units
from mpdiag.model import Cell, Column, Measured
from mpdiag.report import Section, Style
from mpdiag.text import present
from mpdiag.text.present import is_number, plain

#: From this width on, wide columns and intervals are shown.
ROOMY = 110
GAP = 2
#: A bar worth drawing, one that titles may not take room from, and one that is long enough.
_LEAST_BAR, _FAIR_BAR, _MOST_BAR = 6, 12, 24
_LEAST_TEXT = 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True)
class Track:
    """One column as drawn; ``width`` in characters."""

    title: str
    cells: tuple[str, ...]
    width: int
    right: bool
    bar: bool = False

    @property
    def header(self) -> list[str]:
        """The title, broken into lines of the column's width."""
        return textwrap.wrap(self.title, self.width)

    @property
    def least(self) -> int:
        """The narrowest that text may become: no word of the title is broken."""
        return max(map(len, self.title.split()), default=0) if len(self.title) > _LEAST_TEXT else _LEAST_TEXT

    @cached_property
    def unbroken(self) -> int:
        """The narrowest that text may become while no word of it, as a place or a name, is broken."""
        return max([self.least, *(cell_len(word) for cell in self.cells for word in cell.split())])


def lay_out(section: Section, style: Style) -> list[Track]:
    """The columns of ``section`` as they fit ``style.width``: the richest choice that fits.

    Numbers are never cut: when even the narrowest choice is too wide, text gives way, then bars.
    """
    narrow = tuple(column for column in section.columns if not column.wide)
    choices = [(narrow, False)]
    if style.width >= ROOMY:
        choices = [(section.columns, True), (narrow, True), (section.columns, False), (narrow, False)]
    tracks: list[Track] = []
    for columns, intervals in choices:
        tracks = [_track(column, section, style, intervals) for column in columns]
        bars = sum(column.bar for column in columns)
        spare = style.width - needed(tracks)
        if spare >= bars * (GAP + _LEAST_BAR):
            tracks = _relaxed(tracks, spare - bars * (GAP + _FAIR_BAR))
            return list(_with_bars(columns, tracks, section, style))
    return _squeezed(tracks, style.width)


def needed(tracks: list[Track]) -> int:
    """The width of ``tracks`` side by side."""
    return sum(track.width for track in tracks) + GAP * (len(tracks) - 1)


def bar(share: float, width: int, unicode: bool) -> str:
    """A bar filling ``share`` (0 to 1; what is no number is 0) of ``width`` characters; anything above zero shows."""
    share = min(max(share, 0.0), 1.0) if share == share else 0.0
    if not unicode:
        return "#" * (max(1, round(share * width)) if share else 0)
    full, rest = divmod(max(1, round(share * width * 8)) if share else 0, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _track(column: Column, section: Section, style: Style, intervals: bool) -> Track:
    text = present.cell if intervals else units.cell
    cells = tuple(plain(text(row.get(column.key), column.unit), style) for row in section.rows)
    title = plain(column.title, style)
    width = max([1, *map(cell_len, (*cells, *title.split()))])
    return Track(title, cells, width, is_number(column, section.rows))


def _relaxed(tracks: list[Track], spare: int) -> list[Track]:
    """Spend up to ``spare`` characters on lower headers, a line at a time."""
    deepest = max((len(track.header) for track in tracks), default=0)
    if deepest < 2:
        return tracks
    lower = [_lowered(track) if len(track.header) == deepest else track for track in tracks]
    cost = needed(lower) - needed(tracks)
    return _relaxed(lower, spare - cost) if cost <= spare else tracks


def _lowered(track: Track) -> Track:
    """``track`` just wide enough for one line less of its title."""
    wider = (replace(track, width=width) for width in range(track.width + 1, len(track.title) + 1))
    return next(each for each in wider if len(each.header) < len(track.header))


def _with_bars(columns: tuple[Column, ...], tracks: list[Track], section: Section, style: Style) -> Iterator[Track]:
    bars = max(1, sum(column.bar for column in columns))
    width = min(_MOST_BAR, (style.width - needed(tracks)) // bars - GAP)
    for column, track in zip(columns, tracks, strict=True):
        yield track
        if column.bar:
            values = [_value(row.get(column.key)) for row in section.rows]
            largest = max(values, default=0.0) or 1.0
            drawn = tuple(bar(value / largest, width, style.unicode) for value in values)
            yield Track("", drawn, width, right=False, bar=True)


def _value(cell: Cell) -> float:
    value = cell.median if isinstance(cell, Measured) else cell
    return max(float(value), 0.0) if isinstance(value, (int, float)) else 0.0


def _squeezed(tracks: list[Track], width: int) -> list[Track]:
    """Take what is missing from the text columns, always from the widest; their cells will wrap.

    As long as there are some whose words need not be broken, it is taken from those.

    What does not fit even then is left out, the last column first: half a number misleads.
    """
    tracks = list(tracks)
    for _ in range(needed(tracks) - width):
        texts = [place for place, track in enumerate(tracks) if not track.right and track.width > track.least]
        if not texts:
            break
        whole = [place for place in texts if tracks[place].width > tracks[place].unbroken]
        widest = max(whole or texts, key=lambda place: tracks[place].width)
        tracks[widest] = replace(tracks[widest], width=tracks[widest].width - 1)
    while needed(tracks) > width and len(tracks) > 1:
        tracks.pop()
    return tracks
