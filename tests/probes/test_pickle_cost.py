"""What pickling costs: rows from scripted samples, and one real run."""

from __future__ import annotations

import sys

import pytest

from mpdiag.bench import Plan
from mpdiag.launcher import Launcher
from mpdiag.model import Measured
from mpdiag.probes import pickle_cost
from mpdiag.rigs import specimens

QUICK = Plan(probe="pickle_cost", level="quick")
#: Seconds to dump one object of each kind, per element.
DUMPS = {"bytes": 1e-9, "tuples": 1e-6, "slots objects": 8e-6}


def scripted(key):
    if key[0] == "out of band":
        return {"in_band": [8e-4, 8e-4], "aside": [2e-6, 4e-6], "wire": [2**20, 2**20], "wire_aside": [100, 100]}
    kind = key[0] if isinstance(key, tuple) else key
    one = DUMPS.get(kind, 2e-6)
    return {
        "both": [3 * one * 100] * 2,
        "dumps": [one * 100] * 2,
        "loads": [2 * one * 100] * 2,
        "copy": [one * 10] * 2,
        "wire": [5000, 5000],
        "elements": [100, 100],
    }


def test_the_dearest_element_comes_first(fake_bench, rows_of):
    rows = rows_of(pickle_cost.run(fake_bench(scripted, plan=QUICK)))

    assert rows[0] == {
        "what": "slots objects",
        "element": Measured(pytest.approx(24e-6), None, None, 2, (pytest.approx(24e-6),) * 2),
        "wire": 5000,
        "dumps": Measured(pytest.approx(5000 / 8e-4), None, None, 2, (pytest.approx(5000 / 8e-4),) * 2),
        "loads": Measured(pytest.approx(5000 / 16e-4), None, None, 2, (pytest.approx(5000 / 16e-4),) * 2),
        "copy": Measured(pytest.approx(30), None, None, 2, (pytest.approx(30),) * 2),
        "both": Measured(pytest.approx(24e-4), None, None, 2, (pytest.approx(24e-4),) * 2),
        "elements": 100,
    }
    assert [row["what"] for row in rows][-2:] == ["tuples", "bytes"]
    assert {row["what"] for row in rows} == set(specimens.MAKERS)
    assert rows[-1]["element"] is None


def test_quick_measures_one_size(fake_bench, rows_of):
    rows = rows_of(pickle_cost.run(fake_bench(scripted, plan=QUICK)), "detail")

    assert {row["size"] for row in rows} == {pickle_cost.MAIN}
    assert len(rows) == len(specimens.MAKERS)


def test_slow_types_are_left_out_of_large_sizes_aloud(fake_bench, rows_of):
    bench = fake_bench(scripted, plan=Plan(probe="pickle_cost", budget_s=4.0))

    rows = rows_of(pickle_cost.run(bench), "detail")

    assert {row["size"] for row in rows if row["what"] == "bytes"} == {2**10, 2**14, 2**20, 10 * 2**20}
    assert {row["size"] for row in rows if row["what"] == "slots objects"} == {2**10, 2**14}
    assert bench.notes == ["the slower types were not pickled at 1 MiB, 10 MiB: that would not fit the budget"]


def test_without_time_for_a_size_it_is_not_begun(fake_bench):
    bench = fake_bench(scripted, plan=Plan(probe="pickle_cost", budget_s=1e-3))

    list(pickle_cost.run(bench))

    assert not [key for key in bench.asked if isinstance(key, tuple) and key[1] == 10 * 2**20]
    assert bench.notes == ["the slower types were not pickled at 1 KiB, 1 MiB, 10 MiB: that would not fit the budget"]


def test_buffers_in_band_and_aside(fake_bench, rows_of):
    rows = rows_of(pickle_cost.run(fake_bench(scripted, plan=QUICK)), "out_of_band")

    assert [row["what"] for row in rows] == ["bytes", "array('d')"]
    assert rows[0]["ratio"] == Measured(pytest.approx(300), None, None, 2, (pytest.approx(400), pytest.approx(200)))
    assert (rows[0]["wire"], rows[0]["wire_aside"]) == (2**20, 100)


def test_the_users_object_is_the_first_row(fake_bench, rows_of):
    plan = Plan(probe="pickle_cost", level="quick", object="mine:rows")

    rows = rows_of(pickle_cost.run(fake_bench(scripted, {("object", "mine:rows"): ([1, 2], 0.001)}, plan)))

    assert rows[0]["what"] == "mine:rows"
    assert len(rows) == len(specimens.MAKERS) + 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("math", "name it as pkg.mod:factory"),
        ("no_such_module_here:make", "ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("math:no_such", "AttributeError: module 'math' has no attribute 'no_such'"),
        ("threading:Lock", "TypeError: cannot pickle '_thread.lock' object"),
    ],
)
def test_an_object_that_cannot_be_had_says_why(fake_bench, name, reason):
    with pytest.raises(ImportError) as caught:
        pickle_cost.load(fake_bench(scripted), name)

    assert str(caught.value) == reason


def test_an_object_is_made_and_tried(fake_bench):
    thing, took = pickle_cost.load(fake_bench(scripted), "collections:OrderedDict.fromkeys.__self__")

    assert thing == {}
    assert took == 0


def test_a_real_run_measures_every_type():
    plan = Plan(probe="pickle_cost", level="quick", budget_s=0.4, profile_s=0.1, object="string:ascii_letters", cpus=2)
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(plan)

    assert (gathered.status, gathered.reason) == ("ok", None)
    rows = {row["what"]: row for row in gathered.rows[""]}
    assert {*specimens.MAKERS, "string:ascii_letters"} <= set(rows)
    assert all(row["both"].median > 0 for row in rows.values())
    assert rows["slots objects"]["element"].median > 20 * rows["array('d')"]["element"].median
    assert rows["bytes"]["dumps"].median > 5 * rows["dicts"]["dumps"].median
    assert all(0.5 * pickle_cost.MAIN < rows[kind]["wire"] < 2 * pickle_cost.MAIN for kind in specimens.MAKERS)
    aside = {row["what"]: row for row in gathered.rows["out_of_band"]}
    assert aside["bytes"]["wire_aside"] < 1000 < 2**20 <= aside["bytes"]["wire"]
    assert gathered.process["cpu_user_s"] > 0
    assert gathered.profile
