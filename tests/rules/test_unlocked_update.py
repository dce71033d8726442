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
