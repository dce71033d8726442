"""What is known of a program that still runs."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import pytest

from mpdiag.glance import Glance
from mpdiag.watch import account as accounts
from mpdiag.watch import folder as private
from mpdiag.watch import lives
from mpdiag.watch.sampler import Sampler

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of processes")

PROGRAM = """
import multiprocessing, sys
def wait(event):
    event.wait(30)
if __name__ == "__main__":
    event = multiprocessing.Event()
    child = multiprocessing.get_context("fork").Process(target=wait, args=(event,))
    child.start()
    print("ready", flush=True)
    child.join(0.5)
    print("waited", flush=True)
    sys.stdin.readline()
    event.set()
    child.join()
"""


def test_what_still_goes_on_is_counted_until_now(tmp_path):
    (tmp_path / "app.py").write_text(PROGRAM)
    folder = tmp_path / "run"
    private.stage(folder)
    began = time.monotonic()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": private.environment(folder)}
    with subprocess.Popen([sys.executable, tmp_path / "app.py"], **pipes) as process:
        sampler = Sampler(folder, process.pid, round(began * 1e9))
        look = Glance(folder, process.pid, began, 2.0, sampler)
        process.stdout.readline()
        process.stdout.readline()
        sampler.look()
        sampler.look()

        run = look.run()
        lived = lives.lives(run)
        account = accounts.account(run, lived)
        headline = look.headline(run)
        process.communicate(b"\n", timeout=30)
    sampler.stop()

    assert [life.role for life in lived] == ["main", "process"]
    child = account.processes[1]
    assert child.ended_s == pytest.approx(run.wall_s, abs=0.05)
    assert child.buckets["recv"] > 0.4  # its first wait, which is not over
    assert account.total["join"] > 0.4
    assert account.unaccounted_fraction < 0.03
    assert headline.startswith("Running for ")
    assert ": 2 processes, " in headline
    assert " of 2 CPUs, " in headline


def test_one_that_has_ended_is_counted_no_more(tmp_path):
    private.stage(tmp_path / "run")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as program:
        sampler = Sampler(tmp_path / "run", program.pid)
        look = Glance(tmp_path / "run", program.pid, time.monotonic(), 1.5, sampler)
        sampler.look()
        run = look.run()
        program.communicate(b"\n", timeout=60)
    sampler.stop()

    assert ": 1 process, " in look.headline(run)
    gone = tuple(replace(vital, ended=-1.0) for vital in run.vitals)
    assert ": 0 processes, 0.0 of 1.5 CPUs." in look.headline(replace(run, outside=replace(run.outside, vitals=gone)))
