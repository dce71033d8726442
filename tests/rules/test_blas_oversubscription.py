"""MP406 from native pools, workers and usable CPUs."""

from __future__ import annotations

import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.blas_oversubscription import RULE, judge


def machine(usable: int) -> dict[str, object]:
    return {"usable_workers": usable, "unknown": {}}


def python(workers: int, *threads: int | None) -> dict[str, object]:
    pools = [{"library": f"library{number}", "api": "blas", "threads": size} for number, size in enumerate(threads)]
    return {"pool_workers": workers, "native_pools": pools, "unknown": {}}


def test_a_thread_a_cpu_in_each_worker_is_a_note():
    [finding] = judge(machine(8), python(8, 8))

    assert (finding.rule, finding.level, finding.concern) == ("MP406", "note", 8.0)
    assert "library0 keeps 8 threads in each process" in finding.seen
    assert "run 64 on 8 usable CPUs" in finding.seen
    assert "threadpool_limits(1)" in finding.do


def test_more_threads_than_usable_cpus_is_a_warning():
    [finding] = judge(machine(1), python(64, 1, 64))

    assert (finding.level, finding.concern) == ("warning", 64 * 64)
    assert "library1" in finding.seen


@pytest.mark.parametrize("facts", [python(8), python(8, 1), python(1, 1, 1)])
def test_silent_with_one_thread_each(facts):
    assert list(judge(machine(8), facts)) == []


def test_silent_on_a_single_worker_with_as_many_threads_as_cpus():
    assert list(judge(machine(4), python(1, 4))) == []


def test_not_judged_when_sizes_are_unknown():
    with pytest.raises(NotJudged, match="threadpoolctl"):
        list(judge(machine(8), python(8, None)))


def test_not_judged_without_numpy():
    facts = {"pool_workers": 8, "native_pools": None, "unknown": {"native_pools": "NumPy is not installed"}}
    with pytest.raises(NotJudged, match="NumPy is not installed"):
        list(judge(machine(8), facts))


def workers(a_process, **cells):
    return [a_process(**{"pool": 1, "native": "openblas", "threads_peak": 2, "main_cpu_s": 1.6, **cells})] * 2


def test_a_program_whose_native_threads_fight_for_cpus(observe, a_pool, a_process):
    (finding,) = observe(RULE, pools=[a_pool(phase_s=2.8)], processes=workers(a_process))

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.6, "three quarters of 2.8, with slack"
    assert "2 processes (app.py:7) ran 2 threads each (openblas) on 2 usable CPUs" in finding.seen


def test_threads_that_share_the_work_evenly_are_native(observe, a_pool, a_process):
    assert observe(RULE, pools=[a_pool()], processes=workers(a_process, native=None))
    assert observe(RULE, pools=[a_pool()], processes=workers(a_process, native=None, main_cpu_s=2.0)) == []


def test_processes_started_by_hand_are_seen_too(observe, a_site, a_process):
    (finding,) = observe(RULE, starts=[a_site()], processes=workers(a_process, pool=None))

    assert "threads beside the main ones burnt 2.80 s of 6.00 s" in finding.seen


@pytest.mark.parametrize(
    "cells",
    [{"native": ""}, {"threads_peak": 1}, {"main_cpu_s": 2.9}, {"cpu_s": 0.5, "main_cpu_s": 0.2}],
)
def test_silent_where_native_threads_are_few_or_idle(observe, a_pool, a_process, cells):
    assert observe(RULE, pools=[a_pool()], processes=workers(a_process, **cells)) == []


def test_many_processes_of_one_thread_each_are_no_native_threads(observe, a_site, a_process):
    site = a_site(alive_max=8)
    one = workers(a_process, pool=None, native=None, threads_peak=1, main_cpu_s=2.99)

    assert observe(RULE, starts=[site], processes=one) == []


def test_a_program_is_not_judged_where_threads_were_not_counted(observe, a_pool, a_process):
    with pytest.raises(NotJudged, match="threads_peak"):
        observe(RULE, pools=[a_pool()], processes=workers(a_process, threads_peak=None))


# --- on a cluster


def on_cluster(**row):
    host = {"host": "node", "threads": 8, "usable_cpus": 8.0, "native_threads": 8, "busy_s": 10.0, **row}
    return list(RULE.fleet(hosts=Facts("hosts", {"": (host,)})))


def test_native_threads_of_all_tasks_of_a_host_are_multiplied():
    (found,) = on_cluster()

    assert (found.level, found.confidence) == ("note", "inferred")
    assert "8 threads for each of the 8 tasks that run on node at a time: 64 on 8 usable CPUs" in found.seen


@pytest.mark.parametrize("row", [{"native_threads": 1}, {"native_threads": None}, {"threads": 1}, {"busy_s": 0.0}])
def test_hosts_without_native_threads_or_tasks_are_fine(row):
    assert on_cluster(**row) == []
