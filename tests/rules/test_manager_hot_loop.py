import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.manager_hot_loop import RULE
from mpdiag.stats import measured


def facts(proxy: float = 40e-6, ratio: float = 40.0, pipe: float = 20e-6) -> Facts:
    rows = (
        {"means": "Pipe", "per_operation": measured([pipe] * 7)},
        {"means": "Manager dict", "per_operation": measured([proxy] * 7), "ratio": measured([ratio] * 7)},
    )
    return Facts("shared_state", {"": rows})


def test_says_from_which_rate_on_a_proxy_hurts():
    (finding,) = RULE.judge(facts())

    assert finding.level == "note"
    assert finding.concern == pytest.approx(4.0)
    assert "40.0 µs" in finding.seen
    assert "40.0×" in finding.seen
    assert "round trip takes" in finding.seen
    assert "above 2.50 k/s" in finding.do
    assert "One worker's operations reach 25.0 k/s at most" in finding.do
    assert "all workers share one server process" in finding.do
    assert "often quoted" not in finding.seen
    assert finding.evidence[0].value == 40.0


def test_silent_where_a_proxy_is_nearly_as_fast():
    assert list(RULE.judge(facts(proxy=9e-6, ratio=9.0))) == []


def test_silent_where_the_interval_reaches_below_the_limit():
    unsure = measured([5.0, 5.0, 20.0, 20.0, 20.0, 20.0, 20.0])
    rows = facts().tables[""]
    rows = (rows[0], {**rows[1], "ratio": unsure})

    assert list(RULE.judge(Facts("shared_state", {"": rows}))) == []


def test_not_judged_without_a_manager():
    with pytest.raises(NotJudged, match="Manager"):
        list(RULE.judge(Facts("shared_state", {"": facts().tables[""][:1]})))


SETS = {"type": "DictProxy", "method": "__setitem__", "ops": 70_000, "s": 6.4, "processes": 2, "server_cpu_s": 2.5}


def test_results_written_one_by_one(run, table):
    (finding,) = RULE.run(run(), table("managers", SETS))

    assert (finding.level, finding.place.line) == ("warning", 7)
    assert finding.gain.ceiling_s == pytest.approx(3.9)
    assert "70,000 operations on a manager's proxies took 6.40 s in all, 3.20 s of the wall time" in finding.seen
    assert "DictProxy.__setitem__ (app.py:7), 91.4 µs each. The manager's one process worked for 2.50 s" in finding.seen
    assert "return it from the task" in finding.do


def test_settings_read_one_by_one(run, table):
    (finding,) = RULE.run(run(), table("managers", {**SETS, "method": "__getitem__", "server_cpu_s": None}))

    assert "dict(proxy)" in finding.do


@pytest.mark.parametrize(
    "changed",
    [
        {"ops": 60, "s": 0.3},
        {"ops": 300, "s": 0.1},
        {"type": "AutoProxy[Queue]", "method": "get", "ops": 300},
        {"type": "EventProxy", "method": "wait", "ops": 200},
    ],
    ids=["few", "little", "waiting for work", "waiting for a signal"],
)
def test_silent_where_proxies_cost_little(run, table, changed):
    assert list(RULE.run(run(), table("managers", {**SETS, **changed}))) == []


def test_silent_without_a_manager(run, table):
    assert list(RULE.run(run(), table("managers"))) == []


def test_a_program_whose_operations_were_not_timed_is_not_judged(run, table):
    with pytest.raises(NotJudged, match="s is unknown"):
        list(RULE.run(run(), table("managers", {**SETS, "s": None})))
