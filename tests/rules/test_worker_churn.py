"""Workers replaced again and again."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.worker_churn import RULE


def churning(a_pool, **cells):
    times = {
        "child_start_s": 0.055,
        "life_s": 2.8,
        "phase_s": 2.75,
        "task_s": 0.12,
        "task_cpu_s": 0.1,
        "task_max": 0.003,
    }
    return a_pool(**{**times, "maxtasks": 1, "started": 90, "tasks": 90, **cells})


def test_a_worker_for_every_task(observe, a_pool):
    (finding,) = observe(RULE, pools=[churning(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 3.3, "2.8 - 0.06, with slack"
    assert "88 workers of the Pool (app.py:7) were replaced, after 1 tasks of 1.33 ms each" in finding.seen
    assert "after 825 tasks or more" in finding.do


@pytest.mark.parametrize(
    "cells",
    [
        {"maxtasks": None},
        {"started": 2},
        {"started": 15, "child_start_s": 0.003},
    ],
)
def test_silent_where_restarts_are_rare_or_cheap(observe, a_pool, cells):
    assert observe(RULE, pools=[churning(a_pool, **cells)]) == []


def test_not_judged_where_starts_were_not_timed(observe, a_pool):
    with pytest.raises(NotJudged, match="child_start_s"):
        observe(RULE, pools=[churning(a_pool, child_start_s=None)])
