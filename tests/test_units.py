"""Numbers as people read them."""

import math

import pytest

from mpdiag import units
from mpdiag.model import Measured


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (1, "1.00"),
        (9.994, "9.99"),
        (12.34, "12.3"),
        (123.4, "123"),
        (12345, "12345"),
        (-1.7, "-1.70"),
        (0.5, "0.50"),
        (0.0123, "0.01"),
        (0.00123, "0.0012"),
    ],
)
def test_digits(value, expected):
    assert units.digits(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 s"),
        (1.5e-10, "0.15 ns"),
        (85e-9, "85.0 ns"),
        (130e-6, "130 µs"),
        (1.7e-3, "1.70 ms"),
        (0.9999, "1.00 s"),
        (0.0009997, "1.00 ms"),
        (65.5, "65.5 s"),
        (-0.793e-3, "-793 µs"),
    ],
)
def test_seconds(value, expected):
    assert units.seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 B"),
        (16, "16 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (65536, "64 KiB"),
        (1536, "1.50 KiB"),
        (2**20, "1 MiB"),
        (14.1 * 2**20, "14.1 MiB"),
        (2**30 * 23.5, "23.5 GiB"),
        (2**44, "16 TiB"),
    ],
)
def test_size(value, expected):
    assert units.size(value) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0, "", "0 /s"),
        (12, "", "12.0 /s"),
        (310_000, "", "310 k/s"),
        (1.2e9, "B", "1.20 GB/s"),
        (999.9e3, "", "1.00 M/s"),
    ],
)
def test_rate(value, unit, expected):
    assert units.rate(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.0017, "s", "1.70 ms"),
        (65536, "B", "64 KiB"),
        (310_000.0, "1/s", "310 k/s"),
        (1.2e9, "B/s", "1.20 GB/s"),
        (1.7, "x", "1.70×"),
        (0.031, "fraction", "3.10 %"),
        (12345, "1", "12,345"),
        (2.5, "1", "2.50"),
        (7, None, "7"),
        (math.inf, "s", "inf"),
        (math.nan, "B", "nan"),
    ],
)
def test_number(value, unit, expected):
    assert units.number(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (Measured(1.7, 1.6, 1.8, 9), "x", "1.70× [1.60–1.80]"),
        (Measured(1.7, None, None, 3), "x", "1.70×"),
        (Measured(0.0017, 0.0016, 0.0018, 9), "s", "1.70 ms [1.60–1.80]"),
        (Measured(0.0010, 0.0009, 0.0011, 9), "s", "1.00 ms [900 µs–1.10 ms]"),
        (Measured(-0.002, -0.003, 0.001, 9), "s", "-2.00 ms [-3.00–1.00]"),
    ],
)
def test_interval_names_its_unit_once(value, unit, expected):
    assert units.interval(value, unit) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (None, "s", "–"),
        (True, None, "yes"),
        (False, "1", "no"),
        ("fork", None, "fork"),
        (0.5, "fraction", "50.0 %"),
        (64, "B", "64 B"),
        (Measured(1.7, 1.6, 1.8, 9), "x", "1.70×"),
    ],
)
def test_cell(value, unit, expected):
    assert units.cell(value, unit) == expected
