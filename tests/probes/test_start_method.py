import sys

import pytest

from mpdiag.bench import Plan
from mpdiag.launcher import Launcher
from mpdiag.probes.start_method import PROBE

STARTS = {
    "thread": 0.0002,
    "fork": 0.002,
    "bare interpreter": 0.010,
    "subprocess": 0.015,
    "forkserver, next": 0.012,
    "spawn": 0.050,
}


ONCE = {("memory of", "fork"): (100, 10), "forkserver, first": {"first_line": 0.08, "joined": 0.081}}


def scripted(key):
    """Every case takes as long as it always does; imports add 30 ms unless they are preloaded."""
    if isinstance(key, int):
        return {"first_line": [0.01] * 7, "joined": [0.02] * 7, "extra": [0.005] * 7}
    if isinstance(key, tuple):
        method, _ = key
        first = {"spawn": 0.08, "forkserver": 0.042, "forkserver, preload": 0.006}[method]
    else:
        first = STARTS[key]
    return {"first_line": [first] * 7, "joined": [first + 0.001] * 7}


def test_rows(fake_bench, rows_of):
    bench = fake_bench(scripted, once=ONCE, plan=Plan(probe="fake", imports=("numpy",)))
    rows = list(PROBE.run(bench))

    methods = rows_of(rows)
    assert [row["method"] for row in methods] == [
        "thread",
        "fork",
        "forkserver, preload",
        "bare interpreter",
        "forkserver, next",
        "subprocess",
        "spawn",
        "forkserver, first",
    ]
    fork = methods[1]
    assert fork["first_line"].median == 0.002
    assert fork["ratio"].median == pytest.approx(0.003 / 0.0012)
    assert (fork["rss"], fork["uss"]) == (100, 10)
    assert (methods[0]["rss"], methods[0]["uss"]) == (None, None)

    memory = rows_of(rows, "memory")
    assert [row["held"] for row in memory] == [64 * 2**20, 256 * 2**20, 1024 * 2**20]
    assert memory[0]["extra"].median == 0.005

    imports = {row["method"]: row for row in rows_of(rows, "imports")}
    assert {row["imports"] for row in imports.values()} == {"numpy"}
    assert imports["spawn"]["extra"] == pytest.approx(0.03)
    assert imports["forkserver"]["extra"] == pytest.approx(0.03)
    assert imports["forkserver, preload"]["extra"] == pytest.approx(0.0)


def test_no_more_memory_than_allowed(fake_bench, rows_of):
    bench = fake_bench(scripted, plan=Plan(probe="fake", memory=100 * 2**20))

    assert [row["held"] for row in rows_of(PROBE.run(bench), "memory")] == [64 * 2**20]


def test_for_real():
    wishes = ("asyncio", "decimal")
    plan = Plan(probe="start_method", level="quick", budget_s=0.3, profile_s=0.1, deadline_s=60, imports=wishes)
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(plan)

    assert (gathered.status, gathered.reason) == ("ok", None)
    medians = {row["method"]: row["joined"].median for row in gathered.rows[""]}
    assert medians["thread"] < medians["spawn"]
    assert all(row["first_line"].median < row["joined"].median for row in gathered.rows[""])
    assert {row["imports"] for row in gathered.rows["imports"]} == {"asyncio decimal"}
    assert gathered.process["cpu_user_s"] > 0
    assert gathered.process["rss_peak"] > 2**20
    assert gathered.profile
