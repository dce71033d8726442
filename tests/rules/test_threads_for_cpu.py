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
