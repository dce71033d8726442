"""Shutdown that waits for tasks nobody needs."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.no_cancel import RULE


def found(a_pool, **cells):
    return a_pool(**{"unwanted": 44, "unwanted_s": 2.5, "fetched": 4, "tasks": 48, **cells})


def test_queued_tasks_run_after_the_answer(observe, a_pool):
    (finding,) = observe(RULE, pools=[found(a_pool)])

    assert (finding.level, finding.confidence) == ("warning", "inferred")
    assert finding.gain.ceiling_s == 2.8, "41 of 44 could have been cancelled"
    assert "came 2.50 s before its end; 44 of its 48 tasks" in finding.seen
    assert "cancel_futures=True" in finding.do


@pytest.mark.parametrize(
    "cells", [{"unwanted": 0}, {"unwanted": 3}, {"unwanted": 48}, {"fetched": 0}, {"unwanted_s": 0.05}]
)
def test_silent_where_all_results_or_none_are_wanted(observe, a_pool, cells):
    assert observe(RULE, pools=[found(a_pool, **cells)]) == []


def test_not_judged_where_fetches_were_not_seen(observe, a_pool):
    with pytest.raises(NotJudged, match="unwanted"):
        observe(RULE, pools=[found(a_pool, unwanted=None)])
