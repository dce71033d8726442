"""Pools inside workers."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.nested_pool import RULE


def test_workers_that_may_not_have_children(observe):
    example = "AssertionError: daemonic processes are not allowed to have children"
    (finding,) = observe(RULE, failures=[{"kind": "task", "count": 4, "example": example, "file": "app.py", "line": 9}])

    assert (finding.level, finding.place.line) == ("error", 9)
    assert "4 tasks failed (app.py:9)" in finding.seen


def test_pools_that_workers_start_again_and_again(observe, a_pool):
    inner = a_pool(role="worker", pools=20, started=40, life_s=8.0, phase_s=5.0, start_s=2.0)
    (finding,) = observe(RULE, pools=[inner])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 1.8, "3.0 in two workers at a time, with slack"
    assert "Workers made 20 pools of their own (app.py:7), of 40 processes" in finding.seen


@pytest.mark.parametrize("cells", [{}, {"role": "worker"}, {"role": "worker", "threads": True, "start_s": 3.0}])
def test_silent_about_pools_of_the_parent_and_cheap_ones(observe, a_pool, cells):
    assert observe(RULE, pools=[a_pool(**cells)], failures=[{"kind": "task", "count": 1, "example": "KeyError"}]) == []


def test_not_judged_where_starts_were_not_timed(observe, a_pool):
    with pytest.raises(NotJudged, match="start_s"):
        observe(RULE, pools=[a_pool(role="worker", start_s=None)])


SELF = {"pid": 1, "process": "main", "main": False, "kind": "within", "pool": "q", "own_pool": "q", "api": "apply"}
THREADS = {"id": "q", "type": "ThreadPool", "asked": 1}


def test_every_worker_waits_for_its_own_pool(standing):
    (finding,) = standing(RULE, waits=[SELF], pools=[THREADS])

    assert (finding.rule, finding.level, finding.place.line) == ("MP413", "error", 7)
    assert "is itself one of its 1 workers" in finding.seen


def test_silent_of_executors_and_others(standing):
    assert standing(RULE, waits=[SELF], pools=[{**THREADS, "type": "ThreadPoolExecutor"}]) == []
    assert standing(RULE, waits=[{**SELF, "own_pool": "other"}], pools=[THREADS]) == []
