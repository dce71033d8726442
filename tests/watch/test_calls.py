"""Stacks as a tree of calls."""

from __future__ import annotations

import pytest

from mpdiag.watch.calls import LIBRARY, section
from mpdiag.watch.lives import Life
from mpdiag.watch.observation import Frame, StackSample

APP = "/p/app.py"
POOL = Frame("/lib/multiprocessing/pool.py", 125, "worker")
BOOT = Frame("/lib/multiprocessing/process.py", 314, "_bootstrap")


def life(pid, role="worker"):
    return Life(pid, 1, f"P-{pid}", role, "fork", 0.0, 1.0, 0, None, None, None, None, None)


def sample(pid, cpu_s, *calls):
    """A stack of calls in the user's code, the outermost first."""
    frames = [Frame(APP, line, function) for function, line in calls]
    return StackSample(pid, None, (*reversed(frames), POOL, BOOT), 1, cpu_s)


def told(samples, *lives):
    return [(row["call"], row["where"], pytest.approx(row["share"])) for row in section(samples, lives).rows]


def test_processes_of_a_role_are_one_and_the_heaviest_call_comes_first():
    samples = [
        sample(1, 0.1, ("task", 3), ("small", 8)),
        sample(1, 0.5, ("task", 4), ("large", 9)),
        sample(2, 0.2, ("task", 4), ("large", 9)),
        sample(3, 0.2, ("<module>", 20)),
    ]

    assert told(samples, life(1), life(2), life(3, "main")) == [
        ("2 × worker", None, 0.8),
        ("· task", "app.py:4", 0.8),
        ("· · large", "app.py:9", 0.7),
        ("· · small", "app.py:8", 0.1),
        ("main", None, 0.2),
        ("· <module>", "app.py:20", 0.2),
    ]


def test_calls_of_itself_count_as_one():
    deep = sample(1, 1.0, ("task", 3), *[("fib", 7)] * 30)

    assert told([deep], life(1)) == [
        ("worker", None, 1.0),
        ("· task", "app.py:3", 1.0),
        ("· · fib", "app.py:7", 1.0),
    ]


def test_what_is_no_users_code_is_one_row():
    assert told([sample(1, 1.0)], life(1)) == [("worker", None, 1.0), (f"· {LIBRARY}", None, 1.0)]


def test_little_is_left_out():
    samples = [sample(1, 1.0, ("task", 3)), sample(1, 0.004, ("task", 3), ("tiny", 5))]

    assert "· · tiny" not in [call for call, *_ in told(samples, life(1))]


def test_without_stacks_it_says_why():
    nothing = section((), [life(1)])

    assert (nothing.status, nothing.rows) == ("skipped", ())
    assert "no process" in nothing.reason
