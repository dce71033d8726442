"""MP309 from join() of a queue whose messages were all taken."""

from __future__ import annotations

import pytest

from mpdiag.rules.missing_task_done import RULE

JOINS = {"pid": 1, "process": "main", "main": True, "kind": "lock", "channel": "pipe:9", "api": "join"}
QUEUE = {"object": "pipe:9", "of": "JoinableQueue", "inside": 0}


def test_the_queue_is_empty(standing):
    (finding,) = standing(RULE, waits=[JOINS], queues=[QUEUE])

    assert (finding.rule, finding.level, finding.place.line) == ("MP309", "error", 7)
    assert "main waits in join() at app.py:7 for the JoinableQueue made at app.py:7" in finding.seen


@pytest.mark.parametrize(
    ("wait", "queue"),
    [({}, {"inside": 3}), ({"can_move": True}, {}), ({"api": "get"}, {}), ({"channel": "pipe:8"}, {})],
    ids=["messages are left", "a consumer works", "no join", "another queue"],
)
def test_silent_otherwise(standing, wait, queue):
    assert standing(RULE, waits=[{**JOINS, **wait}], queues=[{**QUEUE, **queue}]) == []
