"""MP411 from results awaited of a pool that was terminated."""

from __future__ import annotations

import pytest

from mpdiag.rules.pool_terminated_early import RULE

WAITS = {"pid": 1, "process": "main", "main": True, "kind": "within", "pool": "pipe:5", "pool_state": "TERMINATE"}
POOL = {"id": "pipe:5", "type": "Pool", "workers": 0, "asked": 2}


def test_the_pool_is_gone(standing):
    (finding,) = standing(RULE, waits=[{**WAITS, "api": "get"}], pools=[POOL])

    assert (finding.rule, finding.level, finding.place.line) == ("MP411", "error", 7)
    assert "main waits in get() at app.py:7 for results of the Pool made at app.py:7" in finding.seen


@pytest.mark.parametrize("wait", [{"pool_state": "RUN"}, {"can_move": True}, {"kind": "read"}], ids=str)
def test_silent_otherwise(standing, wait):
    assert standing(RULE, waits=[{**WAITS, **wait}], pools=[POOL]) == []
