"""Stacks are read as faulthandler writes them, and hot lines are told below the user's own functions."""

from __future__ import annotations

from collections import Counter

import pytest

from mpdiag.watch import stacks
from mpdiag.watch.observation import Frame, StackSample
from mpdiag.watch.stacks import Counts, Parser, hot_lines, root_of

LIB = "/usr/lib/python3.13"
BOOT = [
    Frame(f"{LIB}/multiprocessing/process.py", 108, "run"),
    Frame(f"{LIB}/multiprocessing/process.py", 314, "_bootstrap"),
]
WORKER = [
    Frame(f"{LIB}/multiprocessing/pool.py", 48, "mapstar"),
    Frame(f"{LIB}/multiprocessing/pool.py", 125, "worker"),
]
SPAWN = [Frame(f"{LIB}/multiprocessing/spawn.py", 129, "_main"), Frame("<string>", 1, "<module>")]
PARENT = [
    Frame(f"{LIB}/multiprocessing/popen_fork.py", 70, "_launch"),
    Frame(f"{LIB}/multiprocessing/pool.py", 329, "_repopulate_pool_static"),
    Frame("app.py", 40, "main"),
    Frame("app.py", 44, "<module>"),
]
TASK = Frame("app.py", 10, "task")
LOAD = Frame("app.py", 4, "load")
THREAD = [
    Frame(f"{LIB}/concurrent/futures/thread.py", 59, "run"),
    Frame(f"{LIB}/threading.py", 994, "run"),
    Frame(f"{LIB}/threading.py", 1043, "_bootstrap_inner"),
    Frame(f"{LIB}/threading.py", 1014, "_bootstrap"),
]


def sample(frames, samples=1, cpu_s=None, pid=1):
    return StackSample(pid, None, tuple(frames), samples, samples * 0.05 if cpu_s is None else cpu_s)


def parsed(text):
    return list(Parser().parse(text))


def test_a_stack_is_read():
    text = 'Stack (most recent call first):\n  File "/a/b.py", line 3 in f\n  File "/a/b.py", line 9 in <module>\n'

    assert parsed(text) == [(None, (Frame("/a/b.py", 3, "f"), Frame("/a/b.py", 9, "<module>")))]


@pytest.mark.parametrize(
    ("head", "thread"),
    [
        ("Stack (most recent call first):", None),
        ("Thread 4711 (most recent call first):", 4711),
        ("Current thread 0x00007f12 (most recent call first):", 0x7F12),
        ("Thread 0x00007f12 [worker] (most recent call first):", 0x7F12),
    ],
)
def test_headlines_of_all_versions(head, thread):
    assert parsed(f'{head}\n  File "a.py", line 1 in f\n') == [(thread, (Frame("a.py", 1, "f"),))]


def test_names_that_look_like_frames():
    text = 'Stack (most recent call first):\n  File "we"ird, line 3 in x.py", line 7 in <lambda>\n'

    assert parsed(text) == [(None, (Frame('we"ird, line 3 in x.py', 7, "<lambda>"),))]


def test_a_line_that_is_not_known():
    assert parsed('Stack (most recent call first):\n  File "a.py", line ??? in f\n')[0][1][0].line == 0


def test_what_precedes_the_first_headline_belongs_to_nothing():
    text = '  File "old.py", line 1 in f\nStack (most recent call first):\n  File "a.py", line 1 in f\n  ...\n'

    assert parsed(text) == [(None, (Frame("a.py", 1, "f"),))]


def test_a_stack_without_frames_tells_nothing():
    assert parsed("Stack (most recent call first):\n  <no Python frame>\n") == []


@pytest.mark.parametrize("file", ["/r/site/mpdiag_tap/core.py", "<frozen importlib._bootstrap>"])
def test_frames_of_the_tap_and_of_imports_are_left_out(file):
    head = "Stack (most recent call first):"
    text = f'{head}\n  File "{file}", line 1 in end\n  File "a.py", line 2 in f\n'

    assert parsed(text) == [(None, (Frame("a.py", 2, "f"),))]


