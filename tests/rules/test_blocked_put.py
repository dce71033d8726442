"""MP602 from a thread that waits in put() for a consumer that is gone."""

from __future__ import annotations

import pytest

from mpdiag.rules.blocked_put import RULE

PUTS = {"pid": 1, "process": "main", "main": True, "kind": "place", "channel": "pipe:9", "api": "put", "bound": 64}
TOOK = {"object": "pipe:9", "pid": 2, "process": "Process-1 (2)", "use": "takes", "count": 1701}


@pytest.mark.parametrize(
    ("end", "said"), [(1, "(exit code 1)"), ("SIGKILL", "(SIGKILL)"), (None, "has ended.")], ids=str
)
def test_the_consumer_has_ended(standing, end, said):
    (finding,) = standing(RULE, waits=[PUTS], users=[{**TOOK, "alive": False, "exit": end}])

    assert (finding.rule, finding.level, finding.place.line) == ("MP602", "error", 7)
    assert "main waits in put() at app.py:7" in finding.seen
    assert "holds 64 messages: Process-1 (2), which took 1,701 of them, has ended" in finding.seen
    assert said in finding.seen


def test_nobody_has_ever_consumed(standing):
    (finding,) = standing(RULE, waits=[PUTS])

    assert "nobody takes any" in finding.seen


@pytest.mark.parametrize(
    ("put", "taker"), [({}, {"alive": True}), ({"can_move": True}, {"alive": False})], ids=["it lives", "a time-out"]
)
def test_silent_where_it_goes_on(standing, put, taker):
    assert standing(RULE, waits=[{**PUTS, **put}], users=[{**TOOK, **taker}]) == []
