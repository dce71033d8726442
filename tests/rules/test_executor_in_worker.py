"""MP419 from workers that wait for the executor they are in."""

from __future__ import annotations

import pytest

from mpdiag.rules.executor_in_worker import RULE

WAITS = {"pid": 1, "process": "main", "main": False, "kind": "within", "pool": "q", "own_pool": "q", "api": "result"}
POOL = {"id": "q", "type": "ThreadPoolExecutor", "asked": 2}


def test_all_workers_wait_for_their_own_pool(standing):
    (finding,) = standing(RULE, waits=[WAITS, WAITS], pools=[POOL])

    assert (finding.rule, finding.level, finding.place.line) == ("MP419", "error", 7)
    assert "MainThread of main (as 1 other does) waits in result() at app.py:7" in finding.seen
    assert "is itself one of its 2 workers" in finding.seen


@pytest.mark.parametrize(
    ("wait", "pool"),
    [({"own_pool": None}, {}), ({"own_pool": "other"}, {}), ({"can_move": True}, {}), ({}, {"type": "ThreadPool"})],
    ids=["no worker", "another's worker", "a worker is left", "a pool (MP413)"],
)
def test_silent_otherwise(standing, wait, pool):
    assert standing(RULE, waits=[{**WAITS, **wait}], pools=[{**POOL, **pool}]) == []


@pytest.mark.parametrize(
    "wait",
    [{}, {"pool": None, "states": "PENDING"}, {"pool": None, "library": "multiprocessing/pool.py"}],
    ids=["known pool", "known future", "seen from outside"],
)
def test_a_callback_waits_for_a_result(standing, wait):
    row = {**WAITS, "own_pool": None, "calls_back": True, "thread": "Thread-1"}

    (finding,) = standing(RULE, waits=[{**row, **wait}], pools=[{**POOL, "type": "ProcessPoolExecutor"}])

    assert (finding.rule, finding.level) == ("MP419", "error")
    assert "Thread-1 of main waits in result() at app.py:7 for" in finding.seen
    assert "it is itself the thread that brings results" in finding.seen


def test_silent_of_a_callback_that_waits_for_something_else(standing):
    row = {**WAITS, "own_pool": None, "calls_back": True, "pool": None}

    assert standing(RULE, waits=[row]) == []
