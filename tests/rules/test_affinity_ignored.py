"""MP701 from facts of containers, masks and free machines."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.affinity_ignored import judge

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


def test_a_mask_that_default_pools_respect_is_a_note():
    machine = FREE | {"usable_cpus": 2.0, "usable_workers": 2, "affinity_cpus": 2}
    [finding] = judge(machine, PYTHON | {"pool_workers": 2})

    assert (finding.level, finding.concern) == ("note", 4.0)
    assert "the affinity mask allows 2 of 8" in finding.seen
    assert "sched_getaffinity" in finding.do


def test_not_judged_without_a_cpu_count():
    with pytest.raises(NotJudged, match="does not tell"):
        list(judge(FREE, PYTHON | {"cpu_count": None, "unknown": {"cpu_count": "the system does not tell"}}))
