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


OTHER = {**END, "object": "pipe:10", "socket": True}


def test_of_a_socket_the_other_end_counts(standing):
    (finding,) = standing(RULE, waits=[{**READS, "peer": "pipe:10"}], ends=[{**END, "socket": True}, OTHER])

    assert "a copy of the other end is still open in itself" in finding.seen


def test_silent_where_somebody_else_may_still_answer_on_a_socket(standing):
    asker = {"pid": 1, "process": "main"}

    found = standing(
        RULE,
        waits=[{**READS, "peer": "pipe:10"}, {**READS, **asker, "object": "pipe:10", "peer": "pipe:9"}],
        ends=[OTHER, {**OTHER, **asker}],
    )

    assert found == []


SORT = {**READS, "process": "sort (2)", "file": None, "line": None, "api": "", "answered": False}
JOINS = {**READS, "pid": 1, "process": "main", "kind": "process", "object": "process:2"}
SIBLING = {"pid": 3, "process": "Worker-2 (3)"}
GETS = {**READS, **SIBLING, "object": "pipe:11", "api": "get"}


def members(python):
    names = {1: "main", 2: SORT["process"], 3: "Worker-2 (3)"}
    return [{"pid": pid, "process": name, "python": python or pid != 2} for pid, name in names.items()]


def test_the_input_of_another_program_is_still_open_in_a_forked_sibling(standing):
    (finding,) = standing(RULE, waits=[JOINS, SORT, GETS], ends=[{**END, **SIBLING}], members=members(python=False))

    assert "sort (2), for whose end main waits in recv() at app.py:7, waits for data from pipe 9" in finding.seen
    assert finding.place.line == 7
    assert "still open in Worker-2 (3)" in finding.seen


@pytest.mark.parametrize(
    ("waits", "python"),
    [([SORT, GETS], False), ([JOINS, SORT, GETS], True)],
    ids=["nobody waits for its end", "it may wait for a queue"],
)
def test_silent_where_a_message_may_be_meant(standing, waits, python):
    assert standing(RULE, waits=waits, ends=[{**END, **SIBLING}], members=members(python)) == []


def test_without_stacks_a_reader_that_alone_holds_the_writing_end(standing):
    (finding,) = standing(RULE, waits=[JOINS, SORT], ends=[END], members=members(python=True))

    assert "still open in itself" in finding.seen
