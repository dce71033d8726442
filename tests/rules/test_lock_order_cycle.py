"""MP610 from processes that hold what the others want."""

from __future__ import annotations

import pytest

from mpdiag.rules.lock_order_cycle import RULE


def wants(pid, lock):
    return {"pid": pid, "process": f"P{pid}", "main": True, "kind": "lock", "object": lock, "line": 10 + pid}


def held(pid, lock, count=1):
    return {"object": lock, "type": "Lock", "pid": pid, "held": count, "value": 0}


def test_opposite_orders(standing):
    (finding,) = standing(RULE, waits=[wants(1, "b"), wants(2, "a")], holders=[held(1, "a"), held(2, "b")])

    assert (finding.rule, finding.level, finding.place.line) == ("MP610", "error", 11)
    assert "P1 waits at app.py:11 for the Lock made at app.py:7, which P2 holds; P2 waits at app.py:12" in finding.seen


def test_a_ring_of_three_is_one(standing):
    waits = [wants(1, "b"), wants(2, "c"), wants(3, "a")]

    (finding,) = standing(RULE, waits=waits, holders=[held(1, "a"), held(2, "b"), held(3, "c")])

    assert finding.evidence[0].value == 3


@pytest.mark.parametrize(
    "holders",
    [[held(1, "a"), held(1, "b")], [held(1, "a"), held(2, "b", 0)], [held(3, "a"), held(2, "b")]],
    ids=["its own", "nobody", "a third one that does not wait"],
)
def test_silent_without_a_circle(standing, holders):
    members = [{"pid": pid, "process": f"P{pid}", "alive": True} for pid in (1, 2, 3)]

    assert standing(RULE, waits=[wants(1, "b"), wants(2, "a")], holders=holders, members=members) == []


MINE = {**held(1, "a"), "by_main": True}


def test_a_lock_taken_twice(standing):
    (finding,) = standing(RULE, waits=[wants(1, "a")], holders=[MINE])

    assert (finding.rule, finding.level, finding.place.line) == ("MP610", "error", 11)
    assert "P1 waits at app.py:11 for the Lock made at app.py:7, which it has taken itself already" in finding.seen


@pytest.mark.parametrize(
    ("wait", "lock"),
    [
        ({"can_move": True}, {}),
        ({}, {"by_main": False}),
        ({}, {"type": "Semaphore"}),
        ({}, {"held": 0}),
        ({}, {"pid": 2}),
    ],
    ids=["a time-out", "by another thread", "a semaphore", "free", "another's"],
)
def test_silent_of_a_lock_that_is_not_its_own(standing, wait, lock):
    assert standing(RULE, waits=[{**wants(1, "a"), **wait}], holders=[{**MINE, **lock}]) == []


SEEN = [{**wants(pid, lock), "alone": False, "api": "acquire"} for pid, lock in ((1, "b"), (2, "a"))]


@pytest.mark.parametrize(("known", "count"), [({}, 1), ({"answered": False}, 0), ({"tool": "Event"}, 0)], ids=str)
def test_from_outside_only_calls_that_take_locks_tell_of_locks(standing, known, count):
    assert len(standing(RULE, waits=[{**row, **known} for row in SEEN])) == count


def own(native, **cells):
    row = {"pid": 1, "native": native, "process": "main", "main": native == 100, "thread": f"T{native}"}
    return {**row, "kind": "within", "doing": "lock", "locks": True, "library": "", "line": native, **cells}


def test_threads_that_each_take_a_lock(standing):
    (finding,) = standing(RULE, waits=[own(101, line=5), own(102, line=5), own(103)])

    assert (finding.rule, finding.confidence, finding.place.line) == ("MP610", "inferred", 5)
    assert "T101 of main (as 1 other does) waits at app.py:5; T103 of main waits at app.py:103: each" in finding.seen


def test_a_thread_alone_has_taken_its_lock_itself(standing):
    (finding,) = standing(RULE, waits=[own(100)])

    assert "there is no other thread: it has taken it itself" in finding.seen
    assert "signal handler" in finding.do


@pytest.mark.parametrize(
    "waits",
    [
        [own(101), own(102), own(103, kind="runs", can_move=True)],
        [own(101), own(100, locks=False)],
        [own(101, tool="Event"), own(102, tool="Event")],
        [own(100, process="P2"), own(101, process="P2")],
        [own(100, library="queue.py")],
    ],
    ids=["one goes on", "one lock", "no locks", "a child may have been forked with it", "a queue's"],
)
def test_silent_where_threads_need_not_take_each_others_locks(standing, waits):
    assert standing(RULE, waits=waits) == []
