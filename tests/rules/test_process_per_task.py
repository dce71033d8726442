import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.process_per_task import RULE
from mpdiag.stats import measured


def facts(ratio: float) -> Facts:
    rows = tuple(
        {"method": method, "joined": measured([joined] * 7), "ratio": measured([ratio] * 7)}
        for method, joined in (("fork", 0.003), ("spawn", 0.07), ("forkserver, next", 0.02))
    )
    return Facts("start_method", {"": rows})


@pytest.mark.parametrize("default", ["fork", "spawn", "forkserver"])
def test_names_the_job_that_pays(default):
    (finding,) = RULE.judge(facts(17.0), {"default_start_method": default})

    assert finding.level == "note"
    assert finding.evidence[0].value == 17.0
    assert {"fork": "30.0 ms", "spawn": "700 ms", "forkserver": "200 ms"}[default] in finding.do


def test_silent_where_processes_start_like_threads():
    assert list(RULE.judge(facts(2.0), {"default_start_method": "fork"})) == []


def test_not_judged_without_the_default_method():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("start_method", {}), {"default_start_method": "fork"}))
