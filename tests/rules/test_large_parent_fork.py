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


BIG = [{"parent_rss": 4 * GIB}]


def test_a_program_that_forks_a_large_parent_often(observe, a_site):
    (finding,) = observe(RULE, starts=[a_site(count=20, start_s=1.24)], memory=BIG)

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.9, "20 times 60 ms, twice, with slack"
    assert "Each of 20 forks (app.py:7) took 62.0 ms: the parent held 4 GiB" in finding.seen


def test_the_workers_of_pools_are_forks_too(observe, a_pool):
    (finding,) = observe(RULE, pools=[a_pool(started=20, start_s=1.24)], memory=BIG)

    assert "20 forks" in finding.seen


@pytest.mark.parametrize(
    ("cells", "memory"),
    [
        ({"count": 20, "start_s": 1.24}, [{"parent_rss": GIB // 8}]),
        ({"count": 20, "start_s": 0.05}, BIG),
        ({"count": 20, "start_s": 1.24, "start_method": "spawn"}, BIG),
    ],
)
def test_silent_where_forks_are_cheap(observe, a_site, cells, memory):
    assert observe(RULE, starts=[a_site(**cells)], memory=memory) == []


def test_a_program_is_not_judged_without_the_memory_of_the_parent(observe, a_site):
    with pytest.raises(NotJudged, match="memory"):
        observe(RULE, starts=[a_site()])
