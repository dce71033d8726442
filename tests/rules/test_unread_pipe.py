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


READS = {**JOINS, "kind": "read", "object": "pipe:8", "peer": "pipe:8", "api": ""}
OUT = {"object": "pipe:8", "pid": 2, "process": "cat (2)", "writes": True}


def test_one_stream_is_read_while_another_is_full(standing):
    writes = {**WRITES, "target": "descriptor 2 (a pipe)"}

    (finding,) = standing(RULE, waits=[READS, writes], ends=[OUT, END])

    assert (finding.rule, finding.level) == ("MP615", "error")
    assert "main waits at app.py:7 for cat (2) to send, which cannot" in finding.seen
    assert "room in pipe 9 (its standard error), whose other end main would have to read" in finding.seen


def test_workers_that_do_so_at_one_line_are_told_once(standing):
    waits, ends = [], []
    for pid in (1, 3):
        ours = {"pid": pid, "process": f"W{pid}", "object": f"pipe:{pid}0", "peer": f"pipe:{pid}0"}
        theirs = {"pid": pid + 1, "process": f"cat ({pid + 1})", "object": f"pipe:{pid}1", "peer": f"pipe:{pid}1"}
        waits += [{**READS, **ours}, {**WRITES, **theirs}]
        ends += [{**OUT, **theirs, "object": ours["object"]}, {**END, **ours, "object": theirs["object"]}]

    (finding,) = standing(RULE, waits=waits, ends=ends)

    assert "W1 (as 1 other does) waits" in finding.seen


@pytest.mark.parametrize(
    ("write", "end"),
    [({"can_move": True}, {}), ({}, {"pid": 3, "process": "tail"}), ({"job": "_feed"}, {})],
    ids=["somebody reads", "another one's output", "a queue"],
)
def test_silent_where_it_could_still_send(standing, write, end):
    assert standing(RULE, waits=[READS, {**WRITES, **write}], ends=[OUT, {**END, **end}]) == []
