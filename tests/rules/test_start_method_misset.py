"""Start methods set at import, twice or by force."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.start_method_misset import RULE


def call(**cells):
    row = {"method": "spawn", "count": 1, "force": False, "importing": 0, "raised": 0, "file": "app.py", "line": 5}
    return {**row, **cells}


def test_a_call_that_failed(observe):
    (finding,) = observe(RULE, methods=[call(count=3, importing=2, raised=2)])

    assert finding.level == "warning"
    assert "set_start_method('spawn') (app.py:5): children ran it again 2 times" in finding.seen
    assert "it failed 2 times" in finding.seen


def test_one_failure_is_told_in_the_singular(observe):
    (finding,) = observe(RULE, methods=[call(raised=1)])

    assert "it failed 1 time, because" in finding.seen


def test_force_that_hides_a_conflict(observe):
    (finding,) = observe(RULE, methods=[call(), call(force=True, method="fork", line=9)])

    assert (finding.level, finding.place.line) == ("note", 9)
    assert "overrode one of 2 settings" in finding.seen


def test_silent_about_one_call_under_the_guard(observe):
    assert observe(RULE, methods=[call()]) == []
    assert observe(RULE, methods=[call(force=True)]) == []
    assert observe(RULE) == []


def test_not_judged_where_children_were_not_seen(observe):
    with pytest.raises(NotJudged, match="importing"):
        observe(RULE, methods=[call(importing=None)])
