import pytest

from mpdiag.advice import Place
from mpdiag.report import Style
from mpdiag.text import spots


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place("app.py"), "app.py"),
        (Place("app.py", 3), "app.py:3"),
        (Place("app.py", 3, 7), "app.py:3:7"),
        (Place("/src/app.py", 3, 7), "app.py:3:7"),
        (Place("/srcs/app.py", 0, -7), "/srcs/app.py"),
        (Place("/src/nb.ipynb:cell 3", 5, 1), "nb.ipynb:cell 3:5:1"),
        (Place("nb.py:cell 3", 5), "nb.py:cell 3:5"),
    ],
)
def test_spot(place, shown):
    assert spots.spot(place, Style(folder="/src")) == shown


def test_everything_is_below_the_root():
    assert spots.path(Place("/srv/app.py"), Style(folder="/")) == "srv/app.py"


def test_a_cell_has_lines_of_its_own():
    place = Place("nb.ipynb:cell 3", 5, 1, end_line=5, end_column=9)

    assert spots.span(place) == (5, 1, 5, 9)
    assert spots.in_file(place) == (None, None, None, None)
    assert spots.in_file(Place("nb.py", 5, 1)) == (5, 1, None, None)


@pytest.mark.parametrize(
    ("ends", "known"),
    [((5, 9), (5, 9)), ((6, 1), (6, 1)), ((5, 2), (None, None)), ((4, 9), (None, None)), ((0, 9), (None, None))],
)
def test_an_end_before_the_beginning_is_none(ends, known):
    assert spots.span(Place("a.py", 5, 3, end_line=ends[0], end_column=ends[1]))[2:] == known
