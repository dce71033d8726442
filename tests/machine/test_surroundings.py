"""What stands between a process and the hardware, from trees and fakes."""

from __future__ import annotations

import os
import sys

import pytest

from mpdiag.interpreter import Unknown
from mpdiag.machine import surroundings

ONE, TWO = "a" * 64, "b" * 64


def kernel(tmp_path, release):
    path = tmp_path / "proc/sys/kernel/osrelease"
    path.parent.mkdir(parents=True)
    path.write_text(release)
    return tmp_path


@pytest.mark.parametrize(("release", "expected"), [("5.15.1-microsoft-standard-WSL2\n", True), ("6.1.0\n", False)])
def test_wsl(tmp_path, release, expected):
    assert surroundings.wsl(kernel(tmp_path, release)) is expected


def test_no_kernel_is_no_wsl(tmp_path):
    assert surroundings.wsl(tmp_path) is False


def test_rosetta():
    def unknown(_name):
        raise Unknown("no such variable")

    assert surroundings.translated("darwin", {"sysctl.proc_translated": "1"}.__getitem__) is True
    assert surroundings.translated("darwin", {"sysctl.proc_translated": "0"}.__getitem__) is False
    assert surroundings.translated("darwin", unknown) is False
    assert surroundings.translated("linux", unknown) is False


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are a Linux notion")
@pytest.mark.parametrize(
    ("path", "depth"), [("/user.slice", 0), (f"/docker/{ONE}", 1), (f"/docker/{ONE}/kubepods/{TWO}", 2)]
)
def test_containers_within_containers(tmp_path, path, depth):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(f"0::{path}\n1:cpu:/\n")

    assert surroundings.container_depth(tmp_path) == depth


def test_notebooks():
    assert surroundings.notebook({"JPY_PARENT_PID": "7"}) is True
    assert surroundings.notebook({"HOME": "/"}) is False


@pytest.mark.parametrize(("pid", "expected"), [("0", False), ("12", True)])
def test_a_debugger_of_an_ancestor(tmp_path, pid, expected):
    (tmp_path / f"proc/{os.getppid()}").mkdir(parents=True)
    (tmp_path / f"proc/{os.getppid()}/status").write_text(f"Name:\tsh\nTracerPid:\t{pid}\n")

    assert surroundings.traced(tmp_path) is expected


def test_who_traces_is_not_told_everywhere(tmp_path):
    with pytest.raises(Unknown):
        surroundings.traced(tmp_path)
