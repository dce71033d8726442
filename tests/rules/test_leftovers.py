"""MP706 from segments and orphans."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.leftovers import judge

CLEAN = {
    "leftover_segments": {"count": 0, "bytes": 0, "processes_not_seen": 3},
    "orphaned_workers": 0,
    "shm_total": 1000 * 2**20,
    "unknown": {},
}


def left(count: int, mib: int, unseen: int = 0) -> dict[str, object]:
    return CLEAN | {"leftover_segments": {"count": count, "bytes": mib * 2**20, "processes_not_seen": unseen}}


def test_silent_on_a_clean_machine():
    assert list(judge(CLEAN)) == []


def test_a_few_small_segments_are_a_note():
    [finding] = judge(left(2, 3))

    assert (finding.rule, finding.level, finding.concern) == ("MP706", "note", 2)
    assert "2 segments or semaphores of multiprocessing in /dev/shm (3 MiB)" in finding.seen
    assert "could not be read" not in finding.seen


def test_a_large_share_is_a_warning_and_blind_spots_are_said():
    [finding] = judge(left(1, 600, unseen=7))

    assert finding.level == "warning"
    assert "the maps of 7 processes could not be read" in finding.seen


def test_workers_without_a_parent():
    [finding] = judge(CLEAN | {"orphaned_workers": 3})

    assert (finding.level, finding.concern) == ("warning", 3)
    assert "daemon=True" in finding.do


def test_workers_are_judged_where_segments_cannot_be():
    machine = {"leftover_segments": None, "orphaned_workers": 1, "unknown": {"leftover_segments": "no /dev/shm"}}

    assert [finding.concern for finding in judge(machine)] == [1]


def test_not_judged_blind():
    with pytest.raises(NotJudged):
        list(judge({"leftover_segments": None, "orphaned_workers": None, "unknown": {"leftover_segments": "no"}}))


def test_what_to_remove_is_named_and_nothing_else():
    found = {**left(2, 3)["leftover_segments"], "names": ["psm_1f", "sem.mp-a"]}
    [few] = judge(CLEAN | {"leftover_segments": found})
    [many] = judge(CLEAN | {"leftover_segments": {**found, "count": 30, "names": [f"psm_{n}" for n in range(30)]}})

    assert "remove them: cd /dev/shm && rm psm_1f sem.mp-a. Call" in few.do
    assert " psm_7 and the like, 30 in all. Call" in many.do
    assert "*" not in few.do + many.do  # that would take away what is in use


def test_workers_to_end_are_named():
    [here] = judge(CLEAN | {"orphaned_workers": 2, "orphaned_pids": [31, 47], "os": "Linux"})
    [there] = judge(CLEAN | {"orphaned_workers": 1, "orphaned_pids": [31], "os": "Windows"})

    assert "(ps -o pid,lstart,args -p 31,47) and end those you do not know: kill 31 47." in here.do
    assert "Get-Process -Id 31" in there.do
