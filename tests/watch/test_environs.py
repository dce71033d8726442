"""What the machine did to a program as a whole."""

import os
import subprocess
import sys

import pytest

from mpdiag.machine import cgroups
from mpdiag.watch import environs as module
from mpdiag.watch.environs import Environs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")


def held(group, seconds):
    group.mkdir(exist_ok=True)
    (group / "cpu.stat").write_text(f"throttled_usec {seconds * 1_000_000:.0f}\n")


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """The program's own group, and the one above, which has been held up long before."""
    own, above = tmp_path / "own", tmp_path / "above"
    held(own, 1.0)
    held(above, 90.0)
    monkeypatch.setattr(cgroups, "throttled", lambda pid: {each: cgroups.held_up(each) for each in (own, above)})
    return own, above


def test_a_quota_holds_the_group_up_that_the_program_began_in(groups):
    environs = Environs(os.getpid())
    held(groups[0], 3.5)

    assert environs.surroundings(wall_s=5.0, cpu_s=1.0).throttled_s == 2.5


def test_who_was_killed_for_memory_meanwhile(tmp_path, monkeypatch):
    file = tmp_path / "memory.events"
    file.write_text("oom_kill 3\n")
    monkeypatch.setattr(cgroups, "killed", lambda pid: {file: cgroups.kills(file)})
    environs = Environs(os.getpid())
    file.write_text("oom_kill 5\n")

    assert environs.surroundings(wall_s=5.0, cpu_s=1.0).memory_kills == 2

    file.unlink()
    assert environs.surroundings(wall_s=5.0, cpu_s=1.0).memory_kills is None


def test_unknown_when_the_group_is_gone(groups):
    environs = Environs(os.getpid())
    for group in groups:
        (group / "cpu.stat").unlink()

    assert environs.surroundings(wall_s=5.0, cpu_s=1.0).throttled_s is None


@pytest.mark.parametrize(("wall_s", "busy_s", "share"), [(10.0, 12.0, 0.5), (0.1, 0.12, None)])
def test_what_others_had_is_told_of_times_that_are_long_enough(monkeypatch, wall_s, busy_s, share):
    monkeypatch.setattr(module.psutil, "cpu_count", lambda: 2)
    monkeypatch.setattr(module, "own_cpu_s", lambda: 0.0)
    busy = iter((100.0, 100.0 + busy_s))
    monkeypatch.setattr(module, "busy_s", lambda: next(busy))

    assert Environs(os.getpid()).surroundings(wall_s=wall_s, cpu_s=2.0 * wall_s / 10).others_share == share


def test_cpu_time_of_children_that_the_program_waited_for_and_nobody_saw():
    environs = Environs(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)

    assert environs.cpu_s() > 0.05
