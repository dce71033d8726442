import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.lock_contention import RULE
from mpdiag.stats import measured


def facts(totals: dict[int, float], spread: float = 0.0) -> Facts:
    def row(count: int, total: float):
        ratio = total / totals[1]
        around = [ratio - spread, *[ratio] * 5, ratio + spread]
        return {"processes": count, "total": measured([total] * 7), "ratio": measured(around)}

    return Facts("shared_state", {"contention": tuple(row(*pair) for pair in totals.items())})


def test_names_the_number_of_processes_that_wastes_most():
    (finding,) = RULE.judge(facts({1: 1e6, 2: 500e3, 4: 400e3}))

    assert finding.level == "note"
    assert finding.concern == pytest.approx(2.5)
    assert "4 processes" in finding.seen
    assert "400 k/s" in finding.seen
    assert finding.evidence[0].value == pytest.approx(0.4)
    assert "100 µs of work" in finding.do  # ten times 4 / 400 k/s


def test_few_samples_without_an_interval_are_judged_by_their_median():
    rows = ({"processes": 1, "total": measured([1e6] * 3), "ratio": measured([1.0] * 3)},)
    rows += ({"processes": 2, "total": measured([5e5] * 3), "ratio": measured([0.5] * 3)},)

    assert len(list(RULE.judge(Facts("shared_state", {"contention": rows})))) == 1


def test_silent_where_the_interval_reaches_the_limit():
    assert list(RULE.judge(facts({1: 1e6, 2: 800e3}, spread=0.15))) == []


def test_silent_where_contention_costs_nothing():
    assert list(RULE.judge(facts({1: 1e6, 2: 990e3}))) == []


def test_not_judged_without_contention():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("shared_state", {})))
