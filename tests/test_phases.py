"""The sums that rules about pools share."""

import pytest

from mpdiag import phases
from mpdiag.advice import Facts, Finding, NotJudged

POOL = {"workers": 2, "threads": False, "tasks": 4, "task_s": 8.0, "task_cpu_s": 7.0, "task_max": 3.0}


def finding(seen: str) -> Finding:
    return Finding("MP000", "name", "note", "measured", "title", seen, "do")


def test_a_row_without_a_fact_does_not_silence_the_others():
    def judge(row):
        return finding(str(phases.amount(row, "tasks")))

    assert [each.seen for each in phases.each([{}, {"tasks": 2}], judge)] == ["2.0"]
    with pytest.raises(NotJudged, match="tasks"):
        list(phases.each([{}], judge))
    with pytest.raises(NotJudged, match="tasks"):
        list(phases.each([{"tasks": 1}, {}], lambda row: judge(row) if not row else None))


def test_pools_that_ran_nothing_are_left_out():
    assert phases.used(Facts("pools", {"": (POOL, {"tasks": 0}, {})})) == [POOL]


@pytest.mark.parametrize(("cost", "claimed"), [(1.0, 4.0), (2.0, 4.0), (0.5, 0.5), (9.0, 4.0)])
def test_a_cause_that_explains_enough_claims_the_loss(cost, claimed):
    assert phases.attributed(cost, 4.0, share=0.25) == claimed


def test_a_phase_without_loss_has_nothing_to_claim():
    assert phases.attributed(1.0, -0.5) == 0.0


@pytest.mark.parametrize(
    ("change", "cpus", "best"),
    [
        ({}, 2.0, 4.0),
        ({}, 1.0, 7.0),
        ({"task_max": 5.0}, 2.0, 5.0),
        ({"threads": True}, 2.0, 7.0),
        ({"workers": 8, "task_ready_s": 4.0}, 2.0, 3.5),
        ({"workers": 8, "task_s": 30.0, "task_max": 12.0}, 2.0, 3.5),
    ],
)
def test_the_best_phase(change, cpus, best):
    assert phases.best({**POOL, **change}, cpus) == pytest.approx(best)


def test_a_task_that_can_be_divided_is_no_limit():
    assert phases.best({**POOL, "task_max": 6.0}, 2.0, piece=1.0) == 4.0


def test_waiting_counts_what_is_outside_the_program():
    assert phases.waiting({**POOL, "task_wait_s": 6.0}) == 0.75
    with pytest.raises(NotJudged):
        phases.waiting(POOL)


def test_cores_are_never_less_than_one():
    assert phases.cores(Facts("run", {"": ({"cpus": 0.5},)})) == 1.0


def test_a_target_is_told_as_the_program_writes_it():
    assert phases.named({"target": "__main__.render"}, "target", "it") == "render"
    assert phases.named({"target": "shop.render"}, "target", "it") == "shop.render"
    assert phases.named({"target": ""}, "target", "it") == "it"
