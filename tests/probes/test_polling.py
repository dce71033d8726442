"""Waiting: rows from scripted samples, and one real run."""

from __future__ import annotations

import sys

import pytest

from mpdiag.bench import Plan
from mpdiag.launcher import Launcher
from mpdiag.model import Measured
from mpdiag.probes import polling

QUICK = Plan(probe="polling", level="quick", budget_s=0.25)


def scripted(way):
    """Waits of 10 and 20 ms, half of which a busy loop got a CPU for."""
    busy = way.startswith("while")
    return {
        "latency": [100e-6, 300e-6],
        "cpu": [5e-3, 10e-3] if busy else [1e-4, 2e-4],
        "polls": [1000, 2000] if busy else [0, 0],
        "window": [0.01, 0.02],
    }


def about(*samples):
    """What two rounds are summed up to."""
    return Measured(pytest.approx(sum(samples) / 2), None, None, 2, tuple(map(pytest.approx, samples)))


def test_shares_and_rates_are_of_each_wait(fake_bench, rows_of, monkeypatch):
    monkeypatch.setattr(polling, "SHARED_CLOCK", True)

    rows = {row["way"]: row for row in rows_of(polling.run(fake_bench(scripted, plan=QUICK)))}

    assert list(rows) == list(polling.WAYS)
    assert rows["while: poll()"] == {
        "way": "while: poll()",
        "cpu": about(0.5, 0.5),
        "latency": about(100e-6, 300e-6),
        "polls": about(1e5, 1e5),
    }
    assert rows["recv()"] == {
        "way": "recv()",
        "cpu": about(0.01, 0.01),
        "latency": about(100e-6, 300e-6),
        "polls": None,
    }


def test_without_a_shared_clock_the_way_back_is_taken_off(fake_bench, rows_of, monkeypatch):
    monkeypatch.setattr(polling, "SHARED_CLOCK", False)

    rows = {row["way"]: row for row in rows_of(polling.run(fake_bench(scripted, plan=QUICK)))}

    assert rows["recv()"]["latency"] == about(0.0, 200e-6)


def test_for_real():
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(Plan(probe="polling", level="quick", budget_s=0.25, profile_s=0.1, deadline_s=60.0))

    rows = {row["way"]: row for row in gathered.rows[""]}
    assert (gathered.status, gathered.reason) == ("ok", None)
    assert set(rows) == set(polling.WAYS)
    assert all(row["latency"].median > 0 for row in rows.values())
    assert rows["recv()"]["cpu"].median < rows["while: poll()"]["cpu"].median
    assert rows["poll(), sleep(1 ms)"]["polls"].median < rows["while: poll()"]["polls"].median
    assert gathered.process
    assert gathered.profile
