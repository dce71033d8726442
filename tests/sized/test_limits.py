"""What limits a function has a name."""

from __future__ import annotations

import pytest

from mpdiag.model import Measured
from mpdiag.sized import limits
from mpdiag.sized.curve import Point, choose
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


def limit(found, task=TASK, cpus=4.0, others=0.0):
    return limits.limit(found, choose(found, "fork"), task, cpus, others)


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
