import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mpdiag.advice import Place
from mpdiag.report import Style
from mpdiag.text import excerpts


def drawn(excerpt, column=None, end_column=None, end_line=7, width=40, **style):
    place = Place("a.py", 7, column, end_line=end_line if end_column else None, end_column=end_column, excerpt=excerpt)
    return list(excerpts.drawn(place, Style(**style), width))


@pytest.mark.parametrize(
    ("excerpt", "column", "end_column", "lines"),
    [
        ("x = Pool(4)", 5, 12, ["7 │ x = Pool(4)", "  │     ^^^^^^^"]),
        ("    x = Pool(4)  ", 9, 16, ["7 │ x = Pool(4)", "  │     ^^^^^^^"]),
        ("\tx = Pool(4)", 6, 13, ["7 │ x = Pool(4)", "  │     ^^^^^^^"]),
        ("x =\tPool(4)", 5, 12, ["7 │ x = Pool(4)", "  │     ^^^^^^^"]),
        ("本 = Pool(4)", 5, 12, ["7 │ 本 = Pool(4)", "  │      ^^^^^^^"]),
        ("x = '本', p", 5, 8, ["7 │ x = '本', p", "  │     ^^^^"]),
        ("\x1b = Pool()", 1, 2, [r"7 │ \x1b = Pool()", "  │ ^^^^"]),
        ("x = Pool(4)", 5, None, ["7 │ x = Pool(4)", "  │     ^"]),
        ("x = Pool(4)", None, None, ["7 │ x = Pool(4)"]),
        ("x = Pool(4)", 99, 100, ["7 │ x = Pool(4)"]),
        ("x = Pool(4)", 5, 99, ["7 │ x = Pool(4)", "  │     ^^^^^^^"]),
        ("    a\n      b\n\n", 5, 6, [" 7 │ a", "   │ ^", " 8 │   b", " 9 │", "10 │"]),
    ],
)
def test_the_caret_stands_below_what_is_meant(excerpt, column, end_column, lines):
    assert drawn(excerpt, column, end_column) == lines


def test_what_goes_on_is_underlined_to_the_end_of_its_line():
    assert drawn("  p = Pool(\n    4,\n  )", 7, 4, end_line=9) == [
        "7 │ p = Pool(",
        "  │     ^^^^^",
        "8 │   4,",
        "9 │ )",
    ]


def test_a_long_line_is_cut_around_what_is_meant():
    line = f"x = [{'a, ' * 20}Pool(4), {'b, ' * 20}]"
    shown, carets = drawn(line, line.index("Pool") + 1, line.index("Pool") + 8)

    assert (shown[4], shown[-1]) == ("…", "…")
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "Pool(4)"
    assert cell_len(shown) <= 40


def test_ascii_where_asked_for():
    lines = drawn("本 = " + "ab" * 50, 5, 105, unicode=False)

    assert lines == [r"7 | \u672c = abababababababababababab...", "  |          ^^^^^^^^^^^^^^^^^^^^^^^^"]


def test_nothing_without_a_line_or_an_excerpt():
    assert drawn(None) == drawn("") == []
    assert list(excerpts.drawn(Place("a.py", excerpt="x"), Style(), 80)) == []


@given(
    st.text(st.characters() | st.sampled_from("\t 本\u0301\x1b\n"), max_size=60),
    st.integers(-2, 70),
    st.none() | st.integers(-2, 70),
    st.integers(6, 9),
    st.integers(0, 60),
    st.booleans(),
)
def test_whatever_the_source_the_lines_fit_and_the_carets_are_within(excerpt, column, end, end_line, width, unicode):
    place = Place("a.py", 7, column, end_line=end_line, end_column=end, excerpt=excerpt)

    for row in excerpts.rows(place, Style(unicode=unicode), width):
        assert cell_len(row.text) <= max(24, width)
        assert row.text.isprintable()
        if row.mark:
            assert 0 <= row.mark[0] < row.mark[1] <= max(1, cell_len(row.text))
