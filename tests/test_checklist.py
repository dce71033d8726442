"""The list that `mpdiag doctor` goes through, for machines made by hand."""

from __future__ import annotations

import pytest

from mpdiag import checklist, registry

MACHINE = {
    "usable_cpus": 1.5, "logical_cpus": 8, "cpu_quota": 1.5, "throttled_s": 3.0, "usable_memory": 2**30,
    "memory_available": 2**29, "swap_total": 2**30, "swap_used": 2**20, "shm_present": True, "shm_total": 2**26,
    "shm_free": 2**25, "nofile_soft": 1024, "nproc_soft": None, "address_space_soft": 2**32, "semaphores_work": True,
    "container": "docker", "container_depth": 2, "os_release": "Debian", "leftover_segments": {"count": 3},
    "orphaned_workers": 1,
}  # fmt: skip
PYTHON = {
    "default_start_method": "forkserver", "start_methods": ["forkserver", "fork", "spawn"], "gil_enabled": True,
    "implementation": "CPython", "version": "3.14.1", "pool_workers": 8, "chosen": "given with --python",
    "native_pools": [{"library": "openblas", "threads": 4}, {"library": "gomp", "threads": None}],
}  # fmt: skip


def finding(rule, level):
    return registry.rules()[rule].finding(level=level, seen="seen", do="do", concern=1.0)


def rows(findings=(), machine=None, python=None):
    section = checklist.section({**MACHINE, **(machine or {})}, {**PYTHON, **(python or {})}, findings)
    return {row["what"]: row for row in section.rows}


def test_what_is_there_is_told_line_by_line():
    assert {what: row["here"] for what, row in rows().items()} == {
        "CPUs": "1.50 usable of 8; a default pool has 8 workers",
        "CPU quota": "1.50 CPUs, held up for 3.00 s so far",
        "memory": "512 MiB free of 1 GiB",
        "swap": "1 MiB of 1 GiB in use",
        "shared memory": "32 MiB free of 64 MiB",
        "limits": "open files 1,024, processes no limit, address space 4 GiB, semaphores work",
        "start method": "forkserver by default; fork, spawn on request",
        "interpreter": "CPython 3.14.1 with the GIL; given with --python",
        "native threads": "threads in each process: openblas 4, gomp",
        "leftovers": "3 segments or semaphores, 1 workers without a parent",
        "surroundings": "Debian, in docker, 2 deep",
    }


def test_a_line_is_marked_by_the_loudest_finding_of_its_rules():
    found = rows([finding("MP418", "note"), finding("MP701", "warning"), finding("MP703", "error")])

    assert (found["CPUs"]["mark"], found["CPUs"]["remark"]) == ("!", "MP418, MP701")
    assert (found["limits"]["mark"], found["limits"]["remark"]) == ("!!", "MP703")
    assert {row["mark"] for what, row in found.items() if what not in ("CPUs", "limits")} == {"ok"}


def test_what_is_not_known_is_no_health():
    found = rows(machine={"shm_present": None, "unknown": {"shm_present": "shared memory is not a file system here"}})

    assert found["shared memory"] == {
        "mark": "?",
        "what": "shared memory",
        "here": "not known",
        "remark": "shared memory is not a file system here",
    }


@pytest.mark.parametrize(
    ("machine", "python", "line", "word"),
    [
        ({"wsl": True}, {}, "surroundings", "WSL"),
        ({"translated": True}, {}, "surroundings", "Rosetta"),
        ({"notebook": True}, {}, "surroundings", "Jupyter"),
        ({"traced": True}, {}, "surroundings", "debugger"),
        ({"cgroup_ancestors_hidden": True}, {}, "CPU quota", "hidden"),
        ({"throttled_now_s": 0.02, "looked_s": 0.5}, {}, "CPU quota", "held up for 20.0 ms of the 500 ms"),
        ({"memory_available": 2**26}, {}, "memory", "little is free"),
        ({"swap_used": 2**29 + 1}, {}, "swap", "waits for the disk"),
        ({}, {"debug_build": True}, "interpreter", "debug build"),
        ({}, {"frozen": True}, "interpreter", "frozen"),
        ({}, {"free_threaded": True, "gil_enabled": False}, "interpreter", "free-threaded"),
    ],
)
def test_what_is_unusual_is_said(machine, python, line, word):
    row = rows(machine=machine, python=python)[line]

    assert row["mark"] == "note"
    assert word in row["remark"]


@pytest.mark.parametrize(
    ("method", "said"), [("fork", "from Python 3.14"), ("forkserver", "up to Python 3.13"), ("spawn", "on Linux fork")]
)
def test_the_default_start_method_elsewhere(method, said):
    row = rows(python={"default_start_method": method})["start method"]

    assert row["mark"] == "ok"
    assert said in row["remark"]


def test_what_is_left_behind_can_be_removed():
    found = rows([finding("MP706", "note")])["leftovers"]
    clean = rows(machine={"leftover_segments": {"count": 0}, "orphaned_workers": 0})["leftovers"]

    assert (found["mark"], found["remark"]) == ("note", "MP706: -v says how to remove them")
    assert (clean["mark"], clean["here"], clean["remark"]) == ("ok", "nothing left behind", "")


def test_every_rule_of_a_line_exists_and_is_judged_by_facts_alone():
    for line in checklist.LINES:
        for rule in line.rules:
            assert registry.rules()[rule].judge is not None
