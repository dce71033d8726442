import math

import pytest

from mpdiag.model import Column, Measured
from mpdiag.report import Section, Style
from mpdiag.text.layout import bar, lay_out, needed

VALUE = Measured(0.0017, 0.0016, 0.0018, 11)
SECTION = Section(
    "s",
    "title",
    "ok",
    columns=(
        Column("name", "a long title of words"),
        Column("time", "time", "s", bar=True),
        Column("extra", "extra", "s", wide=True),
    ),
    rows=({"name": "fork", "time": VALUE, "extra": VALUE}, {"name": "spawn", "time": None}),
)


@pytest.mark.parametrize(
    ("share", "drawn"),
    [
        (0, ""),
        (0.001, "▏"),
        (0.5, "████"),
        (0.5625, "████▌"),
        (1, "████████"),
        (7, "████████"),
        (-1, ""),
        (math.nan, ""),
    ],
)
def test_bar(share, drawn):
    assert bar(share, 8, unicode=True) == drawn


@pytest.mark.parametrize(("share", "drawn"), [(0, ""), (0.001, "#"), (0.5, "####"), (1, "########")])
def test_bar_in_ascii(share, drawn):
    assert bar(share, 8, unicode=False) == drawn


def test_a_column_that_nothing_stands_in_is_drawn():
    columns = (Column("name", "name"), Column("mark", ""))
    marks = Section("s", "title", "ok", columns=columns, rows=({"name": "fork", "mark": ""},))

    assert [track.header for track in lay_out(marks, Style(width=80))] == [["name"], []]


def test_wide_columns_and_intervals_with_room():
    tracks = lay_out(SECTION, Style(width=120))

    assert [track.title for track in tracks] == ["a long title of words", "time", "", "extra"]
    assert tracks[1].cells == ("1.70 ms [1.60–1.80]", "–")


def test_narrow_without():
    tracks = lay_out(SECTION, Style(width=80))

    assert [track.title for track in tracks] == ["a long title of words", "time", ""]
    assert tracks[1].cells == ("1.70 ms", "–")
    assert tracks[2].bar


def test_titles_break_before_bars_go():
    name, _, drawn = lay_out(SECTION, Style(width=28))

    assert name.header == ["a", "long", "title", "of", "words"]
    assert drawn.width == 12


@pytest.mark.parametrize(
    ("width", "headers"),
    [
        (19, [["there", "and", "back"], ["one", "way", "more"]]),
        (21, [["there", "and", "back"], ["one", "way", "more"]]),
        (24, [["there", "and back"], ["one way", "more"]]),
        (40, [["there and back"], ["one way more"]]),
    ],
)
def test_room_goes_to_titles_where_all_of_them_gain_a_line(width, headers):
    columns = (Column("a", "there and back", "1"), Column("b", "one way more", "1"), Column("c", "text"))
    section = Section("s", "t", "ok", columns=columns, rows=({"a": 1, "b": 2, "c": "x"},))

    tracks = lay_out(section, Style(width=width))

    assert [track.header for track in tracks[:2]] == headers
    assert needed(tracks) <= width


def test_text_gives_way_before_numbers():
    section = Section(
        "s", "t", "ok", columns=(Column("a", "a"), Column("b", "b", "s")), rows=({"a": "word " * 20, "b": 0.0017},)
    )

    text, number = lay_out(section, Style(width=30))

    assert (text.width, number.width) == (21, 7)


def test_numbers_stand_right_and_text_left():
    assert [track.right for track in lay_out(SECTION, Style())] == [False, True, False]


def test_no_columns_no_tracks():
    assert lay_out(Section("s", "t", "ok", rows=({"a": 1},)), Style()) == []


def test_figures_that_do_not_fit_are_left_out_whole():
    columns = tuple(Column(f"c{n}", f"figure{n}", "s") for n in range(9))
    wide = Section("s", "S", "ok", columns=columns, rows=({column.key: 0.0123 for column in columns},))

    tracks = lay_out(wide, Style(width=60))

    assert needed(tracks) <= 60
    assert [track.title for track in tracks] == [f"figure{n}" for n in range(6)]
    assert {track.cells for track in tracks} == {("12.3 ms",)}


def test_no_place_is_broken_while_sentences_can_give_way():
    columns = (Column("what", "what"), Column("where", "where"))
    section = Section(
        "s", "t", "ok", columns=columns, rows=({"what": "waits for one " * 3, "where": "p" * 24 + ".py:17"},)
    )

    words, place = lay_out(section, Style(width=44))
    narrow = lay_out(section, Style(width=30))

    assert (words.width, place.width) == (12, 30)
    assert needed(narrow) <= 30
