"""Where a cluster's time went, of timings made for it."""

import pytest

from mpdiag.fleet import account, tables
from mpdiag.fleet.timings import Task, Timings


def task(began, ended, worker="w1", thread=1, name="spin", **more):
    return Task(name, worker, thread, began, ended, **more)


def of(*tasks, wall=10.0, threads=None, **more):
    threads = threads or {"w1": 1}
    return Timings(wall, tasks, threads, dict.fromkeys(threads, "node"), **more)


def lanes(seen):
    return {one.name: one.buckets for one in account.account(seen).processes[1:]}


def test_every_lane_and_the_client_close():
    seen = of(
        task(1.0, 3.0, fetched=((0.2, 0.8), (0.5, 0.9))),
        task(4.0, 6.0, fetched=((2.0, 3.5),), unpickled=((3.5, 3.75),)),
        task(2.0, 12.0, worker="w2"),
        threads={"w1": 1, "w2": 2},
        cpu_share={"spin": 0.5},
        main_cpu_s=1.0,
    )
    whole = account.account(seen)

    assert [sum(one.buckets.values()) for one in whole.processes] == pytest.approx([10.0] * 4)
    assert whole.total == pytest.approx(
        {"cpu": 1.0 + 2.0 + 4.0, "off_cpu": 2.0 + 4.0, "join": 9.0, "recv": 1.2, "unpickle": 0.25, "wait_task": 16.55}
    )


def test_inputs_that_come_while_the_lane_works_cost_nothing():
    seen = of(task(0.0, 5.0), task(5.0, 6.0, fetched=((1.0, 5.0),)))

    assert "recv" not in lanes(seen)["node, worker 1, thread 1"]


def test_threads_without_a_task_are_lanes_and_so_are_those_nobody_announced():
    seen = of(task(0.0, 1.0, thread=77), task(0.0, 1.0, thread=78), threads={"w1": 1, "w2": 1})

    assert list(lanes(seen)) == ["node, worker 1, thread 1", "node, worker 1, thread 2", "node, worker 2, thread 1"]
    assert lanes(seen)["node, worker 2, thread 1"] == {"wait_task": 10.0}


def test_efficiency_tells_imbalance_from_waiting():
    uneven = account.account(of(task(0, 10), task(0, 5, worker="w2"), threads={"w1": 1, "w2": 1})).efficiency
    waiting = account.account(of(task(0, 5), task(0, 5, worker="w2"), threads={"w1": 1, "w2": 1})).efficiency

    assert (uneven.load_balance, uneven.communication) == (0.75, 1.0)
    assert (waiting.load_balance, waiting.communication) == (1.0, 0.5)
    assert account.account(of()).efficiency is None


def test_a_report_keeps_the_longest_tasks_of_many():
    seen = of(*(task(number / 100, number / 100 + 0.001 * (number % 7)) for number in range(1000)))

    spans = account.account(seen).timeline

    assert len(spans) == account.MOST_SPANS
    assert min(span.ended_s - span.began_s for span in spans) > 0.0005


@pytest.mark.parametrize("tasks", [(), (task(3.0, 3.0),)])
def test_hardly_any_task(tasks):
    seen = of(*tasks)

    assert sum(lanes(seen)["node, worker 1, thread 1"].values()) == pytest.approx(10.0)
    assert len(tables.groups(seen)) == len(tasks)
