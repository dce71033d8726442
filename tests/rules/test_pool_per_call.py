"""Pools made and ended around little work."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.pool_per_call import RULE


def many(a_pool, **cells):
    times = {"life_s": 3.7, "phase_s": 1.0, "start_s": 1.5, "task_s": 0.8, "task_cpu_s": 0.8, "task_max": 0.002}
    return a_pool(**{**times, "pools": 400, "started": 800, "tasks": 800, **cells})


def test_a_pool_for_every_step(observe, a_pool):
    (finding,) = observe(RULE, pools=[many(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 4.0, "(3.7 - 0.4) * 399 / 400, with slack"
    assert "400 pools were made, one after the other (app.py:7), each for 2 tasks" in finding.seen


@pytest.mark.parametrize(("around", "least", "most"), [(1.4, 3.3, 4.0), (0.8, 0.8, 1.3)])
def test_new_workers_are_slow_so_that_starts_and_ends_may_explain_more(observe, a_pool, around, least, most):
    (finding,) = observe(RULE, pools=[many(a_pool, phase_s=3.7 - around, start_s=0.5)])

    assert least <= finding.gain.ceiling_s <= most


@pytest.mark.parametrize(
    "cells",
    [
        {"pools": 3},
        {"phase_s": 3.5, "start_s": 0.2, "task_s": 6.8},
        {"life_s": 40.0},
        {"life_s": 0.15, "phase_s": 0.05, "start_s": 0.1, "task_s": 0.05, "task_cpu_s": 0.05},
    ],
)
def test_silent_where_pools_are_few_or_worth_their_start(observe, a_pool, cells):
    assert observe(RULE, pools=[many(a_pool, **cells)]) == []


def test_not_judged_where_lives_are_not_known(observe, a_pool):
    with pytest.raises(NotJudged, match="life_s"):
        observe(RULE, pools=[many(a_pool, life_s=None)])


def test_handing_to_a_thread_costs_less_than_to_a_process(observe, a_pool):
    cells = {"tasks": 40_000, "dispatch_s": 50e-6, "pools": 399}
    (threads,) = observe(RULE, pools=[many(a_pool, threads=True, **cells)])
    (processes,) = observe(RULE, pools=[many(a_pool, **cells)])

    assert threads.gain.ceiling_s > processes.gain.ceiling_s
