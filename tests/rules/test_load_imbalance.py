"""One worker busy long after the others."""

import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.load_imbalance import RULE


def uneven(a_pool, **cells):
    times = {"phase_s": 3.6, "task_s": 4.0, "task_cpu_s": 3.9, "task_max": 3.2, "task_median": 0.1, "tail_s": 3.0}
    return a_pool(**{**times, "tasks": 8, "items": 40, **cells})


def test_a_last_chunk_with_all_the_long_items(observe, a_pool):
    (finding,) = observe(RULE, pools=[uneven(a_pool)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.0, "3.6 - 2.0, with slack"
    assert "For the last 3.00 s of 3.60 s" in finding.seen
    assert "5 items went together" in finding.do


def test_a_long_last_task_bounds_the_gain(observe, a_pool):
    (finding,) = observe(RULE, pools=[uneven(a_pool, items=8, task_max=2.5)])

    assert finding.gain.ceiling_s == 1.4, "3.6 - 2.5, with slack"
    assert "longest tasks first" in finding.do


def test_the_longest_task_at_the_end_of_few(observe, a_pool):
    (finding,) = observe(RULE, pools=[uneven(a_pool, items=8, task_max=2.0, task_p99=2.0, in_order_s=2.1, tail_s=1.9)])

    assert finding.gain.ceiling_s == 1.8, "3.6 - 2.1, with slack"
    assert "longest tasks first" in finding.do


def lots(a_pool, **cells):
    shape = {"tasks": 2, "items": 2, "task_cpu_max": 3.2, "task_median": 2.0, "task_p99": 3.2, "in_order_s": 3.3}
    return uneven(a_pool, **{**shape, **cells})


WORK = {"pool": 1, "function": "app.work"}


def test_work_that_was_divided_into_one_task_for_each_worker(observe, a_pool):
    (finding,) = observe(RULE, pools=[lots(a_pool)], tasks=[WORK])

    assert finding.gain.ceiling_s == 1.5, "3.2 - 1.95, with slack"
    assert "items[k::n]" in finding.do


@pytest.mark.parametrize(
    ("cells", "functions"),
    [
        ({}, ["app.work", "app.other"]),
        ({"task_cpu_max": 2.0}, ["app.work"]),  # another program held up one
        ({"tasks": 1, "items": 1}, ["app.work"]),
        ({"tasks": 3, "items": 3}, ["app.work"]),
        ({"task_wait_s": 3.8}, ["app.work"]),
    ],
    ids=["different work", "equal work", "one task", "more tasks than workers", "waiting"],
)
def test_silent_where_no_work_was_divided_unevenly(observe, a_pool, cells, functions):
    tasks = [{**WORK, "function": function} for function in functions]

    assert observe(RULE, pools=[lots(a_pool, **cells)], tasks=tasks) == []


def halves(a_process, first, last):
    return [a_process(ended_s=0.5 + last, cpu_s=last, life_s=last), a_process(ended_s=0.5 + first, cpu_s=first)]


def test_processes_with_unequal_shares(observe, a_site, a_process):
    site = a_site(span_s=3.3, work_s=4.3, work_cpu_s=4.3)
    (finding,) = observe(RULE, starts=[site], processes=halves(a_process, 1.1, 3.2))

    assert finding.gain.ceiling_s == 1.4, "3.3 - 2.15, with slack"
    assert "the last computed for 3.20 s, the first to end for 1.10 s: CPUs were idle for 2.10 s" in finding.seen


@pytest.mark.parametrize(
    "cells",
    [
        {"tail_s": 0.2},
        {"task_s": 0.05, "task_cpu_s": 0.05, "task_max": 0.03, "task_median": 0.01, "tail_s": 3.6},
        {"tail_s": 0.5, "task_median": 0.4},
        {"task_max": 0.3},
        {"workers": 1},
        {"threads": True},
        {"items": 8, "task_max": 3.6},
        {"items": 8, "task_max": 2.5, "task_p99": 2.4},
        {"items": 8, "task_max": 2.0, "task_p99": 2.0, "tail_s": 1.9, "in_order_s": 3.0},
        {"items": 8, "task_max": 2.0, "task_p99": 2.0, "tail_s": 1.9, "in_order_s": 2.1, "task_wait_s": 3.8},
    ],
)
def test_silent_where_the_end_is_as_even_as_it_can_be(observe, a_pool, cells):
    assert observe(RULE, pools=[uneven(a_pool, **cells)]) == []


@pytest.mark.parametrize(
    ("cells", "first"),
    [({}, 3.1), ({"alive_max": 1}, 1.1), ({"count": 3, "alive_max": 3}, 1.1), ({"target": "x"}, 1.1), ({}, 2.4)],
)
def test_silent_where_processes_are_even_or_not_a_group(observe, a_site, a_process, cells, first):
    assert observe(RULE, starts=[a_site(**cells)], processes=halves(a_process, first, 3.2)) == []


def test_silent_where_another_program_held_up_one_of_two_equal_processes(observe, a_site, a_process):
    rows = [a_process(ended_s=1.4, cpu_s=1.3), a_process(ended_s=3.6, cpu_s=1.35, ready_s=1.9, life_s=3.3)]

    assert observe(RULE, starts=[a_site(span_s=3.3, work_s=4.6, work_cpu_s=2.6)], processes=rows) == []


def test_silent_where_the_last_process_only_waits(observe, a_site, a_process):
    rows = [a_process(ended_s=3.7, cpu_s=0.2), a_process(ended_s=1.0, cpu_s=0.5)]

    assert observe(RULE, starts=[a_site(span_s=3.3)], processes=rows) == []


#: Two processes that end together: the one with less to compute has waited at a barrier.
MET = {"kind": "sync", "role": "process", "s": 1.9}


def meeting(a_process, less=1.1, **more):
    return [a_process(cpu_s=less), a_process(cpu_s=3.0, **more)]


def test_processes_that_wait_for_each_other_in_between(observe, a_site, a_process):
    (finding,) = observe(RULE, starts=[a_site()], processes=meeting(a_process), sites=[MET])

    assert finding.gain.ceiling_s == 1.2, "3.0 less the mean of 3.0 and 1.1, with slack"
    assert "one computed for 3.00 s, another for 1.10 s" in finding.seen
    assert "did so for 1.90 s in all" in finding.seen
    assert "between two meetings" in finding.do


@pytest.mark.parametrize(
    ("less", "met", "more"),
    [
        (1.1, {"s": 0.5}, {}),
        (1.1, {"kind": "get"}, {}),
        (1.1, {"role": "main"}, {}),
        (2.6, {}, {}),
        (1.1, {}, {"life_s": 9.0}),
    ],
    ids=["hardly met", "waits for data", "the parent waits", "even", "the busiest waits too"],
)
def test_silent_where_it_is_not_the_meeting_that_costs(observe, a_site, a_process, less, met, more):
    rows = meeting(a_process, less, **more)

    assert observe(RULE, starts=[a_site()], processes=rows, sites=[{**MET, **met}]) == []


def test_not_judged_where_the_end_was_not_seen(observe, a_pool):
    with pytest.raises(NotJudged, match="tail_s"):
        observe(RULE, pools=[uneven(a_pool, tail_s=None)])


# --- on a cluster


def on_cluster(**row):
    group = {"name": "fit", "tasks": 40, "task_median": 0.5, "task_max": 6.0, "phase_s": 10.0, "tail_s": 6.0, **row}
    cluster = Facts("cluster", {"": ({"wall_s": 10.0, "lanes": 4},)})
    return list(RULE.fleet(cluster=cluster, groups=Facts("groups", {"": ({"tail_idle_s": 4.5, **group},)})))


def test_threads_that_wait_for_the_last_task_of_a_cluster_are_idle():
    (found,) = on_cluster()

    assert found.seen == (
        "For the last 6.00 s of 10.0 s, all tasks called fit had begun and fewer than the 4 threads were busy: the "
        "longest task took 6.00 s, the median 500 ms."
    )
    assert found.gain.ceiling_s == 5.0


@pytest.mark.parametrize(
    "row",
    [
        {"tail_s": 0.5, "tail_idle_s": 0.375},  # a task's length
        {"tail_idle_s": 0.6},  # others' tasks fill the gap
        {"tasks": 1},
        {"task_median": 6.0},  # all are that long
    ],
)
def test_an_end_that_takes_a_task_or_that_others_fill_is_fine(row):
    assert on_cluster(**row) == []
