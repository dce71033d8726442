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
