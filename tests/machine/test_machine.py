"""Facts of the machine: from checked-in trees, from fakes of other systems, and from this one."""

from __future__ import annotations

import getpass
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from multiprocessing import shared_memory
from pathlib import Path

import psutil
import pytest

from mpdiag import machine
from mpdiag.machine import cgroups, containers, leftovers

TREES = Path(__file__).parent.parent / "golden" / "proc"
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads what only Linux has")
posix = pytest.mark.skipif(os.name != "posix", reason="owners are a POSIX notion")


def test_every_null_is_either_explained_or_means_none():
    facts = machine.gather()

    assert json.loads(json.dumps(facts)) == facts
    assert all(facts[key] is None and reason for key, reason in facts["unknown"].items())
    assert facts["usable_workers"] >= 1
    assert 0 < facts["usable_cpus"] <= facts["logical_cpus"]
    assert facts["memory_available"] <= facts["memory_total"]


def test_what_others_left_is_looked_for_only_where_it_is_wanted(monkeypatch):
    looked = []
    monkeypatch.setattr(machine.leftovers, "segments", lambda *_: looked.append("segments"))
    monkeypatch.setattr(machine.leftovers, "orphans", lambda *_: looked.append("orphans") or [])

    few = machine.gather(leftovers=False)
    assert looked == []
    everything = machine.gather()

    assert looked == ["segments", "orphans"]
    assert everything.keys() - few.keys() == {"leftover_segments", "orphaned_workers", "orphaned_pids"}


def test_nothing_personal_is_gathered():
    text = json.dumps(machine.gather())

    assert socket.gethostname() not in text or len(socket.gethostname()) < 4
    assert str(Path.home()) not in text
    assert getpass.getuser() == "root" or f'"{getpass.getuser()}"' not in text


@linux
def test_a_tree_with_limits():
    facts = machine.gather(TREES / "v2_ancestor_quota")

    assert facts["os_release"] == "Debian GNU/Linux 12 (bookworm)"
    assert facts["cpu_model"] == "Intel(R) Xeon(R) CPU @ 2.20GHz"
    assert facts["transparent_huge_pages"] == "madvise"
    assert facts["overcommit"] == "never"
    assert facts["autogroup"] is True
    assert facts["usable_cpus"] == min(1.5, facts["logical_cpus"], facts["affinity_cpus"])
    assert facts["usable_memory"] == min(4 * 2**30, facts["memory_total"])
    assert facts["shm_present"] is True
    assert facts["shm_total"] >= facts["shm_free"] > 0


@linux
def test_a_tree_without_shared_memory_or_processor_name():
    facts = machine.gather(TREES / "no_cgroups")

    assert facts["shm_present"] is False
    assert facts["shm_total"] is None
    assert facts["unknown"]["shm_total"] == "there is no /dev/shm"
    assert facts["unknown"]["leftover_segments"] == "no /dev/shm to look into"
    assert facts["unknown"]["os_release"] == "No such file or directory"
    assert facts["container"] == "wsl"
    assert facts["cgroup_version"] is None
    assert "cgroup_version" not in facts["unknown"]


@linux
def test_an_unreadable_proc_is_explained(tmp_path):
    facts = machine.gather(tmp_path)

    assert facts["cpu_quota"] is None
    assert facts["unknown"]["cpu_quota"] == "No such file or directory"
    assert facts["usable_cpus"] == min(facts["logical_cpus"], facts["affinity_cpus"])


@linux
@pytest.mark.parametrize(("system", "unknown"), [("darwin", "affinity_cpus"), ("win32", "cpu_quota")])
def test_other_systems_have_the_same_keys(system, unknown, tmp_path):
    facts = machine.gather(tmp_path, system)

    assert facts.keys() == machine.gather().keys()
    assert unknown in facts["unknown"]
    assert "shm_total" in facts["unknown"]
    assert facts["overcommit"] is None
    assert facts["usable_workers"] >= 1


def test_macos_knows_that_no_quota_exists(tmp_path):
    facts = machine.gather(tmp_path, "darwin")

    assert [facts[key] for key in cgroups.KEYS] == [None] * len(cgroups.KEYS)
    assert not facts["unknown"].keys() & set(cgroups.KEYS)


@linux
def test_affinity_narrows_what_is_usable():
    one = min(os.sched_getaffinity(0))
    code = (
        f"import os; os.sched_setaffinity(0, [{one}]); from mpdiag import machine; f = machine.gather();"
        "print(f['affinity_cpus'], f['usable_workers'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["1", "1"]


@linux
def test_limits_of_the_process_are_its_own():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (77, 99));"
        "from mpdiag import machine; f = machine.gather(); print(f['nofile_soft'], f['nofile_hard'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["77", "99"]


@pytest.mark.parametrize(
    ("tree", "signs"),
    [
        ("v2_kubernetes", ["/var/run/secrets/kubernetes.io exists", "/.dockerenv exists"]),
        ("v1_docker", ["/.dockerenv exists", "/proc/self/cgroup says docker"]),
        ("v2_ancestor_quota", []),
    ],
)
def test_signs_of_containers(tree, signs):
    assert [sign for _, sign in containers.signs(TREES / tree)] == signs


@posix
def test_leftovers_are_old_ours_by_name_and_mapped_by_nobody(tmp_path):
    shutil.copytree(TREES / "leftovers", tmp_path, dirs_exist_ok=True)

    # Without a least age: psm_aaaaaaaa is mapped, something-else is not multiprocessing's.
    found = leftovers.segments(tmp_path, youngest_s=-1)

    assert found["count"] == len(found["names"]) == 2
    assert all((tmp_path / "dev/shm" / name).is_file() for name in found["names"])
    assert leftovers.segments(tmp_path)["count"] == 0


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("psm_0fac51", True),
        ("sem.mp-a_b1", True),
        ("sem.loky-1021-3mo3", True),
        ("sem.other", False),
        ("psm_1.txt", False),
    ],
)
def test_names_of_the_libraries_are_known(name, ours):
    assert bool(leftovers.NAMES.fullmatch(name)) == ours


@linux
def test_a_segment_in_use_is_no_leftover():
    segment = shared_memory.SharedMemory(create=True, size=4096)
    try:
        mapped, _ = leftovers._mapped(Path("/proc"))
    finally:
        segment.close()
        segment.unlink()

    assert segment.name.lstrip("/") in mapped
    assert "psm_00000000" not in mapped


def test_a_worker_with_a_parent_is_no_orphan():
    worker = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    worker.start()
    try:
        process = psutil.Process(worker.pid)
        while not process.cmdline():  # for a moment after exec there is none
            time.sleep(0.001)

        assert leftovers.WORKER.search(" ".join(process.cmdline()))
        assert not leftovers._is_orphan(process, process.username())
    finally:
        worker.kill()
        worker.join()
