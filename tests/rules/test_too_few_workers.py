import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.too_few_workers import RULE
from mpdiag.stats import measured


def facts(workers: int | None = 8) -> Facts:
    chosen = {"work": "computing", "workers": workers, "speedup": workers and measured([0.95 * workers] * 7)}
    curve = tuple({"kind": "processes", "workers": n, "speedup": measured([0.95 * n] * 7)} for n in (1, 2, 4, 8))
    return Facts("pool_sizing", {"": curve, "recommended": (chosen,)})


def defaults(workers: int, **more) -> dict[str, object]:
    return {"pool_workers": workers, "executor_workers": workers, **more}


def test_a_default_that_leaves_cpus_idle():
    (finding,) = RULE.judge(facts(), defaults(2, cpu_count_overridden=True))

    assert finding.level == "warning"
    assert "2 of the 8 workers" in finding.seen
    assert "7.60× [7.60–7.60] as fast as a loop, 1.90× [1.90–1.90] with 2" in finding.seen
    assert "PYTHON_CPU_COUNT" in finding.do
    assert finding.concern == pytest.approx(8 / 2 / 1.5)


def test_an_unknown_cause_is_not_guessed():
    (finding,) = RULE.judge(facts(), defaults(3))

    assert "PYTHON_CPU_COUNT" not in finding.do
    assert "with 3" not in finding.seen


@pytest.mark.parametrize("workers", [6, 8, 64])
def test_silent_near_the_best(workers):
    assert list(RULE.judge(facts(), defaults(workers))) == []


def test_not_judged_while_the_cpus_are_not_free():
    with pytest.raises(NotJudged, match="not free"):
        list(RULE.judge(facts(None), defaults(1)))


def test_not_judged_without_facts():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("pool_sizing", {}), defaults(1)))


def alone(a_pool, **cells):
    return a_pool(**{"workers": 1, "task_s": 3.4, "task_cpu_s": 3.4, "workers_cpu_s": 3.4, "items": 320, **cells})


def test_a_program_with_one_worker_on_two_cpus(observe, a_pool):
    (finding,) = observe(RULE, run={"cpu_s": 3.6}, pools=[alone(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.1, "3.45 - 1.7, with slack"
    assert "had 1 of the 2 workers" in finding.seen
    assert "Pool(2)" in finding.do


def test_waiting_for_a_cpu_that_others_use_is_computing(observe, a_pool):
    pools = [alone(a_pool, task_cpu_s=1.8, task_ready_s=1.5)]

    assert [each.level for each in observe(RULE, run={"cpu_s": 2.0}, pools=pools)] == ["warning"]


@pytest.mark.parametrize(
    "cells",
    [
        {"workers": 2},
        {"busy_share": 0.5},
        {"task_cpu_s": 1.0},
        {"items": 1, "tasks": 1},
        {"items": 40, "task_max": 3.4},
        {"waited_each": 39},
    ],
)
def test_silent_where_more_workers_would_not_compute_sooner(observe, a_pool, cells):
    assert observe(RULE, run={"cpu_s": 3.6}, pools=[alone(a_pool, **cells)]) == []


def test_silent_where_other_processes_use_the_cpus(observe, a_pool):
    assert observe(RULE, run={"cpu_s": 7.2}, pools=[alone(a_pool)]) == []


def test_a_program_is_not_judged_without_its_cpu_time(observe, a_pool):
    with pytest.raises(NotJudged, match="cpu_s"):
        observe(RULE, run={"cpu_s": None}, pools=[alone(a_pool)])


QUEUE = {
    "type": "Queue",
    "maxsize": None,
    "readers": 1,
    "reader_file": "app.py",
    "reader_line": 7,
    "gets": 500,
    "get_wait_s": 0.1,
    "backlog_max": 300,
    "backlog_b": 4000,
}
WAITING = {"wall_s": 3.5, "cpu_s": 3.4, "main_wait_s": 3.0}


def lonely(a_site, **cells):
    return a_site(**{"count": 1, "alive_max": 1, "work_s": 3.0, "work_cpu_s": 2.9, "life_s": 3.1, **cells})


def test_one_process_that_computes_what_waits_in_a_queue(observe, a_site):
    (finding,) = observe(RULE, run=WAITING, starts=[lonely(a_site)], channels=[QUEUE])

    assert (finding.level, finding.confidence, finding.place.line) == ("warning", "inferred", 7)
    assert finding.gain.ceiling_s == pytest.approx(1.8), "3.0 on 1.9 CPUs, with slack"
    assert "1 process (app.py:7) computed work for 3.00 s each; 500 messages came by the Queue" in finding.seen
    assert "Start 2 processes" in finding.do


@pytest.mark.parametrize(
    "cells",
    [
        {"type": "Pipe"},
        {"maxsize": 20},
        {"readers": 2},
        {"reader_line": 9},
        {"reader_file": None},
        {"gets": 3},
        {"get_wait_s": 2.0},
        {"backlog_max": 1},
        {"backlog_max": 8},
        {"backlog_b": 10**9},
    ],
)
def test_silent_where_no_work_waits_for_another_process(observe, a_site, cells):
    assert observe(RULE, run=WAITING, starts=[lonely(a_site)], channels=[{**QUEUE, **cells}]) == []


@pytest.mark.parametrize("cells", [{"count": 2, "alive_max": 2}, {"alive_max": 0}, {"work_cpu_s": 1.0}])
def test_silent_where_the_process_is_not_what_limits(observe, a_site, cells):
    assert observe(RULE, run=WAITING, starts=[lonely(a_site, **cells)], channels=[QUEUE]) == []


def test_silent_where_the_main_process_works_meanwhile(observe, a_site):
    run = {**WAITING, "main_wait_s": 1.0}

    assert observe(RULE, run=run, starts=[lonely(a_site)], channels=[QUEUE]) == []
