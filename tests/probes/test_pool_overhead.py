"""Dispatch to pools: rows from scripted samples, and one real run."""

from __future__ import annotations

import sys

import pytest

from mpdiag.bench import Plan
from mpdiag.launcher import Launcher
from mpdiag.probes import pool_overhead
from mpdiag.stats import measured

#: Seconds per task: wall, CPU of the parent, CPU of the workers.
ONE = {"task": [100e-6] * 6, "parent": [65e-6] * 6, "workers": [25e-6] * 6}
SPEED = {"speed of a busy loop": 1e-8}


def scripted(key):
    """Every way costs the same, a chunk divides it, and busy tasks take their time."""
    first, second = key if isinstance(key, tuple) else (key, None)
    if first == "serial":
        return {"task": [second * 1e-8] * 6}
    if first in ("executor", "imap") and isinstance(second, int):
        return {"task": [second * 0.8e-8] * 6}
    if isinstance(second, int):
        return {name: [value / second for value in values] for name, values in ONE.items()}
    return ONE


def plan(level="default", cpus=2):
    return Plan(probe="pool_overhead", level=level, cpus=cpus)


def test_one_row_for_each_way(fake_bench, rows_of):
    rows = rows_of(pool_overhead.run(fake_bench(scripted, plan=plan("quick"))))

    assert [row["way"] for row in rows] == list(pool_overhead.WAYS)
    assert rows[0] == {
        "way": "ProcessPoolExecutor.map",
        "task": measured([100e-6] * 6),
        "parent": measured([65e-6] * 6),
        "workers": measured([25e-6] * 6),
    }


@pytest.mark.parametrize(("cpus", "pays", "well"), [(2, 90e-6, 270e-6), (4, 65e-6, 270e-6), (64, 65e-6, 48 * 65e-6)])
def test_break_even_by_cpus(fake_bench, rows_of, cpus, pays, well):
    rows = rows_of(pool_overhead.run(fake_bench(scripted, plan=plan("quick", cpus))), "break_even")

    assert rows[0]["way"] == "ProcessPoolExecutor.map"
    assert rows[0]["overhead"].median == pytest.approx(90e-6)
    assert rows[0]["task"].median == pytest.approx(pays)
    assert rows[0]["good"].median == pytest.approx(well)
    assert rows[0]["fed"] == pytest.approx(1e-3 / 65e-6)
    assert [row["way"] for row in rows[1:]] == [
        "Pool.imap",
        "ProcessPoolExecutor.map, chunksize 100",
        "Pool.map, chunksize 100",
    ]
    assert rows[2]["overhead"].median == pytest.approx(0.9e-6)


def test_on_one_cpu_no_pool_pays(fake_bench, rows_of):
    bench = fake_bench(scripted, SPEED, plan=plan(cpus=1))
    rows = list(pool_overhead.run(bench))

    assert [row["task"] for row in rows_of(rows, "break_even")] == [None] * 4
    assert rows_of(rows, "tried_out") == []
    assert bench.notes == ["with one usable CPU no pool pays for CPU-bound tasks, however long they are"]


def test_wall_time_counts_where_the_workers_cannot_be_asked(fake_bench, rows_of):
    def without_workers(key):
        return {name: values for name, values in scripted(key).items() if name != "workers"}

    rows = list(pool_overhead.run(fake_bench(without_workers, plan=plan("quick"))))

    assert rows_of(rows)[0]["workers"] is None
    assert rows_of(rows, "break_even")[0]["overhead"].median == pytest.approx(100e-6)


def test_the_break_even_is_tried_out(fake_bench, rows_of):
    rows = rows_of(pool_overhead.run(fake_bench(scripted, SPEED, plan=plan())), "tried_out")

    assert [row["task"] for row in rows] == pytest.approx([27e-6, 90e-6, 270e-6, 900e-6])
    # The first is bound by the parent that feeds the workers, the others by the CPUs.
    assert [row["expected"] for row in rows] == pytest.approx([27 / 65, 1.0, 1.5, 1800 / 990])
    assert [row["executor"].median for row in rows] == pytest.approx([1.25] * 4)


def test_gaining_far_less_than_expected_is_said_aloud(fake_bench):
    bench = fake_bench(scripted, SPEED, plan=plan())
    list(pool_overhead.run(bench))

    assert [note.partition(":")[0] for note in bench.notes] == [
        "the longest busy tasks gained 1.25x where 1.82x was expected"
    ]


def test_payloads_and_chunksizes_by_level(fake_bench, rows_of):
    quick = list(pool_overhead.run(fake_bench(scripted, plan=plan("quick"))))
    thorough = list(pool_overhead.run(fake_bench(scripted, SPEED, plan=plan("thorough"))))

    assert [row["payload"] for row in rows_of(quick, "payload")] == ["small int", "100 KB bytes"]
    assert [row["payload"] for row in rows_of(thorough, "payload")] == list(pool_overhead.PAYLOADS)
    assert [row["chunksize"] for row in rows_of(quick, "chunksize")] == [1, 10, 100, 1000]
    assert rows_of(quick, "chunksize")[1] == {
        "chunksize": 10,
        "executor": measured([100e-6 / 10] * 6),
        "pool": measured([100e-6 / 10] * 6),
    }
    assert rows_of(quick, "tried_out") == []


def test_for_real():
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(
            Plan(probe="pool_overhead", level="quick", budget_s=0.5, profile_s=0.1, deadline_s=60.0, cpus=2)
        )

    assert (gathered.status, gathered.reason) == ("ok", None)
    ways = {row["way"]: row for row in gathered.rows[""]}
    assert list(ways) == list(pool_overhead.WAYS)
    assert all(row["task"].median > 0 for row in ways.values())
    by_chunk = {row["chunksize"]: row for row in gathered.rows["chunksize"]}
    assert by_chunk[1000]["executor"].median < by_chunk[1]["executor"].median / 5
    assert by_chunk[1000]["pool"].median < by_chunk[1]["pool"].median / 5
    assert gathered.rows["break_even"][0]["way"] == "ProcessPoolExecutor.map"
    assert all(0 < row["task"].median < row["good"].median for row in gathered.rows["break_even"])
    assert gathered.process
    assert gathered.profile
