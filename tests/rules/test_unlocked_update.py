import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.unlocked_update import RULE
from mpdiag.stats import measured


def facts(lost: int, locked: int = 0, expected: int = 40000) -> Facts:
    rows = (
        {"means": "Value", "expected": expected, "lost": lost},
        {"means": "Value, locked", "expected": expected, "lost": locked},
    )
    costs = ({"means": "Value, locked", "per_operation": measured([1e-6] * 7)},)
    return Facts("shared_state", {"": costs, "lost": rows})


def test_says_that_the_loss_is_a_lower_bound():
    (finding,) = RULE.judge(facts(8000))

    assert finding.level == "note"
    assert "at least 8,000 of 40,000" in finding.seen
    assert "20.0 %" in finding.seen
    assert "1.00 µs" in finding.do
    assert finding.concern == pytest.approx(0.4)
    assert finding.evidence[0].value == pytest.approx(0.2)


def test_a_lock_that_does_not_exclude_is_an_error():
    (finding,) = RULE.judge(facts(8000, locked=10))

    assert finding.level == "error"
    assert "10 of 40,000" in finding.seen


def test_silent_but_not_passed_when_nothing_was_lost():
    with pytest.raises(NotJudged, match="does not prove"):
        list(RULE.judge(facts(0)))


def test_not_judged_without_the_count():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("shared_state", {})))


COUNTER = {
    "id": 1,
    "typecode": "q",
    "writes": 200,
    "unlocked_updates": 100,
    "clashing": 100,
    "writers": 2,
    "length": 1,
    "locked": True,
}


def test_a_counter_updated_without_its_lock(table):
    (finding,) = RULE.run(table("values", COUNTER))

    assert (finding.level, finding.gain, finding.concern) == ("error", None, 5.0)
    assert "2 processes updated the shared 'q' (app.py:7) 100 times" in finding.seen
    assert "Hold its get_lock()" in finding.do


def test_what_has_no_lock_needs_one_of_its_own(table):
    (finding,) = RULE.run(table("values", {**COUNTER, "locked": False, "clashing": None}))

    assert "Hold a Lock" in finding.do


@pytest.mark.parametrize(
    "changed", [{"unlocked_updates": 0}, {"writers": 1}, {"length": 8, "clashing": 0}], ids=["locked", "one", "its own"]
)
def test_silent_where_nobody_overwrites_anybody(table, changed):
    assert list(RULE.run(table("values", {**COUNTER, **changed}))) == []


def test_an_array_whose_elements_are_not_told_apart_is_not_judged(table):
    with pytest.raises(NotJudged, match="clashing"):
        list(RULE.run(table("values", {**COUNTER, "length": 8, "clashing": None})))
