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


def test_a_program_whose_children_import_in_rounds(observe, a_site):
    (finding,) = observe(RULE, starts=[a_site(start_method="forkserver", count=20, import_s=4.2, main_s=0.2)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.2, "nine more rounds of 200 ms, with slack"
    assert "Each of 20 children of the fork server (app.py:7) imported for 200 ms" in finding.seen


@pytest.mark.parametrize(
    "cells",
    [
        {"child_import_s": 0.3},
        {"child_import_s": 0.01, "started": 6},
        {"child_import_s": 0.3, "start_method": "spawn", "started": 40},
    ],
)
def test_silent_where_one_round_of_workers_imports(observe, a_pool, cells):
    assert observe(RULE, pools=[a_pool(**{"start_method": "forkserver", **cells})]) == []


def test_a_program_is_not_judged_where_children_were_not_counted(observe, a_pool):
    with pytest.raises(NotJudged, match="count"):
        observe(RULE, pools=[a_pool(start_method="forkserver", started=None)])
