"""Pools that nobody closes."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.pool_not_closed import RULE


def test_pools_that_leak(observe, a_pool, a_process):
    leaking = a_pool(pools=5, closed=0)
    (finding,) = observe(RULE, pools=[leaking], processes=[a_process(pool=1, uss_peak=2**20)] * 10)

    assert finding.level == "warning"
    assert "5 of 5 pools made (app.py:7) were never closed: 10 workers" in finding.seen
    assert "10 MiB" in finding.seen


def test_one_pool_left_open_is_a_note(observe, a_pool):
    (finding,) = observe(RULE, pools=[a_pool(closed=0)])

    assert finding.level == "note"
    assert "1 of 1 pool made" in finding.seen


def test_silent_where_pools_are_closed(observe, a_pool):
    assert observe(RULE, pools=[a_pool(), a_pool(pools=9, closed=9)]) == []


def test_not_judged_where_it_is_not_known(observe, a_pool):
    with pytest.raises(NotJudged, match="closed"):
        observe(RULE, pools=[a_pool(closed=None)])
