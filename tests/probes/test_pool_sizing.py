"""Numbers of workers: rows from scripted samples, and one real run."""

from __future__ import annotations

import os
import sys

import pytest

from mpdiag.bench import Plan
from mpdiag.launcher import Launcher
from mpdiag.model import Measured
from mpdiag.probes import pool_sizing

#: Seconds of a task in a plain loop.
TASK = 4e-3
FREE = {
    "starting processes": (0.002, 3_000_000),
    "effective CPUs before": 1.98,
    "effective CPUs after": 1.88,
    "starting threads": 100e-6,
}


def scripted(key):
    """Two CPUs under the GIL."""
    kind, workers = key
    speedup = min(workers, 2) * 0.95 if kind == "processes" else 1.0
    return {"task": [TASK / speedup] * 6}


def about(value, rounds):
    """What equal samples are summed up to."""
    value = pytest.approx(value)
    return Measured(value, value if rounds >= 6 else None, value if rounds >= 6 else None, rounds, (value,) * rounds)


def waiting_too(computing):
    """Computing as given; waiting scales with the workers, less for many."""
    calls = []

    def by_turn(key):
        calls.append(key)
        second = calls.count(pool_sizing.LOOP) > 1
        return {"task": [TASK / (key[1] / (1 + 0.002 * (key[1] - 1)))] * 6} if second else computing(key)

    return by_turn


def plan(level="default", cpus=2, budget_s=3.0):
    return Plan(probe="pool_sizing", level=level, cpus=cpus, budget_s=budget_s)


def run(fake_bench, computing=scripted, once=FREE, plan=None):
    bench = fake_bench(waiting_too(computing), once, plan=plan or globals()["plan"]())
    return bench, list(pool_sizing.run(bench))


def test_speed_up_refers_to_the_plain_loop(fake_bench, rows_of):
    rows = rows_of(run(fake_bench)[1])

    assert [(row["kind"], row["workers"]) for row in rows] == [
        ("no pool", 1),
        *(("processes", workers) for workers in (1, 2, 3, 4)),
        *(("threads", workers) for workers in (1, 2, 4)),
    ]
    assert rows[2] == {
        "kind": "processes",
        "workers": 2,
        "task": about(TASK / 1.9, 6),
        "speedup": about(1.9, 6),
        "efficiency": about(0.95, 6),
    }


@pytest.mark.parametrize(
    ("cpus", "few", "counts"),
    [
        (1, False, [1, 2]),
        (4, False, [1, 2, 3, 4, 5, 6, 7, 8]),
        (6, False, [1, 2, 4, 6, 8, 12]),
        (64, False, [1, 2, 4, 8, 16, 32, 64, 128]),
        (6, True, [1, 6, 12]),
    ],
)
def test_worker_counts(cpus, few, counts):
    assert pool_sizing.worker_counts(cpus, few) == counts


def test_recommended_numbers_and_defaults(fake_bench, rows_of, monkeypatch):
    monkeypatch.setattr(os, "process_cpu_count" if hasattr(os, "process_cpu_count") else "cpu_count", lambda: 40)
    monkeypatch.setattr(sys, "platform", "win32")
    computing, waiting = rows_of(run(fake_bench)[1], "recommended")

    defaults = {"pool": 40, "executor": 40, "threads": 32}
    assert computing == {
        "work": "computing",
        "kind": "processes",
        "workers": 2,
        "speedup": about(1.9, 6),
        "effective": 1.88,
        **defaults,
    }
    assert (waiting["kind"], waiting["workers"], waiting["effective"]) == ("threads", 64, None)
    monkeypatch.setattr(os, "process_cpu_count" if hasattr(os, "process_cpu_count") else "cpu_count", lambda: 64)
    assert pool_sizing.default_workers() == {"pool": 64, "executor": 61, "threads": 32}


