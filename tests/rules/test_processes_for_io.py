import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.processes_for_io import RULE
from mpdiag.stats import measured


def facts(threads: float = 7.6, processes: float = 7.0, start: float = 3e-3, memory: int | None = 3 * 2**20) -> Facts:
    waiting = tuple(
        {"kind": kind, "workers": n, "speedup": measured([gain * n / 8] * 7)}
        for kind, gain, most in (("threads", threads, 64), ("processes", processes, 8))
        for n in (1, 8, 64)
        if n <= most
    )
    starts = ({"kind": "processes", "start": start, "memory": memory}, {"kind": "threads", "start": 1e-4})
    return Facts("pool_sizing", {"waiting": waiting, "start": starts})


def test_threads_do_the_same_for_less():
    (finding,) = RULE.judge(facts())

    assert finding.level == "note"
    assert "8 threads ran tasks that wait 7.60×" in finding.seen
    assert "3.00 ms to start and 3 MiB of its own, a thread 100 µs" in finding.seen
    assert finding.evidence[0].value == pytest.approx(30)


def test_memory_is_left_out_where_unknown():
    (finding,) = RULE.judge(facts(memory=None))

    assert "3.00 ms to start, a thread" in finding.seen


def test_silent_where_processes_wait_better():
    assert list(RULE.judge(facts(threads=5.0))) == []


def test_silent_where_processes_start_like_threads():
    assert list(RULE.judge(facts(start=2e-4))) == []


def test_not_judged_without_processes():
    only = Facts("pool_sizing", {"waiting": ({"kind": "threads", "workers": 8, "speedup": measured([7.0])},)})
    with pytest.raises(NotJudged, match="as many waiting processes"):
        list(RULE.judge(only))


def test_not_judged_without_starts():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("pool_sizing", {"waiting": facts().tables["waiting"]})))


def many(a_pool, **cells):
    waits = {"task_s": 96.0, "task_wait_s": 94.0, "task_cpu_s": 0.5, "task_max": 1.6, "task_ready_s": 0.1}
    return a_pool(**{**waits, "workers": 64, "started": 64, "life_s": 3.6, "phase_s": 3.0, "start_s": 1.5, **cells})


def test_a_program_with_many_waiting_processes(observe, a_pool):
    (finding,) = observe(RULE, pools=[many(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.5, "3.6 - 1.6, the longest task, with slack"
    assert "took 1.50 s to start and end" in finding.seen
    assert "ThreadPoolExecutor(max_workers=64)" in finding.do


@pytest.mark.parametrize(
    "cells", [{"start_s": 0.05, "life_s": 3.05}, {"task_wait_s": 3.0}, {"workers": 4}, {"threads": True}]
)
def test_silent_in_a_program_whose_processes_cost_little(observe, a_pool, cells):
    assert observe(RULE, pools=[many(a_pool, **cells)]) == []


def test_not_judged_where_the_start_is_not_known(observe, a_pool):
    with pytest.raises(NotJudged, match="start_s"):
        observe(RULE, pools=[many(a_pool, start_s=None)])
