"""Values of judging: what a gain promises."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpdiag.advice import Gain, Place, excerpt, two_digits


@pytest.mark.parametrize(
    ("recoverable", "wall", "ceiling"),
    [(5.0, 4.07, 4.0), (1.29, 1.29, 1.2), (9.96, 9.96, 9.9), (0.5, 3.0, 0.5), (1.0, 1.0, 1.0), (-1.0, 2.0, 0.0)],
)
def test_a_gain_has_two_digits_and_stays_within_the_wall_time(recoverable, wall, ceiling):
    gain = Gain.of(recoverable, wall, "because")

    assert gain.ceiling_s == pytest.approx(ceiling)
    assert gain.ceiling_s <= wall


@pytest.mark.parametrize(("recoverable", "ceiling"), [(1.81, 1.9), (2.0, 2.0), (0.0501, 0.051), (12.1, 13.0)])
def test_a_bound_is_never_rounded_below_what_was_found(recoverable, ceiling):
    assert Gain.of(recoverable, 60.0, "because").ceiling_s == pytest.approx(ceiling)


@given(st.floats(1e-9, 1e9))
def test_two_digits_are_kept_in_either_direction(value):
    low, high = two_digits(value, math.floor), two_digits(value, math.ceil)
    assert 0.9 * value < low <= value * (1 + 1e-6)
    assert value * (1 - 1e-6) <= high < 1.1 * value + 1e-12
    assert float(f"{low:.2g}") == low
    assert float(f"{high:.2g}") == high


def test_a_run_of_no_time_gains_nothing():
    assert Gain.of(1.0, 0.0, "because") == Gain(0.0, 0.0, "because")


def test_a_place_is_made_of_a_row():
    assert Place.of({"file": "app.py", "line": 3, "function": "main"}) == Place("app.py", 3, function="main")
    assert Place.of({"file": None, "line": 3}) is None


LINES = ("def f():\r\n", "    a = 1\n", "    b = (\n", "        2,\n", "        3,\n", "    )")


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (1, None, "def f():"),
        (2, 2, "    a = 1"),
        (3, 6, "    b = (\n        2,\n        3,"),
        (3, 1, "    b = ("),
        (6, 9, "    )"),
        (7, None, ""),
    ],
)
def test_an_excerpt_has_at_most_three_lines(first, last, text):
    assert excerpt(LINES, first, last) == text


def test_an_excerpt_of_a_long_line_is_its_beginning():
    assert excerpt(["x" * 999 + "\n"], 1) == "x" * 200
