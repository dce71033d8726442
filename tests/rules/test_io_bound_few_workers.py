import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.io_bound_few_workers import RULE
from mpdiag.stats import measured

SMALL = {"executor_workers": 2, "thread_workers": 6}


def facts(gains: dict[int, float]) -> Facts:
    rows = tuple({"kind": "threads", "workers": n, "speedup": measured([gain] * 7)} for n, gain in gains.items())
    best = max(gains, key=gains.__getitem__)
    chosen = {"work": "waiting", "kind": "threads", "workers": best, "speedup": measured([gains[best]] * 7)}
    return Facts("pool_sizing", {"waiting": rows, "recommended": (chosen,)})


def test_more_workers_than_cpus_pay_for_tasks_that_wait():
    (finding,) = RULE.judge(facts({1: 1.0, 2: 1.9, 8: 7.6, 64: 48.0}), SMALL)

    assert finding.level == "note"
    assert "1.90× [1.90–1.90] as fast as in a loop on 2 workers and 48.0× [48.0–48.0] on 64" in finding.seen
    assert "a ThreadPoolExecutor 6" in finding.seen
    assert "ThreadPoolExecutor(max_workers=64)" in finding.do
    assert "limits are yours" in finding.do
    assert finding.evidence[0].value == pytest.approx(48 / 1.9)


def test_compares_with_no_more_workers_than_the_default():
    (finding,) = RULE.judge(facts({2: 1.9, 8: 7.6, 64: 48.0}), {"executor_workers": 12, "thread_workers": 16})

    assert "on 8 workers" in finding.seen


def test_silent_where_the_default_is_many():
    assert list(RULE.judge(facts({2: 1.9, 64: 48.0}), {"executor_workers": 64, "thread_workers": 32})) == []


def test_silent_where_waiting_does_not_scale():
    assert list(RULE.judge(facts({2: 1.9, 64: 2.0}), SMALL)) == []


@pytest.mark.parametrize("missing", [Facts("pool_sizing", {}), facts({8: 7.6, 64: 48.0})])
def test_not_judged_without_the_small_pool(missing):
    with pytest.raises(NotJudged):
        list(RULE.judge(missing, SMALL))


def downloads(a_pool, **cells):
    waits = {"task_s": 6.9, "task_wait_s": 6.8, "task_cpu_s": 0.05, "task_max": 0.06, "task_median": 0.05}
    return a_pool(**{**waits, "tasks": 138, "items": 138, **cells})


def test_a_program_whose_few_workers_wait(observe, a_pool):
    (finding,) = observe(RULE, pools=[downloads(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 4.0, "3.45 - 6.9 / 64, with slack"
    assert "waited for 98.6 % of their time, 50.0 ms each, and no more than 2 at a time" in finding.seen
    assert "ThreadPoolExecutor(max_workers=64)" in finding.do


@pytest.mark.parametrize(
    "cells",
    [
        {"workers": 24},
        {"task_wait_s": 3.0},
        {"busy_share": 0.3},
        {"tasks": 3, "items": 3},
    ],
)
def test_silent_where_more_workers_would_not_help(observe, a_pool, cells):
    assert observe(RULE, pools=[downloads(a_pool, **cells)]) == []


def test_not_judged_where_waiting_is_not_known(observe, a_pool):
    with pytest.raises(NotJudged, match="task_wait_s"):
        observe(RULE, pools=[downloads(a_pool, task_wait_s=None)])
