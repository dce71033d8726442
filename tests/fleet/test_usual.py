"""What is unusual in a fleet, on figures made for it."""

import math

import pytest

from mpdiag.fleet import usual
from mpdiag.fleet.usual import Figure
from mpdiag.model import Column, Measured
from mpdiag.report import Report, Section, Tool
from mpdiag.stats import measured


def of(*values, unit="s"):
    return {f"host-{number}": Figure("what", unit, value) for number, value in enumerate(values, 1)}


def odd(*values, unit="s"):
    return {one.host: one for one in usual.odd(of(*values, unit=unit))}


def test_one_that_is_far_off_is_named_with_what_is_usual():
    (one,) = odd(1.0, 1.02, 0.99, 1.01, 2.0).values()

    assert (one.host, one.usual) == ("host-5", "1.01 s")
    assert one.times == pytest.approx(2.0 / 1.01)


def test_half_as_much_is_as_far_as_twice_as_much():
    found = odd(1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.5)

    assert found["host-6"].far == pytest.approx(found["host-7"].far)


@pytest.mark.parametrize(
    "values",
    [
        (1.0, 1.05, 0.95, 1.1, 0.9),  # equal machines
        (1.0, 2.0, 3.0, 4.0, 5.0),  # no two alike: nobody is usual
        (1.0, 9.0),  # who of two is the usual one?
        (0.0, 0.0, 0.0),
    ],
)
def test_without_a_usual_value_nobody_is_unusual(values):
    assert odd(*values) == {}


def test_half_the_hosts_cannot_hide_by_being_many():
    """A mean and a standard deviation would call nobody unusual here."""
    assert set(odd(1.0, 1.0, 1.0, 1.0, 9.0, 9.0, 9.0)) == {"host-5", "host-6", "host-7"}


def test_an_interval_that_reaches_what_is_usual_is_no_proof():
    sure, unsure = measured([2.0, 2.01, 1.99] * 4), Measured(2.0, 1.1, 2.5, 12)

    assert set(odd(1.0, 1.0, 1.0, 1.0, sure, unsure)) == {"host-5"}


def test_texts_that_most_have_are_usual():
    (one,) = odd("3.13.1", "3.13.1", "3.12.9", unit=None).values()

    assert (one.host, one.usual, one.times, one.far) == ("host-3", "3.13.1", None, math.inf)
    assert odd("a", "b", "c", unit=None) == {}


def test_a_limit_that_only_one_has_is_unusual():
    (one,) = odd(None, None, None, 2.0, unit="1").values()

    assert (one.host, one.figure.shown, one.usual) == ("host-4", "2", "none")


def test_the_pace_is_the_median_over_all_durations():
    figures = [of(1.0, 1.0, 1.0, 2.0), of(5.0, 5.0, 5.0, 5.5), of(3.0, 3.0, 3.0, 6.0), of(1, 1, 1, 9, unit="B")]

    assert usual.pace(figures) == {"host-1": 1.0, "host-2": 1.0, "host-3": 1.0, "host-4": 2.0}


def test_a_figure_over_the_fleet():
    figures = of(3.0, 1.0, 2.0)

    assert usual.spread("start", figures, []) == {
        "what": "start", "hosts": 3, "usual": "2.00 s", "least": "1.00 s", "most": "3.00 s", "unusual": ""
    }  # fmt: skip


def test_facts_and_main_tables_are_compared_and_raw_ones_are_not():
    columns = (Column("kind", "kind"), Column("time", "time", "s"))
    rows = ({"kind": "Pipe", "time": measured([1.0, 1.1, 1.2])},)
    sections = (
        Section("channels", "Channels", "ok", columns=columns, rows=rows),
        Section("raw", "Raw", "ok", columns=columns, rows=rows, detail=True),
    )
    machine = {"usable_cpus": 2.0, "swap_total": None, "memory_available": 5, "unknown": {"swap_total": "no /proc"}}
    report = Report("s", "probe", Tool("m", "1"), "", 0.0, (), machine, {"version": "3.13.1"}, "", sections)

    assert [(figure.what, figure.shown) for figure in usual.figures(report)] == [
        ("usable CPUs", "2"),
        ("version", "3.13.1"),
        ("Channels: Pipe, time", "1.10 s"),
    ]
