"""Children that start the program again."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.missing_main_guard import RULE


def test_children_that_died_of_it(observe):
    row = {"kind": "guard", "count": 2, "example": "RuntimeError", "file": "app.py", "line": 31}
    (finding,) = observe(RULE, failures=[row])

    assert (finding.level, finding.place.line) == ("error", 31)
    assert "2 children died because importing the main module started processes again (app.py:31)" in finding.seen
    assert "__main__" in finding.do


@pytest.mark.parametrize(("slept", "again", "expected"), [(1, True, 1), (9, True, 0), (1, False, 0)])
def test_from_outside_workers_come_to_the_line_that_starts_them(standing, replacing, slept, again, expected):
    assert len(standing(RULE, **replacing(slept, again))) == expected


def test_silent_about_other_failures(observe):
    assert observe(RULE, failures=[{"kind": "task", "count": 2}]) == []
    assert observe(RULE, failures=[{"kind": "guard", "count": 0}]) == []


def test_not_judged_without_a_count(observe):
    with pytest.raises(NotJudged, match="count"):
        observe(RULE, failures=[{"kind": "guard"}])
