import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.ipc_exceeds_compute import RULE
from mpdiag.stats import measured

COSTS = {"dicts": 0.4e-6, "slots objects": 2e-6, "floats": 40e-9, "array('d')": 1e-9}


def facts(**changed) -> Facts:
    costs = {**COSTS, **changed}
    rows = [
        {"what": what, "element": measured([cost] * 7), "both": measured([cost * 100] * 7)}
        for what, cost in costs.items()
        if cost
    ]
    return Facts("pickle_cost", {"": tuple(rows)})


def test_counts_what_a_short_task_may_be_sent():
    (finding,) = RULE.judge(facts())

    assert finding.level == "note"
    assert "more than 20 % of a 1 ms task" in finding.seen
    assert "500 [500–500] dicts, 100 [100–100] objects with __slots__, 5,000 [5,000–5,000] floats" in finding.seen
    assert "200,000 floats" in finding.seen
    assert [(item.label, item.value) for item in finding.evidence] == [
        ("dicts", 500),
        ("objects with __slots__", 100),
        ("floats of a list", 5000),
        ("reference", 10_000),
    ]
    assert finding.concern == 20


def test_says_how_long_a_task_should_be_for_its_message():
    (finding,) = RULE.judge(facts())

    assert "1,000 dicts cost 400 µs [400–400] to pickle" in finding.do
    assert "should take 2.00 ms or more" in finding.do


def test_speaks_of_the_users_own_object():
    (finding,) = RULE.judge(facts(**{"shop.orders:sample": 1e-4}))

    assert "what shop.orders:sample makes cost 10.0 ms" in finding.do
    assert "should take 50.0 ms or more" in finding.do


def test_silent_where_records_cost_less_than_looking_at_them():
    assert list(RULE.judge(facts(dicts=15e-9))) == []


def test_the_interval_decides():
    rows = [row for row in facts().rows() if row["what"] != "dicts"]
    rows.append({"what": "dicts", "element": measured([15e-9] * 2 + [0.4e-6] * 5)})

    assert list(RULE.judge(Facts("pickle_cost", {"": tuple(rows)}))) == []


def test_not_judged_without_dicts():
    with pytest.raises(NotJudged, match="what dicts"):
        list(RULE.judge(facts(dicts=None)))


POOL = {
    "id": 1,
    "type": "Pool",
    "threads": False,
    "workers": 2,
    "tasks": 2700,
    "args_b": 1e5,
    "result_b": 30,
    "pickle_s": 2.4,
    "unpickle_s": 2.8,
    "result_pickle_s": 0.01,
    "result_unpickle_s": 0.01,
    "task_s": 0.9,
    "task_cpu_s": 0.8,
    "task_max": 0.001,
    "phase_s": 4.4,
    "start_s": 0.05,
}


def test_a_pool_that_the_parent_outruns(run, table):
    (finding,) = RULE.run(run(wall_s=4.6), table("pools", POOL), table("tasks", {"pool": 1, "same_args": None}))

    assert (finding.level, finding.place.file) == ("warning", "app.py")
    assert finding.gain.ceiling_s == pytest.approx(4.4)
    assert "computed for 800 ms" in finding.seen


@pytest.mark.parametrize(
    "changed",
    [
        {"args_b": 500},
        {"task_cpu_s": 5.0, "task_s": 5.0},
        {"phase_s": 0.7},
        {"args_b": 8e6},
        {"task_s": 0.015, "task_cpu_s": 0.015},
        {"result_pickle_s": 6.0, "result_unpickle_s": 6.0},
    ],
    ids=["small", "more to compute", "faster than alone", "buffers", "hardly looked at", "results"],
)
def test_silent_where_the_pool_wins_or_the_cause_is_another(run, table, changed):
    assert list(RULE.run(run(), table("pools", {**POOL, **changed}), table("tasks"))) == []


def test_the_same_objects_again_and_again_can_stay_in_the_workers(run, table):
    tasks = table("tasks", {"pool": 1, "same_args": "table", "same_b": 9e4})

    assert list(RULE.run(run(), table("pools", POOL), tasks)) == []


def test_a_run_without_times_is_not_judged(run, table):
    with pytest.raises(NotJudged, match="unpickle_s"):
        list(RULE.run(run(), table("pools", {**POOL, "unpickle_s": None}), table("tasks")))
