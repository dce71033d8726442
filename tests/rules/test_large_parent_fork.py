import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.large_parent_fork import GIB, RULE
from mpdiag.stats import measured


def facts(extra: float | None) -> Facts:
    held = {"held": GIB // 4, "extra": None if extra is None else measured([extra] * 7)}
    starts = (
        {"method": "fork", "joined": measured([0.003] * 7)},
        {"method": "forkserver, preload", "joined": measured([0.010] * 7)},
    )
    return Facts("start_method", {"": starts, "memory": (held,)})


def test_gives_slope_and_crossing():
    (finding,) = RULE.judge(facts(0.007))

    assert finding.evidence[0].value == pytest.approx(0.028)
    assert finding.evidence[2].value == pytest.approx(GIB / 4)


def test_silent_when_memory_costs_nothing():
    assert list(RULE.judge(facts(0.0001))) == []


def test_not_judged_without_a_comparison():
    with pytest.raises(NotJudged):
        list(RULE.judge(facts(None)))
