"""MP601 from a process that is joined while its queue's feeder waits for a reader."""

from __future__ import annotations

import pytest

from mpdiag.rules.join_before_drain import RULE

JOINS = {
    "pid": 1,
    "process": "main",
    "main": True,
    "kind": "process",
    "object": "process:2",
    "api": "join",
}
FEEDS = {
    "pid": 2,
    "process": "Worker-1 (2)",
    "thread": "QueueFeederThread",
    "main": False,
    "kind": "write",
    "object": "pipe:9",
    "channel": "pipe:9",
    "job": "_feed",
}


@pytest.mark.parametrize("feeder", [{}, {"kind": "lock", "object": "lock:/mp-1"}], ids=["room", "turn"])
def test_joined_while_its_feeder_waits(standing, feeder):
    (finding,) = standing(RULE, waits=[JOINS, {**FEEDS, **feeder}], queues=[{"object": "pipe:9", "of": "Queue"}])

    assert (finding.rule, finding.level, finding.place.line) == ("MP601", "error", 7)
    assert "main waits in join() at app.py:7 for Worker-1 (2) to end" in finding.seen
    assert "the Queue made at app.py:7" in finding.seen


@pytest.mark.parametrize(
    ("join", "feeder"),
    [
        ({}, {"can_move": True}),
        ({"can_move": True}, {}),
        ({"object": "process:3"}, {}),
        ({}, {"job": None}),
        ({}, {"kind": "within"}),
    ],
    ids=["somebody reads", "a time-out", "another process", "no feeder", "nothing to send"],
)
def test_silent_where_it_goes_on(standing, join, feeder):
    assert standing(RULE, waits=[{**JOINS, **join}, {**FEEDS, **feeder}]) == []
