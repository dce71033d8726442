"""MP617 from threads that wait for a sign that nobody will give."""

from __future__ import annotations

import pytest

from mpdiag.rules.never_set import RULE
from mpdiag.standstill import a

WAITS = {"pid": 2, "process": "W1", "main": True, "kind": "lock", "tool": "Event", "api": "wait"}
THREAD = {**WAITS, "native": 150, "main": False, "kind": "within", "thread": "T", "file": None, "line": None}


@pytest.mark.parametrize(
    ("tool", "ended"), [("Event", "set()"), ("Condition", "notify()"), ("Semaphore", "release()"), ("Queue", "put()")]
)
def test_nobody_can_end_it(standing, tool, ended):
    (finding,) = standing(RULE, waits=[{**WAITS, "tool": tool}])

    assert (finding.rule, finding.level, finding.place.line) == ("MP617", "error", 7)
    assert f"W1 waits in wait() at app.py:7 for {a(tool)}: {ended} would end that" in finding.seen


def test_a_barrier_says_who_is_missing(standing):
    three = [
        {**WAITS, "pid": pid, "process": f"W{pid}", "tool": "Barrier", "parties": 4, "present": 3} for pid in (1, 2, 3)
    ]

    (finding,) = standing(RULE, waits=three)

    assert "(as 2 others do)" in finding.seen
    assert "3 of 4 are there" in finding.seen


@pytest.mark.parametrize(
    "other",
    [{"own_pool": "q"}, {}],
    ids=["a task", "a thread that is joined"],
)
def test_a_thread_without_a_line_of_the_programs(standing, other):
    joins = {"pid": 2, "process": "W1", "main": True, "kind": "thread", "object": "thread:150"}

    (finding,) = standing(RULE, waits=[joins, {**THREAD, **other}])

    assert "T of W1 waits in wait() for an Event" in finding.seen


@pytest.mark.parametrize(
    "wait",
    [
        {"can_move": True},
        {"tool": "Lock"},
        {"tool": None},
        {"pool": "q"},
        {"states": "PENDING"},
        {"channel": "pipe:9"},
        {"library": "futures/process.py"},
    ],
    ids=str,
)
def test_silent_otherwise(standing, wait):
    assert standing(RULE, waits=[{**WAITS, **wait}]) == []


def test_silent_of_the_librarys_own_threads(standing):
    assert standing(RULE, waits=[THREAD]) == []


PROXY = {"pid": 2, "process": "W1", "main": True, "kind": "read", "object": "pipe:9", "api": "wait", "proxy": "wait"}


def test_by_way_of_a_manager(standing):
    (finding,) = standing(RULE, waits=[PROXY, {**PROXY, "pid": 3, "process": "W2"}])

    assert "W1 (as 1 other does) waits in wait() at app.py:7 for a sign by way of a Manager" in finding.seen
    assert standing(RULE, waits=[{**PROXY, "proxy": "get"}]) == []
    assert standing(RULE, waits=[{**PROXY, "can_move": True}]) == []
