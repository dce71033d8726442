"""What limits a function, and what other machines would make of it."""

from __future__ import annotations

import math

import pytest

from mpdiag.model import Measured
from mpdiag.sized import law as laws
from mpdiag.sized.curve import Point, choose
from mpdiag.sized.law import Machine, fit
from mpdiag.sizer.settings import Setting

TASK = {
    "wall": Measured(0.01, None, None, 6, (0.01,) * 6),
    "waiting": 0.0,
    "cpu": 0.01,
    "whole": False,
    "items": 2000,
    "denied": "",
    "pickle_args": 1e-5,
    "pickle_result": 1e-5,
    "args_b": 20,
    "result_b": 20,
}
SLEEPS = {**TASK, "waiting": 0.99, "cpu": 0.0001}


def point(kind, workers, gain, width=0.02, **more):
    ends = (gain * (1 - width), gain * (1 + width))
    return Point(
        Setting(kind, workers),
        Measured(gain, *ends, 6, (gain,) * 6),
        Measured(0.01 / gain, None, None, 6, (0.01 / gain,) * 6),
        **more,
    )


def amdahl(workers, serial):
    return workers / (1 + serial * (workers - 1))


def curve(serial, *counts, kind="fork", **more):
    return [point("loop", 1, 1.0, dearness=1.0), *(point(kind, n, amdahl(n, serial), **more) for n in counts)]


def limit(found, task=TASK, cpus=4.0, others=0.0):
    return laws.limit(found, choose(found, "fork"), task, cpus, others)


def elsewhere(found, machine, task=TASK, cpus=4.0):
    choice = choose(found, "fork")
    return laws.elsewhere(fit(found, choice.chosen.setting.kind, task, cpus), choice, task, machine)


@pytest.mark.parametrize("serial", [0.0, 0.05, 0.3])
def test_a_law_that_holds_is_found(serial):
    law = fit(curve(serial, 1, 2, 4), "fork", TASK, 4.0)

    assert law.serial == pytest.approx(serial, abs=1e-9)
    assert law.low <= law.serial <= law.high
    assert law.speedup(32) == pytest.approx(amdahl(32, serial))


def test_workers_beyond_the_cpus_tell_nothing_of_the_law():
    found = [*curve(0.0, 1, 2), point("fork", 4, 2.0)]

    assert fit(found, "fork", TASK, 2.0).serial == pytest.approx(0.0)


def test_one_number_of_workers_is_no_law():
    assert fit(curve(0.1, 1), "fork", TASK, 4.0) is None
    assert fit([], "fork", TASK, 4.0) is None


def test_a_wide_interval_makes_a_wide_forecast():
    narrow, wide = (elsewhere(curve(0.05, 1, 2, width=width), Machine(32, None)) for width in (0.01, 0.1))

    assert wide["low"] < narrow["low"] < narrow["speedup"] < narrow["high"] < wide["high"]


def test_one_process_feeds_no_more_than_it_can():
    law = fit(curve(0.0, 1, 2, parent=0.001), "fork", TASK, 4.0)

    assert law.speedup(32) == pytest.approx(10.0)
    assert law.ceiling == pytest.approx(10.0)
    assert math.isinf(fit(curve(0.0, 1, 2), "fork", TASK, 4.0).ceiling)


def test_memory_bounds_the_workers():
    row = elsewhere(curve(0.0, 1, 2, own=2**30), Machine(32, 16 * 2**30))

    assert row["workers"] == 14
    assert row["remark"] == "memory: 32 would need 32 GiB"
    assert row["memory"] == 14 * 2**30


def test_more_cpus_do_not_help_what_waits():
    found = [point("loop", 1, 1.0), point("threads", 32, 31.0)]

    assert elsewhere(found, Machine(64, None), SLEEPS)["remark"].startswith("as here")


def test_beyond_one_machine():
    law = fit(curve(0.1, 1, 2, 4), "fork", TASK, 4.0)
    ceiling, cluster = laws.beyond(law, TASK, None)

    assert ceiling["speedup"] == pytest.approx(10.0)
    assert "serial part 10.0 %" in ceiling["remark"]
    assert "hand out 2 or more items a task" in cluster["remark"]
    assert "measured here" in laws.beyond(law, TASK, Measured(1e-4, None, None, 8))[1]["remark"]


@pytest.mark.parametrize(
    ("found", "task", "others", "said"),
    [
        (curve(0.0, 1, 2, 4), TASK, 0.0, "the CPUs: 4 can be used"),
        (curve(0.4, 1, 2, 4), TASK, 0.0, "a serial part"),
        (curve(0.4, 1, 2, 4), TASK, 0.5, "the run queue: other programs use 50.0 %"),
        (curve(0.0, 1, 2, 4, parent=0.002), TASK, 0.0, "pickling and handing out"),
        ([*curve(0.4, 1, dearness=1.0), point("fork", 4, 2.0, dearness=1.8)], TASK, 0.0, "memory bandwidth"),
        (curve(1.0, 2, 4), {**TASK, "pickle_args": 0.1, "args_b": 10**6}, 0.0, "pickling: 100 ms"),
        ([point("loop", 1, 1.0), point("threads", 2, 1.0)], {**TASK, "denied": "a lambda"}, 0.0, "that it cannot"),
        ([point("loop", 1, 1.0)], TASK, 0.0, "not known"),
        ([point("loop", 1, 1.0), point("threads", 64, 60.0)], SLEEPS, 0.0, "always faster"),
        ([point("loop", 1, 1.0), point("threads", 64, 12.0)], SLEEPS, 0.0, "or a lock between them"),
        ([point("loop", 1, 1.0), point("threads", 8, 1.0)], SLEEPS, 0.0, "it serves one at a time"),
        ([point("loop", 1, 1.0), point("threads", 50, 45.0)], {**SLEEPS, "whole": True, "items": 50}, 0.0, "50 were"),
    ],
)
def test_the_limit_has_a_name(found, task, others, said):
    assert said in limit(found, task, others=others)


def test_a_single_cpu_is_the_limit_of_its_loop():
    assert "one can be used" in limit(curve(1.0, 2), cpus=1.0)
