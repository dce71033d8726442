import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.ipc_exceeds_compute import RULE
from mpdiag.stats import measured

COSTS = {"dicts": 0.4e-6, "slots objects": 2e-6, "floats": 40e-9, "array('d')": 1e-9}


def facts(**changed) -> Facts:
    costs = {**COSTS, **changed}
    rows = [
        {"what": what, "element": measured([cost] * 7), "both": measured([cost * 100] * 7)}
        for what, cost in costs.items()
        if cost
    ]
    return Facts("pickle_cost", {"": tuple(rows)})


def test_counts_what_a_short_task_may_be_sent():
    (finding,) = RULE.judge(facts())

    assert finding.level == "note"
    assert "more than 20 % of a 1 ms task" in finding.seen
    assert "500 [500–500] dicts, 100 [100–100] objects with __slots__, 5,000 [5,000–5,000] floats" in finding.seen
    assert "200,000 floats" in finding.seen
    assert [(item.label, item.value) for item in finding.evidence] == [
        ("dicts", 500),
        ("objects with __slots__", 100),
        ("floats of a list", 5000),
        ("reference", 10_000),
    ]
    assert finding.concern == 20


def test_says_how_long_a_task_should_be_for_its_message():
    (finding,) = RULE.judge(facts())

    assert "1,000 dicts cost 400 µs [400–400] to pickle" in finding.do
    assert "should take 2.00 ms or more" in finding.do


def test_speaks_of_the_users_own_object():
    (finding,) = RULE.judge(facts(**{"shop.orders:sample": 1e-4}))

    assert "what shop.orders:sample makes cost 10.0 ms" in finding.do
    assert "should take 50.0 ms or more" in finding.do


def test_silent_where_records_cost_less_than_looking_at_them():
    assert list(RULE.judge(facts(dicts=15e-9))) == []


def test_the_interval_decides():
    rows = [row for row in facts().rows() if row["what"] != "dicts"]
    rows.append({"what": "dicts", "element": measured([15e-9] * 2 + [0.4e-6] * 5)})

    assert list(RULE.judge(Facts("pickle_cost", {"": tuple(rows)}))) == []


def test_not_judged_without_dicts():
    with pytest.raises(NotJudged, match="what dicts"):
        list(RULE.judge(facts(dicts=None)))
