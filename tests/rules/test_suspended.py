"""MP616 from processes that do not run because they were told not to."""

from __future__ import annotations

import pytest

from mpdiag.rules.suspended import RULE

MAIN = {"pid": 1, "process": "main", "state": "S"}


@pytest.mark.parametrize(
    ("state", "said", "todo"), [("T", "stopped by a signal", "kill -CONT 2"), ("t", "held by a debugger", "Detach")]
)
def test_a_process_is_stopped(standing, state, said, todo):
    (finding,) = standing(RULE, members=[MAIN, {"pid": 2, "process": "W1 (2)", "state": state}])

    assert (finding.rule, finding.level) == ("MP616", "error")
    assert f"W1 (2) does not run: {said}" in finding.seen
    assert todo in finding.do


@pytest.mark.parametrize("state", ["R", "S", "D", "Z", None])
def test_silent_otherwise(standing, state):
    assert standing(RULE, members=[MAIN, {"pid": 2, "process": "W1 (2)", "state": state}]) == []
