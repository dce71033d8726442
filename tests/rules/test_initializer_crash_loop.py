"""An initializer that fails in every worker."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.initializer_crash_loop import RULE


def failing(count):
    return [
        {"kind": "initializer", "count": count, "example": "FileNotFoundError", "pool": 1, "file": "app.py", "line": 3}
    ]


def test_a_pool_that_replaces_its_workers_for_ever(observe, a_pool):
    (finding,) = observe(RULE, failures=failing(80), pools=[a_pool()])

    assert (finding.level, finding.concern) == ("error", 40)
    assert "failed in 80 workers (app.py:3): FileNotFoundError" in finding.seen
    assert "without end" in finding.do


def test_an_executor_gives_up(observe, a_pool):
    (finding,) = observe(RULE, failures=failing(1), pools=[a_pool()])

    assert "failed in 1 worker " in finding.seen
    assert "without end" not in finding.do


@pytest.mark.parametrize(("slept", "again", "expected"), [(1, False, 1), (9, False, 0), (1, True, 0)])
def test_from_outside_workers_come_and_go_without_a_result(standing, replacing, slept, again, expected):
    assert len(standing(RULE, **replacing(slept, again))) == expected


def test_silent_about_other_failures(observe, a_pool):
    assert observe(RULE, failures=[{"kind": "guard", "count": 2}], pools=[a_pool()]) == []


def test_not_judged_without_a_count(observe):
    with pytest.raises(NotJudged, match="count"):
        observe(RULE, failures=[{"kind": "initializer"}])
