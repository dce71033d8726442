import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.submit_then_wait import RULE
from mpdiag.stats import measured


def facts(two: float, eight: float | None = None) -> Facts:
    def rows(ratio):
        return ({"kind": "processes", "way": "submit().result()", "ratio": measured([ratio] * 7)},)

    return Facts("futures", {"": rows(two), **({"more": rows(eight)} if eight else {})})


def test_waiting_one_by_one_costs_a_factor_of_the_workers():
    (finding,) = RULE.judge(facts(2.1, 8.2))

    assert finding.level == "note"
    assert "2.10× [2.10–2.10] as long" in finding.seen
    assert "8.20× [8.20–8.20] with eight" in finding.seen
    assert [each.value for each in finding.evidence] == [2.1, 1.3, 8.2]


def test_a_quick_run_knows_two_workers_only():
    (finding,) = RULE.judge(facts(2.1))

    assert "with two workers:" in finding.seen
    assert "eight" not in finding.seen


def test_silent_where_it_costs_nothing():
    assert list(RULE.judge(facts(1.1, 8.0))) == []


def test_silent_while_the_interval_reaches_below_the_limit():
    noisy = measured([1.0, 1.1, 1.2, 2.0, 2.0, 2.1, 2.2])
    rows = ({"kind": "processes", "way": "submit().result()", "ratio": noisy},)

    assert list(RULE.judge(Facts("futures", {"": rows}))) == []


def test_not_judged_without_processes():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("futures", {"": ({"kind": "threads", "way": "map", "ratio": measured([1.0])},)})))
