"""MP601 from a process that is joined while its queue's feeder waits for a reader."""

from __future__ import annotations

import pytest

from mpdiag.rules.join_before_drain import RULE

#: Children that waited for two of their three seconds to hand over what they had put into a queue.
EXITING = {"role": "process", "exit_s": 2.0}
QUEUE = {
    "type": "Queue",
    "file": "app.py",
    "line": 3,
    "function": "main",
    "mean_b": 4000.0,
    "backlog_max": 300,
    "backlog_b": 1_200_000,
}
JOIN, PUT, GET = (
    {"kind": kind, "role": role, "thread": "main", "file": "app.py", "line": line, "function": "main", "s": s}
    for kind, role, line, s in (("join", "main", 9, 2.2), ("put", "process", 5, 0.1), ("get", "main", 11, 0.1))
)


def test_a_join_with_a_timeout_that_ran_out(observe):
    (finding,) = observe(RULE, processes=[EXITING, EXITING], channels=[QUEUE], sites=[JOIN, PUT, GET])

    assert (finding.level, finding.place.line) == ("warning", 9)
    assert "waited 2.20 s in join()" in finding.seen
    assert "the Queue (app.py:3)" in finding.seen
    assert finding.gain.ceiling_s == 2.4, "2.0, with slack"


@pytest.mark.parametrize(
    ("processes", "channels", "sites"),
    [
        ([{**EXITING, "exit_s": 0.01}], [QUEUE], [JOIN, PUT, GET]),
        ([{**EXITING, "role": "worker"}], [QUEUE], [JOIN, PUT, GET]),
        ([EXITING], [{**QUEUE, "backlog_max": 3, "backlog_b": 12_000}], [JOIN, PUT, GET]),
        ([EXITING], [QUEUE], [{**JOIN, "s": 0.01}, PUT, GET]),
        ([EXITING], [QUEUE], [JOIN, GET]),
        ([EXITING], [QUEUE], [{**JOIN, "thread": "closer"}, PUT, GET]),
    ],
    ids=["ends at once", "of a pool", "fits into the pipe", "joined late", "puts nothing", "another thread joins"],
)
def test_silent_where_nothing_waits_for_a_reader(observe, processes, channels, sites):
    assert observe(RULE, processes=processes, channels=channels, sites=sites) == []


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


OWN = {**FEEDS, "pid": 1, "process": "main", "native": 150}


@pytest.mark.parametrize(
    "wait",
    [
        {"kind": "thread", "object": "thread:150", "api": "join_thread"},
        {"kind": "within", "object": None, "api": "join_thread"},
        {"kind": "within", "object": None, "api": "_exit_function", "file": None, "line": None},
    ],
    ids=["join_thread()", "seen from outside", "at exit"],
)
def test_its_own_queue_is_not_sent(standing, wait):
    (finding,) = standing(RULE, waits=[{**JOINS, **wait}, OWN])

    assert (finding.rule, finding.level) == ("MP601", "error")
    assert "for its queue to be sent, which cannot be: what it put into pipe 9 does not fit" in finding.seen


@pytest.mark.parametrize(
    ("wait", "feeder"),
    [
        ({"kind": "thread", "object": "thread:151"}, {}),
        ({"kind": "within", "api": "wait"}, {}),
        ({"kind": "within", "api": "join_thread"}, {"can_move": True}),
    ],
    ids=["another thread", "something else", "somebody reads"],
)
def test_silent_where_it_waits_for_something_else_or_somebody_reads(standing, wait, feeder):
    assert standing(RULE, waits=[{**JOINS, **wait}, {**OWN, **feeder}]) == []


def test_who_joins_the_process_is_told_rather_than_its_own_exit(standing):
    exits = {**FEEDS, "main": True, "kind": "within", "job": None, "api": "_exit_function"}

    other = {"pid": 3, "process": "Worker-2 (3)"}

    (finding,) = standing(RULE, waits=[JOINS, exits, FEEDS, {**exits, **other}, {**FEEDS, **other}])

    assert "main waits in join()" in finding.seen


UNTOLD = {"answered": False, "file": None, "line": None, "api": "", "can_move": True}
SEEN = [
    {**JOINS, **UNTOLD},
    {**FEEDS, **UNTOLD, "thread": "thread 3", "job": None, "channel": None},
    {**FEEDS, **UNTOLD, "thread": "main", "job": None, "main": True, "kind": "within", "doing": "lock"},
]


def end(pid, mode, outside=False):
    return {"object": "pipe:9", "pid": pid, "reads": mode == "r", "writes": mode == "w", "outside": outside}


@pytest.mark.parametrize("ends", [[end(1, "r")], [end(1, "r"), end(2, "r"), end(2, "w")]], ids=["spawn", "fork"])
def test_without_stacks_it_seems_so(standing, ends):
    (finding,) = standing(RULE, waits=SEEN, ends=ends)

    assert (finding.rule, finding.level, finding.confidence) == ("MP601", "warning", "inferred")
    assert "main waits, as it seems, for Worker-1 (2) to end" in finding.seen
    assert "in pipe 9, and none but the two could read that" in finding.seen


@pytest.mark.parametrize(
    ("changed", "ends"),
    [
        ({}, [end(1, "r"), end(3, "r")]),
        ({}, [end(1, "r", outside=True)]),
        ({}, [end(2, "r")]),
        ({2: {"doing": "sleep"}}, [end(1, "r")]),
        ({1: {"main": True}}, [end(1, "r")]),
        ({1: {"kind": "outside"}}, [end(1, "r")]),
        ({0: {"kind": "within"}}, [end(1, "r")]),
        ({0: {"object": "process:7"}}, [end(1, "r")]),
        ({0: {"answered": True}}, [end(1, "r")]),
    ],
    ids=[
        "a third may read",
        "one outside may",
        "only itself may",
        "its main thread sleeps",
        "its main thread writes",
        "any of several pipes",
        "nobody joins",
        "another is joined",
        "whose stack is known",
    ],
)
def test_without_stacks_silent_where_others_may_read(standing, changed, ends):
    waits = [{**row, **changed.get(number, {})} for number, row in enumerate(SEEN)]

    assert standing(RULE, waits=waits, ends=ends) == []


def test_without_stacks_silent_where_another_thread_may_read(standing):
    other = {**JOINS, **UNTOLD, "main": False, "kind": "within", "thread": "thread 4"}

    assert standing(RULE, waits=[*SEEN, other], ends=[end(1, "r")]) == []
