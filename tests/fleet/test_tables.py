"""The tables of a run on a cluster, of timings made for it."""

import pytest

from mpdiag.fleet import tables
from mpdiag.fleet.timings import Task, Timings


def task(began, ended, worker="w1", thread=1, name="spin", **more):
    return Task(name, worker, thread, began, ended, **more)


def of(*tasks, wall=10.0, threads=None, **more):
    threads = threads or {"w1": 1}
    return Timings(wall, tasks, threads, dict.fromkeys(threads, "node"), **more)


def test_a_group_says_what_its_threads_waited_and_how_it_ended():
    seen = of(
        *(task(number, number + 0.5) for number in range(4)),
        task(0.0, 9.0, worker="w2", name="long"),
        threads={"w1": 1, "w2": 1},
    )
    rows = {row["name"]: row for row in tables.groups(seen)}

    assert list(rows) == ["long", "spin"]
    spin = rows["spin"]
    assert (spin["tasks"], spin["task_s"], spin["task_median"], spin["phase_s"]) == (4, 2.0, 0.5, 3.5)
    assert spin["idle_s"] == pytest.approx(0.75)  # half a second of each of three, in one of two lanes
    assert (rows["long"]["tail_s"], rows["long"]["tail_idle_s"]) == (9.0, pytest.approx(3.5))


def test_what_sending_and_gathering_cost_counts_once():
    seen = of(
        task(2.0, 3.0),
        task(6.0, 7.0),
        graphs=((0.0, 100), (1.0, 100), (2.5, 50)),
        results=((9.0, 10), (9.5, 10)),
    )
    (row,) = [tables.cluster(seen, 4.0)]

    assert (row["graph_b"], row["result_b"], row["cpus"], row["lanes"]) == (250, 20, 4.0, 1)
    assert row["graph_s"] == pytest.approx(2.0 + 3.0)
    assert row["result_s"] == pytest.approx(2.5)


def test_workers_of_one_host_are_a_row():
    seen = of(task(0.0, 5.0), task(0.0, 5.0, worker="w2"), threads={"w1": 1, "w2": 3}, cpu_share={"spin": 0.8})

    (row,) = tables.hosts(seen, {"node": {"usable_cpus": 2.0, "native_threads": 4}})

    assert (row["workers"], row["threads"], row["tasks"], row["usable_cpus"]) == (2, 4, 2, 2.0)
    assert (row["busy"], row["cpu_s"]) == (pytest.approx(0.25), pytest.approx(8.0))
