import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.preload_without_effect import RULE
from mpdiag.stats import measured


def facts(alone: float, preloaded: float) -> Facts:
    rows = (
        {"imports": "numpy", "method": "forkserver", "first_line": measured([alone] * 7)},
        {"imports": "numpy", "method": "forkserver, preload", "first_line": measured([preloaded] * 7)},
    )
    return Facts("start_method", {"imports": rows})


def test_says_what_preloading_saves():
    (finding,) = RULE.judge(facts(0.11, 0.01), {"version": "3.14.1"})

    assert "saves each forkserver worker 100 ms" in finding.seen
    assert "no effect" not in finding.seen


def test_says_that_the_default_is_broken_in_older_versions():
    (finding,) = RULE.judge(facts(0.11, 0.01), {"version": "3.13.7"})

    assert "In 3.13.7 ['__main__'], the default, has no effect" in finding.seen


def test_silent_when_little_is_saved():
    assert list(RULE.judge(facts(0.012, 0.010), {"version": "3.14.1"})) == []


def test_not_judged_without_a_fork_server():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("start_method", {}), {"version": "3.14.1"}))
