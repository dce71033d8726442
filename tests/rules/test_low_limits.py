"""MP703: each limit alone, none, and none known."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.low_limits import RULE, judge

GIB = 2**30
FINE = {
    "usable_workers": 8,
    "usable_memory": 16 * GIB,
    "memory_available": 12 * GIB,
    "nofile_soft": 1024,
    "nofile_hard": 4096,
    "nproc_soft": 30_000,
    "nproc_used": 500,
    "pids_room": None,
    "address_space_soft": None,
    "semaphores_work": True,
    "unknown": {},
}


def test_silent_when_all_suffice():
    assert list(judge(FINE)) == []


def test_silent_when_unlimited():
    assert list(judge(FINE | {"nofile_soft": None, "nproc_soft": None, "usable_memory": None})) == []


@pytest.mark.parametrize(
    ("fact", "value", "seen", "do"),
    [
        (
            "nofile_soft",
            256,
            "Open files allowed (ulimit -n): 256, and a pool of 64 may need 320",
            "RLIMIT_NOFILE, (320",
        ),
        ("nproc_used", 29_990, "Further processes allowed to this user (ulimit -u): 10", "ulimit -u"),
        (
            "pids_room",
            20,
            "Further tasks allowed by the control group (pids.max): 20, and a pool of 64 may need 128",
            "--pids-limit",
        ),
        ("usable_memory", GIB // 4, "256 MiB, and a pool of 8 may need 576 MiB", "max_workers"),
        ("memory_available", GIB // 4, "256 MiB, and a pool of 8 may need 576 MiB", "max_workers"),
        ("address_space_soft", GIB // 2, "Address space allowed a process (ulimit -v): 512 MiB", "control group"),
    ],
)
def test_one_limit_is_low(fact, value, seen, do):
    [finding] = judge(FINE | {fact: value})

    assert (finding.rule, finding.level) == ("MP703", "warning")
    assert finding.concern > 1
    assert seen in finding.seen
    assert do in finding.do


def test_files_are_raised_no_higher_than_allowed():
    [finding] = judge(FINE | {"nofile_soft": 100, "nofile_hard": 200})

    assert "(200, hard)" in finding.do


def test_a_hard_limit_as_low_is_raised_from_outside():
    [finding] = judge(FINE | {"nofile_soft": 164, "nofile_hard": 164})

    assert "docker run --ulimit nofile=320" in finding.do
    assert "some 25 workers" in finding.do


def test_no_semaphores_is_an_error():
    [finding] = judge(FINE | {"semaphores_work": False})

    assert finding.level == "error"
    assert "Pipe" in finding.do


def test_what_is_unknown_hides_no_other_limit():
    [finding] = judge(FINE | {"nofile_soft": 100, "pids_room": None, "unknown": {"pids_room": "no control groups"}})

    assert "Open files" in finding.seen


def test_not_judged_when_nothing_is_known():
    with pytest.raises(NotJudged):
        list(judge({"unknown": {}}))


def test_failures_that_say_which_limit_was_met(table):
    example = "OSError: [Errno 24] Too many open files"
    (finding,) = RULE.run(table("failures", {"kind": "task", "count": 3, "example": example}))

    assert (finding.level, finding.place.line) == ("error", 7)
    assert "3 tasks or children failed (app.py:7)" in finding.seen
    assert "open files (ulimit -n)" in finding.do


@pytest.mark.parametrize("example", ["ValueError: no", None])
def test_silent_on_other_failures(table, example):
    assert list(RULE.run(table("failures", {"kind": "task", "count": 3, "example": example}))) == []


def test_failures_without_a_count_are_not_judged(table):
    with pytest.raises(NotJudged, match="count"):
        list(RULE.run(table("failures", {"kind": "task", "count": None, "example": "MemoryError"})))
