"""Hosts: what they say is taken in, and nothing of them stays, however they end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from mpdiag import launcher
from mpdiag.bench import Plan
from mpdiag.errors import CannotWork
from mpdiag.launcher import Gathered, Launcher
from mpdiag.model import Measured

PROBE_HEAD = """
from mpdiag.model import Doc, Probe, Row, Table
def run(bench):
{body}
PROBE = Probe(__name__, run, Doc("t", "w", "h"), (Table("", "T", ()),))
"""


@pytest.fixture
def started():
    with Launcher(sys.executable) as started:
        yield started


def run(started, body, **plan):
    """Run a probe whose ``run(bench)`` is ``body``."""
    source = PROBE_HEAD.format(body="\n".join(f"    {line}" for line in body.splitlines()))
    (started.folder / "mpdiag" / "probes" / "invented.py").write_text(source)
    return started.run(Plan(**{"probe": "invented", "deadline_s": 20.0, "profile_s": 0.2, **plan}))


def test_rows_arrive(started):
    gathered = run(
        started,
        "from mpdiag.stats import measured\n"
        "yield Row({'kind': 'Pipe', 'time': measured([1.0] * 7)})\n"
        "yield Row({'x': None}, 'more')",
    )

    assert gathered.status == "ok"
    assert gathered.rows == {
        "": [{"kind": "Pipe", "time": Measured(1.0, 1.0, 1.0, 7, [1.0] * 7)}],
        "more": [{"x": None}],
    }


def test_prints_of_measured_code_do_not_garble_the_messages(started):
    gathered = run(started, "import os\nprint('hello')\nos.write(1, b'{\"end\": 1}\\n')\nyield Row({'a': 1})")
    assert (gathered.status, gathered.rows) == ("ok", {"": [{"a": 1}]})


def test_a_failure_is_described_and_keeps_its_rows(started):
    gathered = run(started, "yield Row({'a': 1})\nraise ValueError('went wrong\\nbadly')")

    assert gathered.status == "failed"
    assert gathered.reason.startswith("ValueError: went wrong (invented.py:")
    assert gathered.rows == {"": [{"a": 1}]}


def test_a_skip_has_its_reason(started):
    gathered = run(started, "from mpdiag.bench import Skip\nyield from ()\nraise Skip('no semaphores')")
    assert (gathered.status, gathered.reason) == ("skipped", "no semaphores")


def test_a_late_host_is_ended(started):
    gathered = run(started, "import time\nyield Row({'a': 1})\ntime.sleep(60)", deadline_s=1.0)

    assert (gathered.status, gathered.reason) == ("timeout", "not done by its deadline")
    assert gathered.rows == {"": [{"a": 1}]}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_host_is_named(started):
    gathered = run(started, "import os\nyield Row({'a': 1})\nos.kill(os.getpid(), 9)")

    assert gathered.status == "failed"
    assert "SIGKILL" in gathered.reason
    assert gathered.rows == {"": [{"a": 1}]}


@pytest.mark.skipif(sys.platform == "win32", reason="sessions")
def test_children_do_not_outlive_their_host(started):
    gathered = run(
        started,
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "yield Row({'pid': child.pid})",
    )
    assert gathered.status == "ok"
    assert not running(gathered.rows[""][0]["pid"])


@pytest.mark.skipif(sys.platform == "win32", reason="fork")
def test_children_that_hold_the_output_of_a_dead_host_do_not_stop_us(started):
    gathered = run(
        started,
        "import os, time\nif not os.fork():\n    time.sleep(60)\nyield Row({'a': 1})\ntime.sleep(0.2)\nos._exit(1)",
    )
    assert gathered.status == "failed"
    assert gathered.duration_s < 20
    assert gathered.rows == {"": [{"a": 1}]}


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs /dev/shm")
def test_segments_of_a_killed_host_are_unlinked(started):
    gathered = run(
        started,
        "import time\n"
        "from multiprocessing.shared_memory import SharedMemory\n"
        "segment = SharedMemory(create=True, size=4096)\n"
        "yield Row({'name': segment.name})\n"
        "time.sleep(60)",
        deadline_s=1.5,
    )
    assert gathered.status == "timeout"
    assert not Path("/dev/shm", gathered.rows[""][0]["name"]).exists()


def test_a_probe_is_timed_and_profiled_apart(started):
    gathered = run(
        started,
        "from mpdiag.bench import steady\n"
        "def work():\n"
        "    for number in range(1_000_000):\n"
        "        pass\n"
        "    return {'wall': 1.0}\n"
        "bench.measure({'work': steady(work)}, share=1.0)\n"
        "yield Row({'bench': type(bench).__name__})",
    )
    assert gathered.rows == {"": [{"bench": "Bench"}]}
    assert any("work" in line.function for line in gathered.profile)
    assert gathered.process["stopped_by"] == {"interval": 1}
    assert gathered.process["rss_peak"] > 2**20


def test_the_host_sees_only_what_it_needs(started):
    gathered = run(started, "import sys\nyield Row({'modules': ' '.join(sorted(sys.modules))})")

    modules = gathered.rows[""][0]["modules"].split()
    assert not {"click", "rich", "psutil", "msgspec", "mpdiag.engine", "mpdiag.units"} & set(modules)


def test_an_interpreter_that_cannot_start(tmp_path):
    with Launcher(str(tmp_path / "python")) as started, pytest.raises(CannotWork, match="cannot be started"):
        started.run(Plan(probe=""))


def test_facts_of_the_interpreter(started):
    gathered = started.run(Plan(probe="", deadline_s=20.0))

    assert gathered.status == "ok"
    assert gathered.facts["version"] == ".".join(map(str, sys.version_info[:3]))
    json.dumps(gathered.facts)


def test_the_private_folder_goes():
    with Launcher(sys.executable) as started:
        folder = started.folder
        assert folder.stat().st_mode & 0o077 == 0 or os.name == "nt"
    assert not folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_host_vanishes_when_mpdiag_is_killed(tmp_path):
    script = (
        "import sys\n"
        "from mpdiag.bench import Plan\n"
        "from mpdiag.launcher import Launcher\n"
        "with Launcher(sys.executable) as started:\n"
        "    (started.folder / 'mpdiag/probes/invented.py').write_text(sys.argv[1])\n"
        "    print(started.folder, flush=True)\n"
        "    started.run(Plan(probe='invented', deadline_s=60.0))\n"
    )
    source = PROBE_HEAD.format(
        body="    import os, time\n"
        "    open(os.environ['TMPDIR'] + '/../pid', 'w').write(str(os.getpid()))\n"
        "    time.sleep(60)\n    yield Row({})"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", script, source],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    folder = Path(killed.stdout.readline().strip())
    pid = wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    killed.kill()
    killed.wait()
    killed.stdout.close()

    assert wait_for(lambda: not running(int(pid)))
    assert wait_for(lambda: not folder.exists())


def running(pid):
    """Does ``pid`` still run? A zombie waits only for being reaped."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition, seconds=20.0):
    """What ``condition`` returns once it is true."""
    import time

    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return answer


