"""What limits a function has a name."""

from __future__ import annotations

import pytest

from mpdiag.model import Measured
from mpdiag.sized import limits
from mpdiag.sized.curve import Point, choose
from mpdiag.sized.limits import Around
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


def point(kind, workers, gain, **more):
    each = Measured(0.01 / gain, None, None, 6, (0.01 / gain,) * 6)
    return Point(Setting(kind, workers), Measured(gain, gain, gain, 6, (gain,) * 6), each, **more)


def curve(serial, *counts, **more):
    gains = {count: count / (1 + serial * (count - 1)) for count in counts}
    return [point("loop", 1, 1.0, dearness=1.0), *(point("fork", *each, **more) for each in gains.items())]


def limit(found, task=TASK, **around):
    return limits.limit(found, choose(found, "fork"), task, Around(**{"cpus": 4.0, **around}))


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


#: Two workers at whose side the same work takes nearly twice the CPU time: they are no faster than one, or little.
DEAR = [
    [point("loop", 1, 1.0, dearness=1.0), point("fork", 1, 0.9, dearness=1.1), point("fork", 2, gain, dearness=1.9)]
    for gain in (0.98, 1.3)
]


@pytest.mark.parametrize("found", DEAR, ids=["the loop is chosen", "workers are chosen"])
def test_work_that_gets_dearer_on_several_workers_waits_for_memory(found):
    said = limit(found, cpus=2.0, cores=2)

    assert said.startswith("memory bandwidth, or caches that CPUs share: the same work takes 1.73× the CPU time on 2")


@pytest.mark.parametrize("found", DEAR, ids=["the loop is chosen", "workers are chosen"])
def test_cpus_of_the_same_core_are_no_memory(found):
    assert limit(found, cpus=2.0, cores=1).startswith("cores that CPUs share (2 CPUs on 1)")


def test_workers_that_do_not_get_dearer_have_a_serial_part():
    found = [point("loop", 1, 1.0, dearness=1.0), point("threads", 2, 0.98, dearness=1.05)]

    assert limit(found, cpus=2.0).startswith("a serial part")
