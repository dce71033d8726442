import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.fork_with_threads import RULE


def facts(forked: str) -> Facts:
    rows = (
        {"demo": "fork beside a held lock", "seen": forked},
        {"demo": "spawn beside a held lock", "seen": "runs"},
    )
    return Facts("semantics", {"methods": rows})


def python(default: str = "fork", version: str = "3.13.0"):
    return {"default_start_method": default, "version": version}


@pytest.mark.parametrize(
    ("version", "said"), [("3.9.18", "gives no warning"), ("3.12.1", "hide the warning"), ("3.13.0rc1", "hide")]
)
def test_where_fork_is_the_default(version, said):
    (finding,) = RULE.judge(facts("hangs"), python(version=version))

    assert finding.level == "note"
    assert said in finding.seen
    assert "forkserver" in finding.do
    assert [one.value for one in finding.evidence] == ["hangs", "runs"]


def test_silent_where_another_method_is_the_default():
    assert list(RULE.judge(facts("hangs"), python("forkserver", "3.14.0"))) == []


def test_silent_where_the_child_gets_the_lock():
    assert list(RULE.judge(facts("runs"), python())) == []


def test_not_judged_without_the_demonstration():
    with pytest.raises(NotJudged, match="fork beside"):
        list(RULE.judge(Facts("semantics", {}), python()))
