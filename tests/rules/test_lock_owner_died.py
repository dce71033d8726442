"""MP609 from locks that nobody alive holds."""

from __future__ import annotations

import pytest

from mpdiag.rules.lock_owner_died import RULE

WAITS = {"pid": 1, "process": "main", "main": True, "kind": "lock", "object": "lock:/a"}
LOCK = {"object": "lock:/a", "type": "Lock", "pid": 1, "held": 0, "value": 0}
MAIN = {"pid": 1, "process": "main", "alive": True}
DEAD = {"pid": 2, "process": "Worker-1 (2)", "alive": False, "exit": "SIGKILL"}


def test_its_holder_was_killed(standing):
    (finding,) = standing(RULE, waits=[WAITS], holders=[LOCK], members=[MAIN, DEAD])

    assert (finding.rule, finding.level, finding.place.line) == ("MP609", "error", 7)
    assert "main waits at app.py:7 for the Lock made at app.py:7" in finding.seen
    assert "as did Worker-1 (2) (SIGKILL)" in finding.seen


def test_those_that_ended_harshly_are_named_first(standing):
    quiet = {**DEAD, "pid": 3, "process": "Worker-2 (3)", "exit": 0}

    (finding,) = standing(RULE, waits=[WAITS], holders=[LOCK], members=[MAIN, quiet, DEAD])

    assert "Worker-2" not in finding.seen


@pytest.mark.parametrize(
    ("wait", "lock", "members"),
    [
        ({}, {"held": 1}, [MAIN, DEAD]),
        ({}, {"value": 1}, [MAIN, DEAD]),
        ({}, {"type": "Semaphore"}, [MAIN, DEAD]),
        ({}, {}, [MAIN]),
        ({"can_move": True}, {}, [MAIN, DEAD]),
    ],
    ids=["somebody holds it", "it is free", "a semaphore", "nobody has ended", "a time-out"],
)
def test_silent_otherwise(standing, wait, lock, members):
    assert standing(RULE, waits=[{**WAITS, **wait}], holders=[{**LOCK, **lock}], members=members) == []


COUNTED = {**LOCK, "type": "BoundedSemaphore"}


def test_of_a_semaphore_whoever_was_to_release_it_ended_by_an_error(standing):
    failed, well = {**DEAD, "exit": 1}, {**DEAD, "pid": 3, "process": "Worker-2 (3)", "exit": 0}
    wait = {**WAITS, "tool": "BoundedSemaphore"}

    (finding,) = standing(RULE, waits=[wait], holders=[COUNTED], members=[MAIN, failed, well])

    assert "whoever was to release it has ended, as did Worker-1 (2) (exit code 1)." in finding.seen
    assert standing(RULE, waits=[wait], holders=[COUNTED], members=[MAIN, well]) == []
    assert standing(RULE, waits=[{**wait, "tool": "Event"}], holders=[COUNTED], members=[MAIN, failed]) == []


SEEN = {**WAITS, "pid": 2, "process": "W (2)", "native": 102, "api": "__enter__", "alone": False}
JOINS = {"pid": 1, "process": "main", "main": True, "kind": "process", "object": "process:2"}
NEEDS = {"pid": 2, "native": 102, "needs": 1}


def test_from_outside_only_who_joins_it_shares_the_lock(standing):
    (finding,) = standing(RULE, waits=[JOINS, SEEN], needs=[NEEDS])

    assert (
        "W (2) waits in __enter__() at app.py:7 for a lock that no other living process shares but main" in finding.seen
    )
    assert "or holds it while waiting for this one to end" in finding.seen


def test_from_outside_all_that_share_the_lock_wait_for_it(standing):
    other = {**SEEN, "pid": 3, "process": "W (3)", "native": 103}
    needs = [NEEDS, {**NEEDS, "needs": 3}, {"pid": 3, "native": 103, "needs": 2}, {"pid": 3, "native": 103, "needs": 1}]

    (finding,) = standing(RULE, waits=[JOINS, SEEN, other], needs=needs)

    assert "W (2) (as 1 other does) waits in __enter__() at app.py:7 for a lock that no other living" in finding.seen


@pytest.mark.parametrize(
    ("wait", "needs"),
    [
        ({"answered": False}, [NEEDS]),
        ({"tool": "Event"}, [NEEDS]),
        ({"api": "put"}, [NEEDS]),
        ({}, [NEEDS, {**NEEDS, "needs": 3}]),
        ({}, []),
    ],
    ids=["its stack is unknown", "an Event", "a queue", "others share it", "nobody is known"],
)
def test_from_outside_silent_where_it_may_be_something_else(standing, wait, needs):
    assert standing(RULE, waits=[JOINS, {**SEEN, **wait}], needs=needs) == []


@pytest.mark.parametrize(("told", "count"), [(True, 1), (False, 0)], ids=["its call", "nothing"])
def test_from_outside_nobody_shares_the_lock(standing, told, count):
    alone = {**SEEN, "alone": True, "answered": told, "api": "__enter__" if told else ""}

    assert len(standing(RULE, waits=[alone])) == count


PROXY = {
    "pid": 2,
    "process": "W1",
    "main": True,
    "kind": "read",
    "object": "pipe:9",
    "api": "acquire",
    "proxy": "acquire",
}


def test_by_way_of_a_manager(standing):
    (finding,) = standing(RULE, waits=[PROXY, {**PROXY, "pid": 3, "process": "W2"}])

    assert "W1 (as 1 other does) waits in acquire() at app.py:7 for a lock of a Manager" in finding.seen
    assert standing(RULE, waits=[{**PROXY, "proxy": "get"}]) == []
    assert standing(RULE, waits=[{**PROXY, "can_move": True}]) == []