def test_a_line_cut_short_is_no_message():
    assert launcher.heard(b'{"cells": {"a"') == {}


def test_an_interruption_keeps_what_was_said(started):
    gathered = Gathered()

    def interrupt():
        if gathered.rows:
            raise KeyboardInterrupt

    (started.folder / "mpdiag" / "probes" / "invented.py").write_text(
        PROBE_HEAD.format(body="    import time\n    yield Row({'a': 1})\n    time.sleep(60)")
    )
    with pytest.raises(KeyboardInterrupt):
        started.run(Plan(probe="invented", deadline_s=60.0), gathered, interrupt)

    assert (gathered.status, gathered.reason) == ("skipped", "interrupted")
    assert gathered.rows == {"": [{"a": 1}]}


def test_pythonsafepath_does_not_hide_what_was_staged(started, monkeypatch):
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    gathered = run(started, "import mpdiag.work\nyield Row({'file': mpdiag.work.__file__})")

    assert gathered.rows[""][0]["file"].startswith(str(started.folder))


def test_the_next_host_starts_when_the_timing_of_one_is_over_and_waits_for_its_plan():
    with Launcher(sys.executable, hosts=2) as started:
        first = run(started, "yield Row({'a': 1})")
        waiting = started._waiting[0].process.pid
        second = run(started, "import os\nyield Row({'pid': os.getpid()})")

        assert (first.status, second.status) == ("ok", "ok")
        assert second.rows == {"": [{"pid": waiting}]}
        assert started._waiting == []


def test_a_host_that_nobody_asks_for_anything_goes():
    with Launcher(sys.executable) as started:
        started.start_ahead()
        waiting = started._waiting[0].process.pid

        assert running(waiting)
    assert not running(waiting)


def test_a_host_that_died_before_its_plan_came_is_named():
    with Launcher(sys.executable) as started:
        started.start_ahead()
        started._waiting[0].process.kill()
        started._waiting[0].process.wait()
        gathered = run(started, "yield Row({'a': 1})")

    assert gathered.status == "failed"
    assert "ended early" in gathered.reason


def test_an_interpreter_that_cannot_start_ahead_is_told_of_when_it_is_needed(tmp_path):
    with Launcher(str(tmp_path / "python")) as started:
        started.start_ahead()
        with pytest.raises(CannotWork, match="cannot be started"):
            started.run(Plan(probe=""))
