"""MP415 from wait() on futures that were cancelled."""

from __future__ import annotations

import pytest

from mpdiag.rules.wait_on_cancelled import RULE

WAITS = {"pid": 1, "process": "main", "main": True, "kind": "within", "states": "CANCELLED, FINISHED", "api": "wait"}


@pytest.mark.parametrize("api", ["wait", "as_completed"])
def test_all_that_are_left_were_cancelled(standing, api):
    (finding,) = standing(RULE, waits=[{**WAITS, "api": api}])

    assert (finding.rule, finding.level, finding.place.line) == ("MP415", "error", 7)
    assert f"main waits in {api}() at app.py:7 for futures that were cancelled" in finding.seen


@pytest.mark.parametrize(
    "wait",
    [{"states": "CANCELLED, RUNNING"}, {"states": "FINISHED"}, {"states": None}, {"api": "result"}, {"can_move": True}],
    ids=str,
)
def test_silent_otherwise(standing, wait):
    assert standing(RULE, waits=[{**WAITS, **wait}]) == []


@pytest.mark.parametrize(("others", "count"), [([], 1), ([{"calls_back": True}], 0)], ids=["nobody", "in a callback"])
def test_from_outside_futures_were_cancelled_where_nobody_could_fulfil_them(standing, others, count):
    seen = {**WAITS, "states": None, "library": "futures/_base.py", "in_task": False}

    assert (
        len(standing(RULE, waits=[seen, *({**seen, "main": False, "api": "result", **each} for each in others)]))
        == count
    )
