"""The same preparation in every task or process."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.repeated_init import RULE

TASKS = [{"pool": 1, "function": "score", "varying": "0"}]


def sampled(**cells):
    line = {"file": "app.py", "line": 29, "function": "score", "target": "score", "callee": "load", "samples": 120}
    return [{**line, "share": 0.96, "invariant": True, "root_count": 200, **cells}]


def test_a_table_loaded_by_every_task(observe, a_pool):
    (finding,) = observe(RULE, pools=[a_pool()], tasks=TASKS, hot=sampled())

    assert (finding.level, finding.confidence, finding.place.line) == ("warning", "inferred", 29)
    assert finding.gain.ceiling_s == 4.0, "3.4 * 198 / 200, with slack"
    assert "96.0 % of the CPU time of score went into load (app.py:29)" in finding.seen
    assert "initializer" in finding.do


def test_an_index_built_by_every_process(observe, a_site):
    site = a_site(count=8, alive_max=8, target="assign", work_s=20.0, work_cpu_s=5.2)
    (finding,) = observe(RULE, starts=[site], hot=sampled(target="assign", root_count=8))

    assert finding.gain.ceiling_s == 2.4, "2.6 * 6 / 8, with slack"
    assert "forked children inherit" in finding.do


def test_what_differs_may_be_seen_in_the_samples(observe, a_site):
    site = a_site(count=8, alive_max=8, target="app.assign", work_s=20.0, work_cpu_s=5.2, varying=None)
    own = sampled(target="assign", depth=0, invariant=False, callee="zones", share=0.02, line=30)
    (finding,) = observe(RULE, starts=[site], hot=[*sampled(target="assign"), *own])

    assert finding.place.line == 29


def test_chunks_are_many_calls(observe, a_pool):
    (finding,) = observe(RULE, pools=[a_pool(tasks=8, items=200)], tasks=TASKS, hot=sampled(root_count=8))

    assert "200 times" in finding.seen


def test_a_smaller_share_wins_no_more_than_it_takes(observe, a_pool):
    (finding,) = observe(RULE, pools=[a_pool()], tasks=TASKS, hot=sampled(share=0.5))

    assert finding.gain.ceiling_s == 2.1


@pytest.mark.parametrize(
    "cells",
    [
        {"invariant": False},
        {"invariant": None},
        {"callee": None},
        {"share": 0.1},
        {"samples": 3, "share": 1.0},
        {"samples": 8, "share": 0.5},
        {"target": "other"},
    ],
)
def test_silent_where_nothing_is_certain_to_be_repeated(observe, a_pool, cells):
    assert observe(RULE, pools=[a_pool()], tasks=TASKS, hot=sampled(**cells)) == []


@pytest.mark.parametrize(("samples", "share"), [(5, 1.0), (4, 0.8), (8, 8 / 12)])
def test_a_few_samples_do_where_most_are_of_one_line(observe, a_pool, samples, share):
    assert len(observe(RULE, pools=[a_pool()], tasks=TASKS, hot=sampled(samples=samples, share=share))) == 1


def test_silent_where_each_worker_does_it_once(observe, a_pool):
    assert observe(RULE, pools=[a_pool(tasks=2, items=2)], tasks=TASKS, hot=sampled(root_count=2)) == []


def test_silent_where_all_tasks_are_alike(observe, a_pool, a_site):
    assert observe(RULE, pools=[a_pool()], tasks=[{**TASKS[0], "varying": ""}], hot=sampled()) == []
    assert observe(RULE, starts=[a_site(count=8, target="score", varying="")], hot=sampled()) == []


def test_not_judged_without_samples_or_arguments(observe, a_pool, a_site):
    with pytest.raises(NotJudged, match="hot"):
        observe(RULE, pools=[a_pool()], tasks=TASKS)
    with pytest.raises(NotJudged, match="differ"):
        observe(RULE, starts=[a_site(target="score", varying=None)], hot=sampled())


def test_a_file_read_anew_for_each_message(observe, a_site):
    site = a_site(count=2, alive_max=2, target="serve", work_s=20.0, work_cpu_s=5.2, varying="")
    (finding,) = observe(RULE, starts=[site], hot=sampled(target="serve", root_count=2, rounds=52))

    assert finding.gain.ceiling_s == 3.0, "2.6 * 50 / 52, with slack"
    assert "52 times" in finding.seen
    assert "before the loop" in finding.do


def test_silent_where_a_loop_takes_one_message_for_each_process(observe, a_site):
    site = a_site(count=2, alive_max=2, target="serve", work_s=20.0, work_cpu_s=5.2)

    assert observe(RULE, starts=[site], hot=sampled(target="serve", root_count=2, rounds=2)) == []
