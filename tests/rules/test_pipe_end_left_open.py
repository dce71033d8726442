"""MP604 from readers whose end of file cannot come."""

from __future__ import annotations

import pytest

from mpdiag.rules.pipe_end_left_open import RULE

READS = {"pid": 2, "process": "Worker-1 (2)", "main": True, "kind": "read", "object": "pipe:9", "api": "recv"}
END = {"object": "pipe:9", "pid": 2, "process": "Worker-1 (2)", "socket": False, "writes": True}


def test_the_reader_itself_holds_the_writing_end(standing):
    (finding,) = standing(RULE, waits=[READS], ends=[END])

    assert (finding.rule, finding.level, finding.place.line) == ("MP604", "error", 7)
    assert "Worker-1 (2) waits in recv() at app.py:7 for data from pipe 9" in finding.seen
    assert "still open in itself" in finding.seen


def test_a_sibling_holds_it(standing):
    sibling = {"pid": 3, "process": "Worker-2 (3)"}

    takes = {"object": "pipe:9", "pid": 2, "use": "takes", "count": 5}

    (finding,) = standing(
        RULE, waits=[READS, {**READS, **sibling, "object": "pipe:10"}], ends=[{**END, **sibling}], users=[takes]
    )

    assert "still open in Worker-2 (3)" in finding.seen


def test_the_parent_waits_for_the_reader_to_end(standing):
    parent = {"pid": 1, "process": "main"}
    joins = {**READS, **parent, "kind": "process", "object": "process:2"}

    (finding,) = standing(RULE, waits=[READS, joins], ends=[{**END, **parent}])

    assert "still open in main" in finding.seen


def test_silent_where_each_waits_for_the_other(standing):
    other = {"pid": 1, "process": "main"}
    writes = {"object": "pipe:9", "pid": 1, "use": "gives", "count": 5}
    reads = {"object": "pipe:9", "pid": 2, "use": "takes", "count": 5}

    found = standing(
        RULE, waits=[READS, {**READS, **other, "object": "pipe:10"}], ends=[{**END, **other}], users=[writes, reads]
    )

    assert found == []


@pytest.mark.parametrize(
    ("wait", "end", "queues"),
    [
        ({"can_move": True}, {}, []),
        ({}, {"writes": False}, []),
        ({}, {"socket": True}, []),
        ({}, {"pid": 4}, []),
        ({}, {}, [{"object": "pipe:9"}]),
    ],
    ids=["a writer lives", "all closed", "both ways", "somebody who may yet write", "a queue"],
)
def test_silent_where_data_may_come(standing, wait, end, queues):
    assert standing(RULE, waits=[{**READS, **wait}], ends=[{**END, **end}], queues=queues) == []
