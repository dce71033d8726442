import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.too_many_workers import RULE
from mpdiag.stats import measured


def facts(workers: int | None = 2, **start) -> Facts:
    chosen = {"work": "computing", "workers": workers, "speedup": workers and measured([0.95 * workers] * 7)}
    return Facts("pool_sizing", {"recommended": (chosen,), **({"start": (start,)} if start else {})})


def defaults(workers: int) -> dict[str, int]:
    return {"pool_workers": workers, "executor_workers": workers}


def test_a_default_beyond_what_computes():
    (finding,) = RULE.judge(facts(kind="processes", start=0.05, memory=8 * 2**20), defaults(64))

    assert finding.level == "warning"
    assert "has 64 workers here; computing ran 1.90× [1.90–1.90] as fast as in a loop on 2" in finding.seen
    assert "the other 62 cost 3.10 s to start and 496 MiB of memory" in finding.seen
    assert "ProcessPoolExecutor(max_workers=2)" in finding.do
    assert finding.concern == pytest.approx(64 / 2 / 1.5)


def test_a_plain_loop_where_nothing_gains():
    (finding,) = RULE.judge(facts(1), defaults(8))

    assert "gained nothing from more than one" in finding.seen
    assert "plain loop" in finding.do


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_silent_near_the_best(workers):
    assert list(RULE.judge(facts(), defaults(workers))) == []


def test_not_judged_while_the_cpus_are_not_free():
    with pytest.raises(NotJudged, match="not free"):
        list(RULE.judge(facts(None), defaults(64)))


def test_not_judged_without_the_default():
    with pytest.raises(NotJudged):
        list(RULE.judge(facts(), {"unknown": {"pool_workers": "not told"}}))


def crowd(a_pool, **cells):
    busy = {"task_s": 40.0, "task_cpu_s": 0.8, "task_ready_s": 39.2, "task_max": 3.0, "life_s": 2.9, "phase_s": 2.85}
    return a_pool(**{**busy, "workers": 64, "started": 64, "workers_cpu_s": 5.2, **cells})


def test_a_program_with_far_more_workers_than_cpus(observe, a_pool):
    (finding,) = observe(RULE, pools=[crowd(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 3.0, "(2.9 - 0.4) * 62 / 64, with slack"
    assert "64 workers of the Pool (app.py:7) computed on 2 usable CPUs" in finding.seen
    assert "Pool(2)" in finding.do


def test_a_surplus_starts_slowly_where_other_programs_have_the_cpus(observe, a_pool):
    pool = crowd(a_pool, life_s=8.0, phase_s=7.9, workers_cpu_s=1.9)
    alone, beside = ({"cpu_s": 2.0, "ready_s": ready, "wall_s": 10.0} for ready in (0.0, 100.0))

    (small,), (large,) = (observe(RULE, pools=[pool], run=run) for run in (alone, beside))

    assert small.gain.ceiling_s == pytest.approx(0.64), "1.1 s of CPU time on two CPUs, with slack"
    assert large.gain.ceiling_s == pytest.approx(8.9), "nearly all but the tasks' own computing"


@pytest.mark.parametrize(
    "cells",
    [
        {"workers": 3},
        {"workers_cpu_s": 0.9},
        {"task_wait_s": 39.0, "task_ready_s": 0.0},
        {"threads": True},
    ],
)
def test_silent_where_the_surplus_costs_little(observe, a_pool, cells):
    assert observe(RULE, pools=[crowd(a_pool, **cells)]) == []


def test_silent_where_the_size_follows_a_count_that_ignores_limits(observe, a_pool):
    assert observe(RULE, machine={"logical_cpus": 64}, pools=[crowd(a_pool)]) == []


def test_not_judged_without_the_cpu_time_of_workers(observe, a_pool):
    with pytest.raises(NotJudged, match="workers_cpu_s"):
        observe(RULE, pools=[crowd(a_pool, workers_cpu_s=None)])


def crew(a_site, **cells):
    lives = {"life_s": 48.0, "work_s": 30.0, "work_cpu_s": 4.0, "born_s": 17.0, "span_s": 3.5}
    return a_site(**{**lives, "count": 16, "alive_max": 16, **cells})


def test_processes_started_all_at_once_for_a_part_of_the_work_each(observe, a_site):
    (finding,) = observe(RULE, starts=[crew(a_site)])

    assert (finding.level, finding.place.file) == ("warning", "app.py")
    assert finding.gain.ceiling_s == pytest.approx(1.6), "(3.5 - 2.0) * 14 / 16, with slack"
    assert "16 processes (app.py:7) computed work at the same time on 2 usable CPUs" in finding.seen


@pytest.mark.parametrize(
    "cells",
    [
        {"count": 2, "alive_max": 2},
        {"alive_max": 4},
        {"work_s": 2.0},
        {"work_cpu_s": 0.5},
        {"span_s": 2.1},
    ],
)
def test_silent_where_processes_are_few_or_take_turns_or_wait_or_cost_little(observe, a_site, cells):
    assert observe(RULE, starts=[crew(a_site, **cells)]) == []


def test_workers_that_take_long_to_start_are_a_crew_where_they_share_a_queue(observe, a_site):
    site = a_site(count=20, alive_max=20, work_s=21.0, work_cpu_s=0.5, life_s=60.0, born_s=35.0, span_s=3.0)
    queue = {"readers": 20, "gets": 100, "reader_file": "app.py", "reader_line": 7}

    assert observe(RULE, run={"ready_s": 50.0}, starts=[site]) == []
    assert len(observe(RULE, run={"ready_s": 50.0}, starts=[site], channels=[queue])) == 1
    assert observe(RULE, run={"ready_s": 0.0}, starts=[site], channels=[queue]) == [], "they wait for something else"


# --- on a cluster


def on_cluster(**row):
    host = {"host": "node", "workers": 2, "threads": 16, "usable_cpus": 4.0, "cpu_s": 30.0, **row}
    cluster = Facts("cluster", {"": ({"wall_s": 10.0},)})
    return list(RULE.fleet(cluster=cluster, hosts=Facts("hosts", {"": (host,)})))


def test_a_host_with_more_computing_threads_than_cpus_is_told():
    (found,) = on_cluster()

    assert found.seen == (
        "The workers on node have 16 threads for tasks, and 4 CPUs can be used there; tasks computed on 75.0 % of "
        "these."
    )
    assert "--nthreads 2 for each of its 2 workers" in found.do


@pytest.mark.parametrize("row", [{"threads": 6}, {"cpu_s": 4.0}])
def test_a_host_with_few_threads_or_tasks_that_wait_is_fine(row):
    assert on_cluster(**row) == []


def test_a_host_that_did_not_answer_is_not_judged():
    with pytest.raises(NotJudged):
        on_cluster(usable_cpus=None)
