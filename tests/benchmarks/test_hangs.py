"""The benchmark of hangs ends in good order when it is interrupted: with its score so far, and nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import hangs
import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs are looked at through /proc")

#: One that is asked about within seconds, and one that nobody asks about before its patience ends.
QUICK, LONG = "thread_queue_never_filled", "big_computation"
DEADLINE = 60.0


@pytest.fixture
def benchmark_of_two(tmp_path) -> Iterator[subprocess.Popen]:
    """The benchmark at work on two programs; whatever is left of it ends afterwards."""
    process = subprocess.Popen(
        [sys.executable, hangs.__file__, QUICK, f"{LONG}-spawn", "--ways", "outside", "--jobs", "2", "--verbose"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
        start_new_session=True,
    )
    yield process
    for pid in left(tmp_path):
        os.kill(pid, signal.SIGKILL)
    process.communicate()


def left(folder: Path) -> list[int]:
    """The processes that live and whose temporary files lie in ``folder``, or below it."""
    found = []
    for process in psutil.process_iter():
        try:
            inside = process.environ().get("TMPDIR", "").startswith(str(folder))
        except psutil.Error:
            continue
        if inside and process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def wait_for(what) -> None:
    end = time.monotonic() + DEADLINE
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_benchmark_tells_what_it_knows_and_leaves_nothing(benchmark_of_two, tmp_path, number):
    first = benchmark_of_two.stdout.readline()

    benchmark_of_two.send_signal(number)
    out, errors = benchmark_of_two.communicate(timeout=DEADLINE)

    assert (first.split()[0], errors) == (f"{QUICK}-spawn", "")
    assert "Interrupted: 1 of 2 had their turn." in out
    assert out.splitlines()[-1].split()[:4] == ["outside:", "hanging", "1/1", "100%"]
    assert benchmark_of_two.returncode == hangs.INTERRUPTED
    wait_for(lambda: not left(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_before_the_first_answer(benchmark_of_two, tmp_path):
    wait_for(lambda: len(left(tmp_path)) > 1)

    benchmark_of_two.send_signal(signal.SIGTERM)
    benchmark_of_two.send_signal(signal.SIGTERM)
    out, errors = benchmark_of_two.communicate(timeout=DEADLINE)

    assert ("Interrupted: 0 of 2 had their turn." in out, errors) == (True, "")
    assert benchmark_of_two.returncode == hangs.INTERRUPTED
    wait_for(lambda: not left(tmp_path))
