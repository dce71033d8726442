import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.too_few_workers import RULE
from mpdiag.stats import measured


def facts(workers: int | None = 8) -> Facts:
    chosen = {"work": "computing", "workers": workers, "speedup": workers and measured([0.95 * workers] * 7)}
    curve = tuple({"kind": "processes", "workers": n, "speedup": measured([0.95 * n] * 7)} for n in (1, 2, 4, 8))
    return Facts("pool_sizing", {"": curve, "recommended": (chosen,)})


def defaults(workers: int, **more) -> dict[str, object]:
    return {"pool_workers": workers, "executor_workers": workers, **more}


def test_a_default_that_leaves_cpus_idle():
    (finding,) = RULE.judge(facts(), defaults(2, cpu_count_overridden=True))

    assert finding.level == "warning"
    assert "2 of the 8 workers" in finding.seen
    assert "7.60× [7.60–7.60] as fast as a loop, 1.90× [1.90–1.90] with 2" in finding.seen
    assert "PYTHON_CPU_COUNT" in finding.do
    assert finding.concern == pytest.approx(8 / 2 / 1.5)


def test_an_unknown_cause_is_not_guessed():
    (finding,) = RULE.judge(facts(), defaults(3))

    assert "PYTHON_CPU_COUNT" not in finding.do
    assert "with 3" not in finding.seen


@pytest.mark.parametrize("workers", [6, 8, 64])
def test_silent_near_the_best(workers):
    assert list(RULE.judge(facts(), defaults(workers))) == []


def test_not_judged_while_the_cpus_are_not_free():
    with pytest.raises(NotJudged, match="not free"):
        list(RULE.judge(facts(None), defaults(1)))


def test_not_judged_without_facts():
    with pytest.raises(NotJudged):
        list(RULE.judge(Facts("pool_sizing", {}), defaults(1)))
