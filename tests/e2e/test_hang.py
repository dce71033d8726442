"""`mpdiag hang` and `run --hang-after` as users type them, on programs that really hang."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpdiag.hang import tree
from mpdiag.watch import procfs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' /proc and asks by its signals")

PROGRAM = Path(__file__).parent / "programs" / "hangs.py"
METHODS = ("fork", "spawn", "forkserver")
CASES = {
    **{("join_before_drain", method): "MP601" for method in METHODS},
    **{("blocked_put", method): "MP602" for method in METHODS},
    ("fork_with_threads", "fork"): "MP603",
    **{("pipe_end_left_open", method): "MP604" for method in METHODS},
    ("worker_killed", "spawn"): "MP605",
    # These use CPU time all the while, but get nothing done.
    ("exception_not_rebuilt", "fork"): "MP606",
    ("initializer_fails", "fork"): "MP107",
}
#: Seconds of stillness after which a program hangs; until a program that hangs does nothing else.
AFTER, SETTLED, DEADLINE = 2, 1.5, 40


def still(run: subprocess.Popen) -> dict[int, procfs.Stat]:
    """The processes of a program under `mpdiag run`, as soon as none of them runs any more."""
    before: dict[int, float] = {}
    since, end = time.monotonic(), time.monotonic() + DEADLINE
    while time.monotonic() - since < SETTLED:
        assert time.monotonic() < end, "it never stands still"
        program = tree.of(run.pid)
        stats = {pid: stat for pid in program.pids() if program.folder and (stat := procfs.stat(pid))}
        now = {pid: stat.user_s + stat.system_s for pid, stat in stats.items()}
        if now != before or not now:
            before, since = now, time.monotonic()
        time.sleep(0.1)
    return stats


@pytest.fixture
def hanging(sandbox) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts a program under `mpdiag run` and gives it when it stands still; ends it afterwards."""
    started: list[subprocess.Popen] = []

    def start(case: str, method: str, **settings: object) -> subprocess.Popen:
        process = sandbox.start("run", "-q", "--json", "run.json", PROGRAM, case, method, **settings)
        started.append(process)
        still(process)
        return process

    yield start
    for process in started:
        for pid in [pid for pid in sandbox.processes() if pid != process.pid]:
            subprocess.run(["kill", "-9", str(pid)], check=False, capture_output=True)
        process.communicate(timeout=60)


@pytest.mark.parametrize(("case", "rule"), CASES.items(), ids=lambda each: "-".join(each) if each in CASES else each)
def test_the_cause_is_named_and_the_program_killed(sandbox, case, rule):
    options = ("--hang-after", AFTER, "--on-hang", "kill", "--json", "out.json")

    done = sandbox.run("run", *options, PROGRAM, *case)

    report = json.loads((sandbox.folder / "out.json").read_text())
    assert (done.returncode, [each["rule"] for each in report["findings"]]) == (4, [rule])
    assert report["findings"][0]["place"]["file"].endswith("hangs.py")
    assert report["verdict"] in done.stderr.replace("\n", " ")


def test_a_program_is_looked_at_and_left_as_it_is(sandbox, hanging):
    run = hanging("waits_for_input", "spawn", stdin=subprocess.PIPE)
    before = still(run)

    told = [sandbox.start("hang", "--json", "hang.json", run.pid).communicate(timeout=60) for _ in range(2)]
    after = still(run)
    run.communicate("going on\n", timeout=60)

    report = json.loads((sandbox.folder / "hang.json").read_text())
    assert all("Not stuck, but idle: main waits for" in out for out, _ in told), told
    assert (report["kind"], report["findings"]) == ("hang", [])
    assert {pid: stat.started for pid, stat in after.items()} == {pid: stat.started for pid, stat in before.items()}
    assert run.returncode == 0


def test_names_of_threads_are_shown_without_what_terminals_would_do(sandbox, hanging):
    run = hanging("hostile_names", "fork")

    out, _ = sandbox.start("hang", run.pid).communicate(timeout=60)

    assert "red" in out
    assert not {"\x1b", "\x07"}.intersection(out)


def test_a_look_at_a_look_and_ctrl_c(sandbox, hanging):
    run = hanging("healthy_slow", "fork")
    watching = sandbox.start("hang", "--watch", 1, run.pid)
    watching.stdout.readline()

    done = sandbox.start("hang", watching.pid)
    out, _ = done.communicate(timeout=60)
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=60)

    assert (done.returncode, out[:9]) == (0, "Not stuck")
    assert watching.returncode == 130


def test_one_that_works_is_not_stuck(sandbox, hanging):
    run = hanging("healthy_slow", "fork")

    done = sandbox.start("hang", "--json", "hang.json", run.pid)
    out, _ = done.communicate(timeout=60)

    assert (done.returncode, json.loads((sandbox.folder / "hang.json").read_text())["findings"]) == (0, [])
    assert out.startswith("Not stuck")
