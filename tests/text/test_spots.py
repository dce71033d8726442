from dataclasses import replace

import pytest

from mpdiag.advice import Evidence, Finding, Place
from mpdiag.heading import begin
from mpdiag.report import Quality, Section, Style
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


def test_people_read_paths_as_seen_from_the_working_directory():
    finding = Finding(
        *("MP401", "submit-then-wait", "warning", "measured", "One by one"),
        seen="the Pool (~/shop/app.py:7), beside (~/shops/app.py:7) and ~/shop/",
        do="mend '~/shop/lib/x.py'",
        evidence=(Evidence("of ~/shop/a.py", "~/shop/b.py:3"), Evidence("times", 3)),
        place=Place("~/shop/app.py", 7),
    )
    report = replace(
        begin("run"),
        verdict="One by one (~/shop/app.py:7).",
        sections=(Section("sites", "Sites", "ok", rows=({"file": "~/shop/app.py", "line": 7},)),),
        findings=(finding,),
        quality=(Quality("see /home/~/shop/app.py"),),
    )

    near = spots.nearby(report, Style(folder="~/shop"))

    assert near.verdict == "One by one (app.py:7)."
    assert near.findings[0].seen == "the Pool (app.py:7), beside (~/shops/app.py:7) and ~/shop/"
    assert (near.findings[0].do, near.findings[0].place) == ("mend 'lib/x.py'", Place("app.py", 7))
    assert near.findings[0].evidence == (Evidence("of a.py", "b.py:3"), Evidence("times", 3))
    assert near.sections[0].rows == ({"file": "app.py", "line": 7},)
    assert near.quality == report.quality
    assert spots.nearby(report, Style()) == spots.nearby(report, Style(folder="/")) == report
