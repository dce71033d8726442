import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.threads_for_cpu import RULE
from mpdiag.stats import measured

GIL = {"gil_enabled": True}


def facts(threads: float = 0.97, processes: float = 1.9, workers: int | None = 2) -> Facts:
    rows = (
        {"kind": "no pool", "workers": 1, "speedup": measured([1.0] * 7)},
        {"kind": "processes", "workers": 1, "speedup": measured([0.9] * 7)},
        {"kind": "processes", "workers": 2, "speedup": measured([processes] * 7)},
        {"kind": "threads", "workers": 2, "speedup": measured([threads] * 7)},
    )
    return Facts("pool_sizing", {"": rows, "recommended": ({"work": "computing", "workers": workers},)})


def test_threads_gain_nothing_under_the_gil():
    (finding,) = RULE.judge(facts(), GIL)

    assert finding.level == "note"
    assert "on 2 threads ran 0.97× [0.97–0.97] as fast as in a loop, on 2 processes 1.90×" in finding.seen
    assert finding.evidence[0].value == 0.97


def test_silent_without_the_gil():
    assert list(RULE.judge(facts(), {"gil_enabled": False})) == []


@pytest.mark.parametrize(("threads", "processes"), [(1.9, 1.9), (0.97, 1.0)])
def test_silent_where_threads_gain_or_processes_do_not(threads, processes):
    assert list(RULE.judge(facts(threads, processes), GIL)) == []


def test_not_judged_while_the_cpus_are_not_free():
    with pytest.raises(NotJudged, match="not free"):
        list(RULE.judge(facts(workers=None), GIL))


@pytest.mark.parametrize(("given", "python"), [(Facts("pool_sizing", {}), GIL), (facts(), {})])
def test_not_judged_without_curve_or_gil(given, python):
    with pytest.raises(NotJudged):
        list(RULE.judge(given, python))


def computing(a_pool, **cells):
    cpu = {"task_s": 6.8, "task_cpu_s": 3.4, "concurrency": 2.0, "type": "ThreadPoolExecutor"}
    return a_pool(**{"threads": True, **cpu, **cells})


def test_a_program_whose_threads_compute(observe, a_pool):
    (finding,) = observe(RULE, pools=[computing(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.1, "3.45 - 1.7, with slack"
    assert "used 0.99 CPUs together" in finding.seen
    assert "ProcessPoolExecutor(max_workers=2)" in finding.do


@pytest.mark.parametrize(
    "cells",
    [
        {"task_cpu_s": 0.5},
        {"task_cpu_s": 6.5},
        {"concurrency": 1.0},
        {"threads": False},
        {"thread_lock_s": 3.0},
        {"tasks": 40_000, "items": 40_000},
    ],
)
def test_silent_where_processes_would_not_help(observe, a_pool, cells):
    assert observe(RULE, pools=[computing(a_pool, **cells)]) == []


def test_silent_where_threads_queue_for_a_cpu(observe, a_pool):
    assert observe(RULE, pools=[computing(a_pool)], run={"ready_s": 1.5}) == []
    assert observe(RULE, pools=[computing(a_pool)], run={"ready_s": 0.3})


def test_silent_without_a_gil():
    tables = {"run": Facts("run", {}), "pools": Facts("pools", {"": ({"threads": True, "tasks": 3},)})}

    assert list(RULE.run(**tables, python={"gil_enabled": False})) == []


def test_a_program_is_not_judged_where_the_gil_is_unknown(a_pool):
    with pytest.raises(NotJudged, match="gil_enabled"):
        list(RULE.run(Facts("run", {}), Facts("pools", {"": (computing(a_pool),)}), {}))
