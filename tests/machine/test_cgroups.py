"""Control groups, read from checked-in trees and from this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mpdiag.interpreter import Unknown
from mpdiag.machine import cgroups

TREES = Path(__file__).parent.parent / "golden" / "proc"


def read(tree: str) -> dict[str, object]:
    """The facts that are not null."""
    return {key: value for key, value in cgroups.facts(TREES / tree).items() if value is not None}


def test_v2_the_smallest_limit_of_own_group_and_ancestors_wins():
    assert read("v2_ancestor_quota") == {
        "cgroup_version": "v2",
        "cgroup_ancestors_hidden": False,
        "cpu_quota": 1.5,
        "cpu_quota_level": 1,
        "memory_limit": 4 * 2**30,
        "memory_limit_level": 2,
        "pids_max": 100,
        "pids_room": 10,
    }


def test_v1_quota_is_fractional_and_no_limit_is_null():
    assert read("v1_cpu_cpuacct") == {
        "cgroup_version": "v1",
        "cgroup_ancestors_hidden": False,
        "cpu_quota": 0.5,
        "cpu_quota_level": 0,
        "memory_limit": 512 * 2**20,
        "memory_limit_level": 1,
        "pids_max": 64,
        "pids_room": 4,
    }


def test_v1_container_whose_own_group_is_mounted_as_the_root():
    assert read("v1_docker") == {
        "cgroup_version": "v1",
        "cgroup_ancestors_hidden": True,
        "cpu_quota": 2.5,
        "cpu_quota_level": 0,
        "memory_limit": 2**30,
        "memory_limit_level": 0,
    }


def test_hybrid_takes_each_controller_from_its_own_hierarchy():
    assert read("hybrid") == {
        "cgroup_version": "hybrid",
        "cgroup_ancestors_hidden": False,
        "cpu_quota": 1.5,
        "cpu_quota_level": 0,
        "pids_max": 500,
        "pids_room": 499,
    }


def test_v2_namespace_root_carries_limits_and_hides_its_ancestors():
    assert read("v2_kubernetes") == {
        "cgroup_version": "v2",
        "cgroup_ancestors_hidden": True,
        "cpu_quota": 2.0,
        "cpu_quota_level": 0,
        "memory_limit": 256 * 2**20,
        "memory_limit_level": 0,
    }


def test_no_control_groups():
    assert read("no_cgroups") == {"cgroup_ancestors_hidden": False}


def test_a_path_outside_the_namespace_falls_back_to_the_mount(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/../elsewhere\n")
    (tmp_path / "proc/self/mountinfo").write_text("31 23 0:27 / /cg ro - cgroup2 cgroup rw\n")
    (tmp_path / "cg").mkdir()
    (tmp_path / "cg/cpu.max").write_text("25000 100000\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/cpu.max").write_text("1000 100000\n")

    assert cgroups.facts(tmp_path)["cpu_quota"] == 0.25


def test_a_strange_form_is_unknown_not_a_crash(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("strange\n")
    (tmp_path / "proc/self/mountinfo").write_text("")

    with pytest.raises(Unknown, match="unknown form"):
        cgroups.facts(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux has control groups")
def test_this_machine():
    facts = cgroups.facts(Path("/"))

    assert tuple(facts) == cgroups.KEYS
    assert facts["cpu_quota"] is None or facts["cpu_quota"] > 0


@pytest.mark.parametrize(
    ("version", "text", "seconds"),
    [
        ("v2", "usage_usec 5\nnr_throttled 3\nthrottled_usec 2500000\n", 2.5),
        ("v1", "nr_periods 9\nnr_throttled 3\nthrottled_time 1500000000\n", 1.5),
        ("v2", "usage_usec 5\n", None),
    ],
)
def test_how_long_a_quota_held_up(tmp_path, version, text, seconds):
    mounts = {
        "v1": "30 20 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
        "v2": "30 20 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    }
    group = tmp_path / "sys/fs/cgroup" / ("cpu/app" if version == "v1" else "app")
    for folder in (group, tmp_path / "proc/self", tmp_path / "proc/42"):
        folder.mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(mounts[version])
    (tmp_path / "proc/42/cgroup").write_text("4:cpu:/app\n" if version == "v1" else "0::/app\n")
    (group / "cpu.stat").write_text(text)

    assert cgroups.throttled(tmp_path, 42) == ({} if seconds is None else {group: seconds})


def test_without_control_groups_nothing_tells_of_throttling(tmp_path):
    assert cgroups.throttled(tmp_path) == {}


MEMORY_V1 = ("30 20 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "4:memory:/app\n", "memory/app")
MEMORY_V2 = ("30 20 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/app\n", "app")
SOME = "some avg10=0.00 avg60=0.00 avg300=0.00 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9000000\n"


@pytest.mark.parametrize(
    ("version", "files", "expected"),
    [
        (MEMORY_V2, {"memory.pressure": SOME.format(1500000), "memory.events": "oom 4\noom_kill 3\n"}, (1.5, 3)),
        (MEMORY_V1, {"memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"}, (0.5, 2)),
        (MEMORY_V2, {}, (0.5, None)),
    ],
    ids=["v2", "v1, and the machine's pressure", "no controller"],
)
def test_what_lack_of_memory_did(tmp_path, version, files, expected):
    mounts, own, place = version
    group = tmp_path / "sys/fs/cgroup" / place
    for folder in (group, tmp_path / "proc/self", tmp_path / "proc/42", tmp_path / "proc/pressure"):
        folder.mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(mounts)
    (tmp_path / "proc/42/cgroup").write_text(own)
    (tmp_path / "proc/pressure/memory").write_text(SOME.format(500000))
    for name, text in files.items():
        (group / name).write_text(text)

    told = cgroups.killed(tmp_path, 42)
    assert (cgroups.stalled(tmp_path, 42), next(iter(told.values()), None)) == expected
    assert [cgroups.kills(file) for file in told] == [*told.values()]


def test_nothing_tells_of_memory_where_there_is_no_proc(tmp_path):
    assert (cgroups.stalled(tmp_path, 42), cgroups.killed(tmp_path, 42)) == (None, {})