@pytest.mark.parametrize("when", ["before", "after"])
def test_no_number_is_recommended_on_crowded_cpus(fake_bench, rows_of, when):
    bench, rows = run(fake_bench, once={**FREE, f"effective CPUs {when}": 1.1})
    computing, waiting = rows_of(rows, "recommended")

    assert (computing["kind"], computing["workers"], computing["speedup"]) == (None, None, None)
    assert computing["effective"] == 1.1
    assert waiting["workers"] == 64
    assert [note.partition(" CPUs of")[2].partition(":")[0] for note in bench.notes] == [" 2"]


def test_no_pool_where_none_gains(fake_bench, rows_of):
    """On one CPU; twice as many workers count for the curve, not for the choice."""
    bench, rows = run(fake_bench, scripted, {**FREE, "effective CPUs after": 0.99}, plan(cpus=1))
    computing, _ = rows_of(rows, "recommended")

    assert (computing["kind"], computing["workers"]) == ("no pool", 1)
    assert bench.notes == []


def test_the_cheapest_of_equals_is_chosen():
    gains = {("no pool", 1): 1.0, ("threads", 2): 1.9, ("threads", 4): 2.0, ("processes", 2): 1.95, ("processes", 1): 1}

    assert pool_sizing.choose(gains) == ("threads", 2)
    assert pool_sizing.choose({**gains, ("processes", 8): 7.0}) == ("processes", 8)


def test_laws_come_with_their_error(fake_bench, rows_of):
    rows = {row["curve"]: row for row in rows_of(run(fake_bench)[1], "laws")}

    assert set(rows) == {f"{work}, {kind}" for work in ("computing", "waiting") for kind in ("processes", "threads")}
    # Amdahl counts no more than the CPUs: two workers gain two.
    assert rows["computing, processes"]["serial"] == pytest.approx(0.0, abs=1e-9)
    assert rows["computing, processes"]["error"] == pytest.approx(0.0, abs=1e-9)
    assert rows["computing, threads"]["serial"] == pytest.approx(1.0)
    assert rows["waiting, threads"]["serial"] == pytest.approx(0.002)
    assert rows["waiting, threads"]["peak"] is None
    assert rows["computing, processes"]["usl_error"] > 0.05


def test_what_a_worker_costs(fake_bench, rows_of):
    rows = rows_of(run(fake_bench)[1], "start")

    assert rows == [
        {"kind": "processes", "start": 0.002, "memory": 3_000_000},
        {"kind": "threads", "start": 100e-6},
    ]


@pytest.mark.parametrize(
    ("start", "level", "sizes"),
    [
        (0.001, "default", [1, 2, 4, 8, 16, 32, 64]),
        (0.02, "default", [1, 2, 4, 8, 16]),
        (9.0, "default", [1, 2, 4]),
        (0.001, "quick", [2, 8]),
    ],
)
def test_no_more_waiting_processes_than_the_budget_can_start(fake_bench, rows_of, start, level, sizes):
    bench, rows = run(fake_bench, once={**FREE, "starting processes": (start, None)}, plan=plan(level))

    assert [row["workers"] for row in rows_of(rows, "waiting") if row["kind"] == "processes"] == sizes
    assert bool(bench.notes) == (start > 0.01)


def test_for_real():
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(
            Plan(probe="pool_sizing", level="quick", budget_s=0.6, profile_s=0.1, deadline_s=60.0, cpus=2)
        )

    assert (gathered.status, gathered.reason) == ("ok", None)
    computing = {(row["kind"], row["workers"]): row for row in gathered.rows[""]}
    assert {("no pool", 1), ("processes", 2), ("processes", 4), ("threads", 2)} == set(computing)
    waiting = {(row["kind"], row["workers"]): row["speedup"].median for row in gathered.rows["waiting"]}
    assert waiting["threads", 64] > 2 * waiting["threads", 2] > 0
    chosen = {row["work"]: row for row in gathered.rows["recommended"]}
    assert chosen["waiting"]["workers"] >= 8
    assert 0 < chosen["computing"]["effective"] < 3
    assert [row["kind"] for row in gathered.rows["start"]] == ["processes", "threads"]
    assert all(row["start"] > 0 for row in gathered.rows["start"])
    assert gathered.rows["laws"]
    assert gathered.process
    assert gathered.profile
