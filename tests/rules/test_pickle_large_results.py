"""MP202 from pools whose results are large."""

from __future__ import annotations

import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.pickle_large_results import RULE

POOL = {
    "id": 1,
    "type": "Pool",
    "threads": False,
    "workers": 2,
    "tasks": 16,
    "args_b": 40,
    "result_b": 3e6,
    "pickle_s": 0.0,
    "unpickle_s": 0.0,
    "result_pickle_s": 1.0,
    "result_unpickle_s": 1.9,
    "task_s": 1.2,
    "task_cpu_s": 1.0,
    "task_max": 0.08,
    "phase_s": 2.7,
}


def test_results_that_the_parent_alone_unpickles(run, table):
    (finding,) = RULE.run(run(wall_s=2.9), table("pools", POOL), table("tasks"))

    assert (finding.rule, finding.level) == ("MP202", "warning")
    assert finding.gain.ceiling_s == pytest.approx(2.6)
    assert "16 tasks of the Pool (app.py:7) returned 2.86 MiB each" in finding.seen


def test_arguments_take_their_share_of_the_blame(run, table):
    pool = {**POOL, "args_b": 3e6, "pickle_s": 0.9, "unpickle_s": 0.54}
    (finding,) = RULE.run(run(wall_s=2.9), table("pools", pool), table("tasks", {"pool": 1, "same_args": None}))

    assert finding.gain.ceiling_s == pytest.approx(1.7)


@pytest.mark.parametrize(
    "changed",
    [
        {"result_b": 200},
        {"threads": True},
        {"tasks": 0},
        {"task_s": 5.2, "task_cpu_s": 5.2, "result_pickle_s": 0.03, "result_unpickle_s": 0.05},
    ],
    ids=["small", "threads", "no tasks", "busy workers"],
)
def test_silent_where_results_cost_little(run, table, changed):
    assert list(RULE.run(run(wall_s=2.9), table("pools", {**POOL, **changed}), table("tasks"))) == []


def test_not_judged_without_sizes(run, table):
    with pytest.raises(NotJudged, match="result_b"):
        list(RULE.run(run(), table("pools", {**POOL, "result_b": None}), table("tasks")))


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))


# --- on a cluster


def on_cluster(**facts):
    row = {"wall_s": 10.0, "tasks": 8, "result_b": 160 * 2**20, "result_s": 3.0, **facts}
    return list(RULE.fleet(cluster=Facts("cluster", {"": (row,)})))


def test_results_that_a_client_waits_for_are_told():
    (found,) = on_cluster()

    assert found.seen == "160 MiB of results came to the client, for which it waited 3.00 s when all tasks were done."
    assert found.gain.ceiling_s == 3.6


@pytest.mark.parametrize("facts", [{"result_s": 0.2}, {"result_b": 10_000}, {"tasks": 100_000}])
def test_small_or_quick_results_of_a_cluster_are_fine(facts):
    assert on_cluster(**facts) == []
