"""MP416 from workers of a Pool that ended with an exit code."""

from __future__ import annotations

import pytest

from mpdiag.rules.exit_in_pool_task import RULE

WAITS = {"pid": 1, "process": "main", "main": True, "kind": "within", "pool": "q", "api": "map"}
POOL = {"id": "q", "type": "Pool", "gone": 1, "ends": "2", "closed": False, "replaces": False, "last": "convert"}


@pytest.mark.parametrize("code", ["2", "0"])
def test_a_task_left(standing, code):
    (finding,) = standing(RULE, waits=[WAITS], pools=[{**POOL, "ends": code}])

    assert (finding.rule, finding.level, finding.place.line) == ("MP416", "warning", 7)
    assert f"ended with exit code {code}: convert() called sys.exit() or os._exit()" in finding.seen


@pytest.mark.parametrize(
    ("wait", "pool"),
    [
        ({"can_move": True}, {}),
        ({}, {"ends": "SIGKILL"}),
        ({}, {"ends": "", "gone": 0}),
        ({}, {"ends": "0", "replaces": True}),
        ({}, {"type": "ProcessPoolExecutor"}),
        ({}, {"closed": True}),
    ],
    ids=["it works", "killed", "none", "replaced in turn", "an executor", "closed"],
)
def test_silent_otherwise(standing, wait, pool):
    assert standing(RULE, waits=[{**WAITS, **wait}], pools=[{**POOL, **pool}]) == []
