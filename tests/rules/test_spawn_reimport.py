import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.spawn_reimport import RULE
from mpdiag.stats import measured


def facts(**extra: float) -> Facts:
    imports = tuple({"imports": name, "method": "spawn", "extra": cost} for name, cost in extra.items())
    return Facts("start_method", {"": ({"method": "spawn", "joined": measured([0.05] * 7)},), "imports": imports})


def test_names_the_dearest_import():
    (finding,) = RULE.judge(facts(asyncio=0.03, numpy=0.1))

    assert "numpy adds 100 ms" in finding.seen
    assert "set_forkserver_preload(['numpy'])" in finding.do
    assert finding.concern == pytest.approx(10)


def test_silent_for_cheap_imports():
    assert list(RULE.judge(facts(json=0.004))) == []


def test_not_judged_when_no_import_was_measured():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("start_method", {})))


def test_a_program_whose_workers_prepare_what_they_do_not_use(observe, a_pool):
    heavy = {"start_method": "spawn", "workers": 4, "started": 4, "child_start_s": 1.45, "child_main_s": 1.3}
    (finding,) = observe(RULE, pools=[a_pool(**heavy)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 1.8, "1.45 with slack"
    assert "Each of the 4 children started by spawn (app.py:7) spent 1.30 s of the 1.45 s" in finding.seen


def test_processes_that_import_what_they_do_not_use(observe, a_site):
    site = a_site(start_method="forkserver", count=20, born_s=12.0, main_s=0.1, unused_s=4.0)
    (finding,) = observe(RULE, starts=[site])

    assert finding.gain.ceiling_s == 2.5, "4.1 of two at once, with slack: less than most of a start"
    assert "imports it did not use" in finding.seen


@pytest.mark.parametrize(
    "cells",
    [
        {"start_method": "fork", "child_main_s": 1.0, "child_start_s": 1.0},
        {"start_method": "spawn", "child_main_s": 0.001, "child_import_s": 0.3, "child_start_s": 0.35},
        {"start_method": "spawn", "child_main_s": 0.05, "child_start_s": 0.1},
    ],
)
def test_silent_where_children_import_what_they_need(observe, a_pool, cells):
    assert observe(RULE, pools=[a_pool(**cells)]) == []


def test_not_judged_where_imports_were_not_timed(observe, a_pool):
    with pytest.raises(NotJudged, match="child_main_s"):
        observe(RULE, pools=[a_pool(start_method="spawn", child_main_s=None)])
