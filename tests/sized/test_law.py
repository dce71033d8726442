"""The law by which a function scales, and what other machines would make of it."""

from __future__ import annotations

import math
import random

import pytest

from mpdiag import stats
from mpdiag.model import Measured
from mpdiag.rigs.scaling import Law
from mpdiag.sized import law as laws
from mpdiag.sized.curve import Point, choose
from mpdiag.sized.law import Machine, fit
from mpdiag.sizer.settings import Setting

TASK = {"wall": Measured(0.01, None, None, 6, (0.01,) * 6), "waiting": 0.0}
FORK = Setting("fork")
SLEEPS = {**TASK, "waiting": 0.99}


def point(kind, workers, gain, spread=0.0, **more):
    chance = random.Random(workers)
    gains = stats.measured([gain * (1 + spread * chance.uniform(-1, 1)) for _ in range(9)])
    return Point(Setting(kind, workers), gains, stats.measured([0.01 / each for each in gains.samples]), **more)


def curve(sigma, *counts, kappa=0.0, **more):
    by = Law(sigma, kappa)
    return [point("loop", 1, 1.0), *(point("fork", count, by.speedup(count), **more) for count in counts)]


def elsewhere(found, machine, task=TASK, cpus=16.0):
    choice = choose(found, "fork")
    return laws.elsewhere(fit(found, choice.chosen.setting, task, cpus), choice, task, machine)


@pytest.mark.parametrize(("sigma", "kappa"), [(0.0, 0.0), (0.05, 0.0), (0.3, 0.0), (0.02, 0.001)])
def test_a_law_that_holds_is_found(sigma, kappa):
    law = fit(curve(sigma, 1, 2, 4, 8, kappa=kappa), FORK, TASK, 16.0)

    assert law.universal
    assert (law.by.sigma, law.by.kappa) == pytest.approx((sigma, kappa), abs=1e-9)
    assert law.speedup(32) == pytest.approx(Law(sigma, kappa).speedup(32))
    assert law.ends(lambda each: each.speedup(32)) == pytest.approx((law.speedup(32),) * 2)


def test_the_law_refers_to_one_worker_however_fast_it_is():
    found = [point("loop", 1, 1.0), *(point("fork", count, 0.5 * count) for count in (1, 2, 4, 8))]

    assert fit(found, FORK, TASK, 16.0).speedup(32) == pytest.approx(16.0)


def test_two_numbers_of_workers_allow_contention_and_coherency():
    law = fit(curve(0.05, 1, 2), FORK, TASK, 2.0)
    low, high = law.ends(lambda each: each.speedup(32))

    assert not law.universal
    assert law.speedup(32) == pytest.approx(Law(0.05, 0.0).speedup(32))
    assert (low, high) == pytest.approx((Law(0.0, 0.025).speedup(32), law.speedup(32)))
    assert "do not tell which" in elsewhere(curve(0.05, 1, 2), Machine(32, None), cpus=2.0)["remark"]


def test_workers_beyond_the_cpus_tell_nothing_of_the_law():
    found = [*curve(0.0, 1, 2), point("fork", 4, 2.0)]

    assert fit(found, FORK, TASK, 2.0).by.sigma == pytest.approx(0.0)


def test_one_number_of_workers_is_no_law():
    assert fit(curve(0.1, 1), FORK, TASK, 4.0) is None
    assert fit([], FORK, TASK, 4.0) is None


@pytest.mark.parametrize("counts", [(1, 2), (1, 2, 4, 8)])
def test_a_wide_spread_makes_a_wide_forecast(counts):
    narrow, wide = (elsewhere(curve(0.05, *counts, spread=spread), Machine(32, None)) for spread in (0.005, 0.1))

    assert narrow["low"] <= narrow["speedup"] <= narrow["high"]
    assert wide["high"] / wide["low"] > narrow["high"] / narrow["low"]


def test_the_truth_lies_between_the_ends_of_most_noisy_curves():
    truth = Law(0.03, 0.0005).speedup(32)
    inside = 0
    for seed in range(40):
        random.seed(seed)
        found = [
            Point(
                Setting("fork", count),
                stats.measured([Law(0.03, 0.0005).speedup(count) * random.gauss(1, 0.03) for _ in range(9)]),
                stats.measured([1.0]),
            )
            for count in (1, 2, 4, 8, 16)
        ]
        low, high = fit(found, FORK, TASK, 16.0).ends(lambda each: each.speedup(32))
        inside += low <= truth <= high

    assert inside >= 30


def test_more_workers_than_do_best_are_not_advised():
    row = elsewhere(curve(0.02, 1, 2, 4, 8, kappa=0.005), Machine(64, None))

    assert row["workers"] == 14
    assert "more would be slower" in row["remark"]
    assert "the ceiling: a larger machine wins nothing" in row["remark"]


def test_one_process_feeds_no_more_than_it_can():
    law = fit(curve(0.0, 1, 2, parent=0.001), FORK, TASK, 4.0)

    assert law.speedup(32) == pytest.approx(10.0)
    assert law.ceiling == pytest.approx(10.0)
    assert "one process hands out" in laws.beyond(law, TASK, None)[0]["remark"]
    assert math.isinf(fit(curve(0.0, 1, 2), FORK, TASK, 4.0).ceiling)


def test_memory_bounds_the_workers():
    row = elsewhere(curve(0.0, 1, 2, 4, 8, own=2**30), Machine(32, 16 * 2**30))

    assert row["workers"] == 14
    assert row["remark"] == "memory: 32 would need 32 GiB"
    assert row["memory"] == 14 * 2**30


def test_more_cpus_do_not_help_what_waits():
    found = [point("loop", 1, 1.0), point("threads", 32, 31.0)]

    assert elsewhere(found, Machine(64, None), SLEEPS)["remark"].startswith("as here")


@pytest.mark.parametrize(
    ("found", "speedup", "said"),
    [
        (curve(0.1, 1, 2, 4, 8), 10.0, "contention 10.0 %, coherency 0 %"),
        (curve(0.0, 1, 2, 4, 8, kappa=0.01), Law(0.0, 0.01).speedup(10), "coherency 1.00 %, at 10 workers"),
        (curve(0.1, 1, 2), 10.0, "serial part 10.0 %, if it is one"),
        (curve(0.0, 1, 2, 4, 8), None, "no ceiling shows"),
    ],
)
def test_the_ceiling_of_one_machine(found, speedup, said):
    row = laws.beyond(fit(found, FORK, TASK, 16.0), TASK, None)[0]

    assert row["speedup"] == (None if speedup is None else pytest.approx(speedup))
    assert said in row["remark"]


def test_a_cluster_adds_to_each_task():
    assert "hand out 2 or more items a task" in laws.beyond(None, TASK, None)[0]["remark"]
    assert "measured here" in laws.beyond(None, TASK, Measured(1e-4, None, None, 8))[0]["remark"]
