"""MP615 from processes that are joined while they wait for a reader."""

from __future__ import annotations

import pytest

from mpdiag.rules.unread_pipe import RULE

JOINS = {"pid": 1, "process": "main", "main": True, "kind": "process", "object": "process:2", "api": "wait"}
WRITES = {"pid": 2, "process": "cat (2)", "main": True, "kind": "write", "object": "pipe:9", "peer": "pipe:9"}
END = {"object": "pipe:9", "pid": 1, "process": "main", "reads": True}


@pytest.mark.parametrize(("ends", "reader"), [([END], "main"), ([], "nobody")], ids=["main", "nobody"])
def test_nobody_reads_what_it_writes(standing, ends, reader):
    (finding,) = standing(RULE, waits=[JOINS, WRITES], ends=ends)

    assert (finding.rule, finding.level, finding.place.line) == ("MP615", "error", 7)
    assert "main waits in wait() at app.py:7 for cat (2) to end" in finding.seen
    assert f"whose other end {reader} would have to read" in finding.seen


@pytest.mark.parametrize(
    ("join", "write"),
    [({"object": "process:3"}, {}), ({"can_move": True}, {}), ({}, {"can_move": True}), ({}, {"job": "_feed"})],
    ids=["another process", "a time-out", "somebody reads", "a queue (MP601)"],
)
def test_silent_otherwise(standing, join, write):
    assert standing(RULE, waits=[{**JOINS, **join}, {**WRITES, **write}], ends=[END]) == []
