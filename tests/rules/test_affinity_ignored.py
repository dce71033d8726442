"""MP701 from facts of containers, masks and free machines."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.affinity_ignored import RULE, judge

FREE = {
    "usable_cpus": 8.0,
    "usable_workers": 8,
    "logical_cpus": 8,
    "affinity_cpus": 8,
    "cpu_quota": None,
    "unknown": {},
}
PYTHON = {"cpu_count": 8, "pool_workers": 8, "unknown": {}}


def test_silent_when_nothing_limits():
    assert list(judge(FREE, PYTHON)) == []


def test_silent_when_the_quota_rounds_up_to_every_cpu():
    assert list(judge(FREE | {"cpu_quota": 7.5, "usable_cpus": 7.5}, PYTHON)) == []


def test_a_quota_of_half_a_cpu_on_a_large_host():
    machine = FREE | {
        "usable_cpus": 0.5,
        "usable_workers": 1,
        "logical_cpus": 64,
        "affinity_cpus": 64,
        "cpu_quota": 0.5,
        "cpu_quota_level": 2,
    }
    [finding] = judge(machine, PYTHON | {"cpu_count": 64, "pool_workers": 64})

    assert (finding.rule, finding.level, finding.concern) == ("MP701", "warning", 64.0)
    assert "quota grants 0.50 CPUs, set 2 levels above its own" in finding.seen
    assert "PYTHON_CPU_COUNT" in finding.do
    assert "Pool(1)" in finding.do


def test_a_quota_that_holds_the_group_up_now():
    machine = FREE | {"cpu_quota": 7.5, "usable_cpus": 7.5, "looked_s": 0.2}

    [finding] = judge(machine | {"throttled_now_s": 0.05}, PYTHON)

    assert (finding.level, finding.concern) == ("warning", 1.25)
    assert "held its processes up for 50.0 ms within 200 ms" in finding.seen
    assert list(judge(machine | {"throttled_now_s": 0.0}, PYTHON)) == []


def test_a_mask_that_default_pools_respect_is_a_note():
    machine = FREE | {"usable_cpus": 2.0, "usable_workers": 2, "affinity_cpus": 2}
    [finding] = judge(machine, PYTHON | {"pool_workers": 2})

    assert (finding.level, finding.concern) == ("note", 4.0)
    assert "the affinity mask allows 2 of 8" in finding.seen
    assert "sched_getaffinity" in finding.do


def test_not_judged_without_a_cpu_count():
    with pytest.raises(NotJudged, match="does not tell"):
        list(judge(FREE, PYTHON | {"cpu_count": None, "unknown": {"cpu_count": "the system does not tell"}}))


HALVED = {**FREE, "logical_cpus": 2, "affinity_cpus": 1, "usable_cpus": 1.0, "usable_workers": 1}
TWO = {"cpu_count": 2, "pool_workers": 1, "unknown": {}}
POOL = {
    "id": 1,
    "type": "Pool",
    "threads": False,
    "workers": 2,
    "started": 2,
    "init_cpu_s": 1.7,
    "child_import_s": 0.0,
}


@pytest.fixture
def observed(run, table):
    def judged(pool=POOL, **cells):
        whole = {"wall_s": 2.2, "cpus": 1.0, "busy_cpus": 0.98, **cells}
        return list(RULE.run(run(**whole), table("pools", pool), HALVED, TWO))

    return judged


def test_a_worker_for_each_cpu_of_the_machine_where_one_may_be_used(observed):
    (finding,) = observed()

    assert (finding.level, finding.gain.ceiling_s) == ("warning", pytest.approx(1.1))
    assert "The Pool (app.py:7) had 2 workers: the machine has 2 CPUs, but the program could use 1." in finding.seen


def test_preparing_takes_longer_where_other_programs_have_the_cpus(observed):
    (finding,) = observed(wall_s=4.4, cpu_s=2.2, ready_s=9.0, busy_cpus=0.5)

    assert finding.gain.ceiling_s == pytest.approx(2.1)
    assert "Preparing the others took 850 ms" in finding.seen


def test_workers_that_cost_nothing_are_a_note(observed):
    (finding,) = observed({**POOL, "init_cpu_s": 0.01, "workers": 4})

    assert (finding.level, finding.gain) == ("note", None)


@pytest.mark.parametrize(
    ("pool", "cells"),
    [
        ({"workers": 1}, {}),
        ({"workers": 7}, {}),
        ({"threads": True}, {}),
        ({}, {"busy_cpus": 0.1}),
        ({}, {"cpus": 2.0, "busy_cpus": 2.0}),
    ],
    ids=["as usable", "another number", "threads", "waiting", "no limit"],
)
def test_silent_where_the_count_is_right_or_does_not_matter(observed, pool, cells):
    assert observed({**POOL, **pool}, **cells) == []


def test_a_run_on_an_unknown_machine_is_not_judged(run, table):
    machine = {"unknown": {"logical_cpus": "not told"}}

    with pytest.raises(NotJudged, match="not told"):
        list(RULE.run(run(), table("pools", POOL), machine, TWO))
