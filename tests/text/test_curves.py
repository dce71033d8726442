from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import reports
from mpdiag.model import Column, Measured
from mpdiag.report import Section
from mpdiag.text.curves import Axis, chart, key_columns

PROBE = reports.decode((Path(__file__).parent.parent / "golden" / "probe.json").read_bytes(), "probe.json")
SECTIONS = {section.id: section for section in PROBE.sections}
COLUMNS = (Column("what", "what"), Column("size", "size", "B"), Column("took", "took", "s", bar=True))


def section(*rows):
    return Section("s", "S", "ok", columns=COLUMNS, rows=tuple(rows))


def row(size, low, middle, high, what="Pipe"):
    return {"what": what, "size": size, "took": Measured(middle, low, high, 9)}


def test_a_curve_has_its_points_in_order_with_their_intervals():
    drawn = chart(section(row(30, 2.0, 3.0, 4.0), row(10, 0.5, 1.0, 2.0), row(20, 1.0, 2.0, 3.0)))

    assert (drawn.title, drawn.across) == ("took", "size")
    (curve,) = drawn.curves
    assert curve.name == "Pipe"
    assert [(point.x, point.low, point.y, point.high) for point in curve.points] == [
        (0.0, 12.5, 25.0, 50.0),
        (50.0, 25.0, 50.0, 75.0),
        (100.0, 50.0, 75.0, 100.0),
    ]
    assert curve.points[0].words == "Pipe, 10 B: 1.00 s [500 ms–2.00 s]"


def test_what_a_row_is_about_beside_the_number_makes_a_curve():
    rows = [row(size, 1.0, 2.0, 3.0, what) for what in ("Pipe", "Queue") for size in (1, 2, 3)]

    assert [curve.name for curve in chart(section(*rows)).curves] == ["Pipe", "Queue"]


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (row(1, 1.0, 1.0, 1.0), row(2, 1.0, 1.0, 1.0)),
        (row("small", 1.0, 1.0, 1.0),) * 3,
        (row(1, 1.0, float("nan"), 1.0),) * 3,
        (row(float("inf"), 1.0, 1.0, 1.0),) * 3,
    ],
)
def test_too_little_is_no_curve(rows):
    assert chart(section(*rows)) is None


def test_of_several_numbers_it_is_drawn_along_the_one_with_most_points():
    columns = (Column("workers", "workers", "1"), Column("chunk", "chunk", "1"), *COLUMNS[2:])
    rows = tuple(
        {"workers": workers, "chunk": chunk, "took": Measured(1.0, 0.9, 1.1, 9)}
        for workers in (1, 2, 4, 8)
        for chunk in (1, 16, None)
    )

    drawn = chart(replace(section(*rows), columns=columns))

    assert drawn.across == "workers"
    assert [(curve.name, len(curve.points)) for curve in drawn.curves] == [("chunk 1", 4), ("chunk 16", 4), ("", 4)]


def test_tables_of_methods_have_none_and_those_of_numbers_do():
    drawn = {name for name, each in SECTIONS.items() if chart(each)}

    assert drawn == {"start_method.memory", "pool_sizing"}
    assert chart(replace(SECTIONS["pool_sizing"], columns=())) is None


def test_an_axis_over_many_sizes_is_logarithmic():
    wide = Axis.over([2.0**10, 2.0**20, 2.0**30], "B")
    narrow = Axis.over([1.0, 4.0], "1", from_zero=True)

    assert (wide.log, wide.at(2.0**20)) == (True, 50.0)
    assert wide.ticks()[0] == (0.0, "1 KiB")
    assert (narrow.log, narrow.at(1.0), narrow.ticks()[0]) == (False, 25.0, (0.0, "0"))


def test_equal_values_have_an_axis_too():
    assert Axis.over([3.0, 3.0], "1").at(3.0) == 0.0


def test_key_columns_stand_before_the_first_measured_one():
    assert [column.key for column in key_columns(SECTIONS["channels"])] == ["channel", "size"]