def test_samples_and_cpu_time_add_up():
    counts = Counts(7)
    for _ in range(3):
        counts.add(None, (TASK,), 0.25)
    counts.add(12, (LOAD,), 0.5)

    assert counts.result() == (StackSample(7, None, (TASK,), 3, 0.75), StackSample(7, 12, (LOAD,), 1, 0.5))


def test_different_stacks_are_bounded(monkeypatch):
    monkeypatch.setattr(stacks, "MOST", 10)
    counts = Counts(7)
    for number in range(1000):
        counts.add(None, (Frame("a.py", number, "f"), *(Frame("a.py", number % 50, "g") for _ in range(9))), 0.5)
    found = counts.result()

    assert len(found) <= 2 * 10 + 1
    assert sum(each.samples for each in found) == 1000
    assert sum(each.cpu_s for each in found) == 500


@pytest.mark.parametrize(
    ("frames", "root"),
    [
        ([LOAD, TASK, *WORKER, *BOOT, *SPAWN], "task"),
        ([LOAD, TASK, *WORKER, *BOOT, *PARENT], "task"),  # forked: the parent's stack goes on below
        ([TASK, *BOOT, *WORKER, *BOOT, *PARENT], "task"),  # a process that a task has forked
        ([LOAD, TASK, *THREAD], "task"),
        ([LOAD, Frame("app.py", 44, "<module>")], "<module>"),
        ([LOAD, Frame("app.py", 4, "<module>"), Frame("<frozen runpy>", 88, "_run_code")], "<module>"),
        ([LOAD, Frame(f"{LIB}/multiprocessing/reduction.py", 51, "dumps"), TASK, *WORKER, *BOOT], "task"),
        ([*WORKER, *BOOT, *SPAWN], None),
        ([Frame(f"{LIB}/selectors.py", 415, "select"), *WORKER, *BOOT], None),  # a thread of a pool
        ([LOAD, Frame("<string>", 1, "<module>")], "<module>"),  # python -c
        ([LOAD, *SPAWN], "load"),  # what a spawned child imports
    ],
)
def test_the_root_is_what_was_asked_for(frames, root):
    place = root_of(tuple(frames))

    assert (None if place is None else frames[place].function) == root


def test_hot_lines_below_a_task():
    inner = Frame("app.py", 5, "load")
    below = [*WORKER, *BOOT, *SPAWN]
    lines = hot_lines([sample([LOAD, TASK, *below], 3), sample([inner, TASK, *below], 1), sample([TASK, *below], 1)])

    assert [(line.line, line.function, line.callee, line.samples, line.depth) for line in lines] == [
        (10, "task", "load", 4, 0),
        (4, "load", None, 3, 1),
        (10, "task", None, 1, 0),
        (5, "load", None, 1, 1),
    ]
    assert [round(line.share, 6) for line in lines] == [0.8, 0.6, 0.2, 0.2]
    assert {line.root.function for line in lines} == {"task"}


def test_shares_are_of_cpu_time():
    """A long call in C is seen once, when it ends; it counts for all that it burnt."""
    below = [*WORKER, *BOOT]
    lines = hot_lines([sample([LOAD, TASK, *below], 1, 0.9), sample([TASK, *below], 9, 0.1)])

    assert [(line.callee, line.depth, round(line.share, 6)) for line in lines][:2] == [("load", 0, 0.9), (None, 1, 0.9)]


def test_recursion_counts_once():
    deep = Frame("app.py", 4, "load")
    lines = hot_lines([sample([deep, deep, deep, TASK, *WORKER, *BOOT], 2)])

    assert Counter((line.function, line.callee, line.samples) for line in lines) == {
        ("task", "load", 2): 1,
        ("load", "load", 2): 1,
        ("load", None, 2): 1,
    }


def test_roles_are_kept_apart():
    frames = [TASK, *WORKER, *BOOT]
    lines = hot_lines([sample(frames, pid=1), sample(frames, pid=2)], {1: "worker", 2: "process"})

    assert {(line.role, line.samples, line.share) for line in lines} == {("worker", 1, 1.0), ("process", 1, 1.0)}
