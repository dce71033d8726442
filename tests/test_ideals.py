"""What a run would take without one of its costs."""

from __future__ import annotations

import pytest

from mpdiag import ideals
from mpdiag.advice import Facts, NotJudged, Place

RUN = Facts("run", {"": ({"wall_s": 10.0, "cpus": 2.0},)})


def test_an_unknown_number_is_not_judged_unless_it_only_adds():
    with pytest.raises(NotJudged, match="task_s is unknown"):
        ideals.amount({"task_s": None}, "task_s")

    assert ideals.at_least({"task_s": None}, "task_s") == 0.0


@pytest.mark.parametrize(("recoverable", "wall", "worth"), [(0.5, 10, True), (0.4, 10, False), (0.09, 0.5, False)])
def test_a_warning_needs_a_share_and_an_amount(recoverable, wall, worth):
    assert ideals.worth(recoverable, wall) is worth


def test_a_bound_has_slack_and_ends_at_the_wall():
    assert ideals.bound(3.0, RUN, "").ceiling_s == 3.6
    assert ideals.bound(9.9, RUN, "").ceiling_s == 10.0


@pytest.mark.parametrize(
    ("row", "stretch"),
    [
        ({"cpu_s": 2.0, "ready_s": 4.0}, 3.0),
        ({"cpu_s": 8.0, "ready_s": 40.0}, 2.5),
        ({"cpu_s": 20.0, "ready_s": 80.0}, 1.0),
        ({"cpu_s": 2.0, "ready_s": None}, 1.0),
        ({"cpu_s": 0.0, "ready_s": 0.0}, 1.0),
    ],
    ids=["waiting for others", "and for each other", "for each other", "unknown", "none"],
)
def test_cpu_time_is_stretched_by_what_others_take(row, stretch):
    facts = Facts("run", {"": ({"wall_s": 10.0, "cpus": 2.0, **row},)})

    assert ideals.stretch(facts) == pytest.approx(stretch)


@pytest.mark.parametrize(
    ("pool", "working"),
    [
        ({"workers": 2, "task_s": 6.0, "task_cpu_s": 6.0, "task_max": 1.0}, 3.0),
        ({"workers": 8, "task_s": 8.0, "task_cpu_s": 6.0, "task_max": 1.0}, 3.0),
        ({"workers": 8, "task_s": 8.0, "task_cpu_s": 0.0, "task_max": 1.5}, 1.5),
    ],
    ids=["by workers", "by CPUs", "by the longest task"],
)
def test_working_time_is_bound_by_workers_by_cpus_or_by_one_task(pool, working):
    assert ideals.working_s(pool, 2.0) == working


def test_places_in_prose():
    assert ideals.where(Place("a.py", 3)) == " (a.py:3)"
    assert ideals.where(Place("a.py")) == " (a.py)"
    assert ideals.where(None) == ""


def test_what_a_pool_made_is_not_the_users():
    facts = Facts("locks", {"": ({"id": 1, "user": False}, {"id": 2, "user": True}, {"id": 3})})

    assert [row["id"] for row in ideals.user_rows(facts)] == [2, 3]


def test_counts_in_prose():
    assert [ideals.counted(1, "task"), ideals.counted(2000, "task")] == ["1 task", "2,000 tasks"]
    assert ideals.counted(2, "child", "children") == "2 children"
