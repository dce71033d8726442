"""The cost of shared state: from scripted samples, and for real."""

import sys

import pytest

from mpdiag.bench import Plan, Skip
from mpdiag.launcher import Launcher
from mpdiag.probes.shared_state import PROBE, contenders

SECONDS = {"plain dict": 5e-8, "RawValue": 1e-7, "Value, locked": 1e-6, "Array, locked": 2e-6, "Pipe": 20e-6}
MANAGER = {"Manager dict": 40e-6, "Manager list": 45e-6, "Manager Namespace": 50e-6}


def scripted(key):
    if key == "Manager":
        return {means: [seconds] * 7 for means, seconds in MANAGER.items()}
    if key == "contention":
        return {"4": [0.04] * 7, "2": [0.02] * 7, "1": [0.01] * 7}
    return {"operation": [SECONDS[key]] * 7}


LOST = {"lost updates": {"Value": 30000, "RawValue": 20000, "Value, locked": 40000}}


def test_rows(fake_bench, rows_of):
    bench = fake_bench(scripted, once=LOST, plan=Plan(probe="fake", cpus=2))
    rows = list(PROBE.run(bench))

    means = {row["means"]: row for row in rows_of(rows)}
    assert list(means) == [
        "plain dict",
        "RawValue",
        "Value, locked",
        "Array, locked",
        "Pipe",
        "Manager Namespace",
        "Manager list",
        "Manager dict",
    ]
    assert means["Value, locked"]["ratio"].median == 1.0
    assert means["Manager dict"]["ratio"].median == pytest.approx(40.0)
    assert means["Manager dict"]["per_operation"].median == 40e-6
    assert means["Manager dict"]["rate"].median == pytest.approx(25e3)
    assert means["Pipe"]["operation"] == "send, recv"

    contention = rows_of(rows, "contention")
    assert [row["processes"] for row in contention] == [1, 2, 4]
    assert contention[0]["total"].median == pytest.approx(1e6)
    assert contention[2]["total"].median == pytest.approx(250e3)
    assert contention[2]["each"].median == pytest.approx(62.5e3)
    assert contention[2]["ratio"].median == pytest.approx(0.25)

    assert rows_of(rows, "lost")[0] == {
        "means": "Value",
        "processes": 2,
        "expected": 40000,
        "seen": 30000,
        "lost": 10000,
        "fraction": 0.25,
    }
    assert [row["lost"] for row in rows_of(rows, "lost")] == [10000, 20000, 0]
    assert bench.notes == []


def test_rows_of_a_machine_without_semaphores(rows_of, fake_bench):
    """What is denied is left out; the rest has no ratio to a locked Value."""

    class Denied(fake_bench):
        def measure(self, cases, *, share, most=200):
            if "contention" in cases:
                raise Skip("Permission denied")
            allowed = {key: case for key, case in cases.items() if "locked" not in key and key != "Manager"}
            return super().measure(allowed, share=share, most=most)

    yielded = list(PROBE.run(Denied(scripted)))
    rows = rows_of(yielded)

    assert yielded == [row for row in yielded if row.table == ""]
    assert [row["means"] for row in rows] == ["plain dict", "RawValue", "Pipe"]
    assert [row["ratio"] for row in rows] == [None] * 3


@pytest.mark.parametrize(("most", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (16, [1, 2, 4, 8, 16])])
def test_contenders(most, counts):
    assert contenders(most) == counts


def test_no_more_contenders_than_the_level_bears(fake_bench, rows_of):
    bench = fake_bench(
        lambda key: {str(2**power): [0.01] * 7 for power in range(5)} if key == "contention" else scripted(key),
        plan=Plan(probe="fake", level="quick", cpus=64),
    )

    assert [row["processes"] for row in rows_of(PROBE.run(bench), "contention")] == [1, 2, 4, 8, 16]
    assert bench.notes == ["contention was measured for up to 16 processes only"]


def test_for_real():
    plan = Plan(probe="shared_state", level="quick", budget_s=0.3, profile_s=0.1, deadline_s=60.0, cpus=2)
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(plan)

    assert (gathered.status, gathered.reason, gathered.notes) == ("ok", None, [])
    seconds = {row["means"]: row["per_operation"].median for row in gathered.rows[""]}
    assert set(seconds) == {*SECONDS, *MANAGER}
    assert 0 < seconds["plain dict"] < seconds["Pipe"]
    assert seconds["Value, locked"] < seconds["Manager dict"]
    assert [row["processes"] for row in gathered.rows["contention"]] == [1, 2, 4]
    assert all(row["total"].median > 0 for row in gathered.rows["contention"])
    lost = {row["means"]: row for row in gathered.rows["lost"]}
    assert lost["Value, locked"]["lost"] == 0
    assert all(row["expected"] == row["seen"] + row["lost"] for row in lost.values())
    assert 0 <= lost["Value"]["fraction"] <= 1
    assert gathered.profile
    assert gathered.process["rss_peak"] > 0
