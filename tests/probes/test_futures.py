"""Ways to hand out tasks: rows from scripted samples, and one real run."""

from __future__ import annotations

import sys

import pytest

from mpdiag.bench import Plan
from mpdiag.launcher import Launcher
from mpdiag.model import Measured
from mpdiag.probes import futures
from mpdiag.stats import measured

COSTS = {"submit().result()": 1.2e-3, "submit, in order": 0.6e-3}


def scripted(key):
    """Two rounds, the second half as fast: ratios within a round stay what they are."""
    kind, way = key
    cost = COSTS.get(way, 0.66e-3) / (2 if kind == "threads" else 1)
    return {"task": [cost, 2 * cost]}


def about(value, rounds):
    """What so few equal samples are summed up to: no interval."""
    return Measured(pytest.approx(value), None, None, rounds, (pytest.approx(value),) * rounds)


def test_ratios_are_to_the_best_of_the_same_kind(fake_bench, rows_of):
    rows = list(futures.run(fake_bench(scripted)))

    first = rows_of(rows)
    assert [(row["kind"], row["way"]) for row in first] == [
        *(
            ("processes", way)
            for way in (
                "submit().result()",
                "submit, as_completed",
                "submit, in order",
                "map",
                "map, chunksize 16",
            )
        ),
        *(("threads", way) for way in ("submit().result()", "submit, as_completed", "submit, in order", "map")),
    ]
    assert first[0] == {
        "kind": "processes",
        "way": "submit().result()",
        "task": measured([1.2e-3, 2.4e-3]),
        "ratio": about(2.0, 2),
    }
    assert [row["ratio"].median for row in first if row["way"] == "submit, in order"] == pytest.approx([1.0, 1.0])
    assert rows_of(rows, "more") == first


def test_quick_tries_two_workers_only(fake_bench, rows_of):
    rows = list(futures.run(fake_bench(scripted, plan=Plan(probe="futures", level="quick"))))

    assert {row["kind"] for row in rows_of(rows)} == {"processes"}
    assert rows_of(rows, "more") == []
    assert rows_of(rows)[-1]["way"] == "map, chunksize 8"


def test_for_real():
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(
            Plan(probe="futures", level="default", budget_s=1.0, profile_s=0.1, deadline_s=60.0, cpus=2)
        )

    assert (gathered.status, gathered.reason) == ("ok", None)
    assert len(gathered.rows[""]) == len(gathered.rows["more"]) == 9
    tasks = {(row["kind"], row["way"]): row["task"].median for row in gathered.rows["more"]}
    # One by one, no two of the sleeps overlap; eight workers can do eight at a time.
    assert tasks["threads", "submit().result()"] >= futures.WAIT
    assert tasks["threads", "submit, in order"] < tasks["threads", "submit().result()"] / 1.5
    assert min(row["ratio"].median for row in gathered.rows[""]) > 0
    assert gathered.process
    assert gathered.profile
