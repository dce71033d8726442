"""MP702 from the sizes that containers and plain machines have."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.small_shm import RULE, judge

MIB = 2**20


def facts(total: int, free: int, **more: object) -> dict[str, object]:
    return {"shm_present": True, "shm_total": total, "shm_free": free, "container": None, "unknown": {}, **more}


def test_silent_on_half_the_memory():
    assert list(judge(facts(8192 * MIB, 8000 * MIB))) == []


def test_silent_when_a_container_was_given_more():
    assert list(judge(facts(1024 * MIB, 1024 * MIB, container="docker"))) == []


@pytest.mark.parametrize(
    ("container", "remedy"),
    [("docker", "--shm-size"), ("kubernetes", "medium: Memory"), (None, "remount"), ("lxc", "remount")],
)
def test_the_default_of_containers(container, remedy):
    [finding] = judge(facts(64 * MIB, 16 * MIB, container=container))

    assert (finding.rule, finding.level, finding.concern) == ("MP702", "warning", 4.0)
    assert "64 MiB, 16 MiB of it free" in finding.seen
    assert remedy in finding.do


def test_a_large_one_that_is_full():
    [finding] = judge(facts(8192 * MIB, 0))

    assert "Find what fills it" in finding.do


def test_a_missing_one():
    [finding] = judge({"shm_present": False, "shm_total": None, "unknown": {"shm_total": "there is no /dev/shm"}})

    assert "There is no /dev/shm" in finding.seen


def test_not_judged_elsewhere():
    with pytest.raises(NotJudged, match="not a file system"):
        list(judge({"shm_present": None, "unknown": {"shm_present": "shared memory is not a file system"}}))


def test_processes_that_died_of_a_bus_error(table):
    killed = {"role": "worker", "exit": "SIGBUS"}
    (finding,) = RULE.run(table("processes", killed, {"exit": 0}), facts(64 * MIB, MIB, container="docker"))

    assert (finding.level, finding.place.line) == ("error", 7)
    assert "1 of the processes (app.py:7) ended by SIGBUS" in finding.seen
    assert "--shm-size" in finding.do


def test_silent_where_nobody_did(table):
    assert list(RULE.run(table("processes", {"exit": 0}, {"exit": "SIGTERM"}), facts(64 * MIB, MIB))) == []
