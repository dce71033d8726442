"""Busy processes tell their stacks; no other process is ever sent the signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from mpdiag.watch import asking, folder, procfs
from mpdiag.watch.asking import Asker
from mpdiag.watch.stacks import hot_lines
from mpdiag.watch.tracked import find

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks by signals, of Linux")

TAP = Path(folder.TAP).parent
#: Armed as the tap arms a process; then it does as asked.
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import os, time
from tap import ledger, stacks
del sys.path[0]
def cold(n):
    return sum(range(n))
def hot(n):
    total = 0
    for i in range(n):
        total += i * i
    return total
def work():
    cold(10)
    hot(20_000)
def busy():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        work()
def threads():
    import threading
    thread = threading.Thread(target=busy, daemon=True)
    thread.start()
    thread.join()
def idle():
    time.sleep(60)
stacks.arm(sys.argv[2] + "/%d.0.stacks" % os.getpid(), ledger.Ledger(sys.argv[2]).words)
print("ready", flush=True)
"""
#: Burns CPU time, and would die of the signal although the file says that it is ready.
UNARMED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from tap import layout, ledger
ledger.Ledger(sys.argv[2]).words[layout.H_READY] = 1
print("ready", flush=True)
while True: pass
"""


def interpreters() -> dict[str, str]:
    """Every Python from 3.9 on that is found here, one of each version."""
    places = [*Path.home().glob(".pyenv/versions/3.*/bin/python"), *Path("/opt").glob("cpython-3.*/bin/python3")]
    code = "import sys; print('3.%d' % sys.version_info[1])"
    found = {"own": sys.executable}
    for place in places:
        done = subprocess.run([place, "-I", "-c", code], capture_output=True, text=True, check=False)
        version = done.stdout.strip()
        if version and int(version[2:]) >= 9:
            found[version] = str(place)
    return found


INTERPRETERS = interpreters()


@contextmanager
def running(code: str, ledgers: Path, python: str = sys.executable):
    """A program whose stacks, if any, lie in ``ledgers``, tracked; ended at the end."""
    command = [python, "-c", code, str(TAP), str(ledgers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "ready\n"
            tracked = find(process.pid, 0.0)
            tracked.look(0.0)
            yield process, tracked
        finally:
            process.kill()


def ask(tracked, asker, *, until: int, ticks: int = 400, ledger: int | None = 0) -> int:
    """Look and ask, as the sampler does, until so many questions were asked or time is over; how many were."""
    asked = 0
    for _ in range(ticks):
        now = time.monotonic()
        tracked.look(now)
        asked += asker.turn(tracked, ledger, now, None)
        if asked >= until:
            break
        time.sleep(0.01)
    return asked


@pytest.mark.parametrize("python", INTERPRETERS.values(), ids=INTERPRETERS)
def test_a_busy_process_tells_what_burns(python, tmp_path):
    asker = Asker(tmp_path)
    with running(PROGRAM + "busy()", tmp_path, python) as (process, tracked):
        ask(tracked, asker, until=12)
        time.sleep(0.1)

        assert process.poll() is None
    samples = asker.result()
    hottest = next(line for line in hot_lines(samples) if line.function == "work")

    assert sum(sample.samples for sample in samples) >= 6
    assert (hottest.callee, hottest.file) == ("hot", "<string>")
    assert hottest.share > 0.5
    assert {sample.stack[-1].function for sample in samples} == {"<module>"}


#: Mostly met where it jumps back, from near and from afar.
JUMPING = (
    PROGRAM
    + """
def jumping(n):
    for i in range(n):
        if i < 0:
            n = 1
    return n
def far(n):
    for i in range(n):
        if i < 0:
            n = """
    + " + ".join(["n * i"] * 200)
    + """
    return n
while True:
    jumping(50_000)
    far(50_000)
"""
)


@pytest.mark.parametrize("python", INTERPRETERS.values(), ids=INTERPRETERS)
def test_a_loop_is_told_by_a_line_within_it(python, tmp_path):
    asker = Asker(tmp_path)
    with running(JUMPING, tmp_path, python) as (_, tracked):
        ask(tracked, asker, until=20)
        time.sleep(0.1)
    lines = JUMPING.split("\n")
    begins = {name: lines.index(f"def {name}(n):") + 2 for name in ("jumping", "far")}
    inner = [sample.stack[0] for sample in asker.result() for _ in range(sample.samples)]
    within = [frame for frame in inner if frame.line - begins.get(frame.function, 0) in range(3)]

    assert {frame.function for frame in within} == set(begins)
    assert len(within) >= 0.8 * len(inner) >= 8, inner


def test_a_thread_that_burns_is_told_of_while_the_main_thread_waits_for_a_lock(tmp_path):
    asker = Asker(tmp_path)
    with running(PROGRAM + "threads()", tmp_path) as (process, tracked):
        ask(tracked, asker, until=8)
        time.sleep(0.1)
        tracked.look(time.monotonic())
        samples = asker.result()

        assert process.poll() is None
    burnt = [sample for sample in samples if sample.thread is not None]

    assert {sample.thread for sample in burnt} & set(tracked.ran)
    assert {sample.stack[-1].function for sample in burnt} == {"_bootstrap"}
    assert hot_lines(burnt)[0].root.function == "busy"


#: As the tap says in the ledger what the main thread does.
DOING = """
from tap import layout
doing, since = layout.THREADS + layout.T_KIND, layout.THREADS + layout.T_SINCE
stacks._words[doing], stacks._words[since] = layout.KIND[%r], time.monotonic_ns()
busy()
"""


@pytest.mark.parametrize(("kind", "most"), [("run", 1), ("task", 1), ("import", 0), ("idle", 0)])
def test_at_the_first_look_a_process_is_asked_that_does_what_it_was_started_for(tmp_path, kind, most):
    asker, begun, asked = Asker(tmp_path), time.monotonic(), False
    with running(PROGRAM + DOING % kind, tmp_path) as (_, tracked):
        for _ in range(40):
            tracked.look(time.monotonic())
            asked = asked or asker.meet(tracked, 0, time.monotonic(), None)
            time.sleep(0.01)
    samples = asker.result()

    assert (asked, len(samples)) == (bool(most), most)
    assert all(0 < sample.cpu_s < time.monotonic() - begun for sample in samples), "though no look came after it"


def test_a_process_that_sleeps_is_not_asked(tmp_path):
    with running(PROGRAM + "idle()", tmp_path) as (_process, tracked):
        ask(tracked, Asker(tmp_path), until=1, ticks=5)  # may still be on its way
        assert ask(tracked, Asker(tmp_path), until=1, ticks=30) == 0


def test_a_process_without_handler_is_not_asked(tmp_path):
    with running(UNARMED, tmp_path) as (process, tracked):
        assert ask(tracked, Asker(tmp_path), until=1, ticks=30) == 0
        assert process.poll() is None


def test_a_process_whose_ledger_has_gone_is_not_asked(tmp_path):
    with running(PROGRAM + "busy()", tmp_path) as (process, tracked):
        (tmp_path / f"{process.pid}.0").unlink()

        assert ask(tracked, Asker(tmp_path), until=1, ticks=30) == 0


def test_a_process_without_ledger_is_not_asked(tmp_path):
    with running(PROGRAM + "busy()", tmp_path) as (_process, tracked):
        assert ask(tracked, Asker(tmp_path), until=1, ticks=30, ledger=None) == 0


def test_a_process_that_executes_another_program_is_not_asked(tmp_path):
    """The handler is gone, the file is not."""
    spin = "import sys\nprint('again', flush=True)\nwhile True: pass"
    become = f"sys.stdin.readline()\nos.execv(sys.executable, [sys.executable, '-c', {spin!r}])"
    code = PROGRAM + become
    command = [sys.executable, "-c", code, str(TAP), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            process.stdout.readline()
            tracked = find(process.pid, 0.0)
            asker = Asker(tmp_path)
            ask(tracked, asker, until=1, ticks=3)
            process.stdin.write("\n")
            process.stdin.flush()

            assert process.stdout.readline() == "again\n"
            assert ask(tracked, asker, until=1, ticks=30) == 0
            assert process.poll() is None
        finally:
            process.kill()


def test_only_one_question_at_a_time(tmp_path):
    """One that is stopped does not find a heap of signals when it goes on."""
    with running(PROGRAM + "busy()", tmp_path) as (process, tracked):
        os.kill(process.pid, signal.SIGSTOP)
        tracked.look(0.0)
        entry = asking.Asked(tracked, tmp_path / f"{process.pid}.0.stacks", asking.Parser())
        tracked.state, sent = "R", 0
        for number in range(1, 50):
            tracked.ran[process.pid] += 10_000_000
            sent += entry.turn(number * 1.0, None)

        assert sent == 1


def test_a_process_ends_in_peace(tmp_path):
    """Asked to its very end, it does not die of a question."""
    number = asking.signal_number()
    assert number
    for _ in range(5):
        with running(PROGRAM, tmp_path) as (process, _tracked):
            descriptor = os.pidfd_open(process.pid)
            while process.poll() is None:
                found = procfs.signals(process.pid)
                if found and found.heeds(number):
                    asking.send(process.pid, descriptor, number)
            os.close(descriptor)

            assert process.returncode == 0


@pytest.mark.parametrize(
    ("blocked", "ignored", "caught", "heeds"),
    [
        (0, 0, 1 << 60, True),
        (1 << 60, 0, 1 << 60, False),
        (0, 1 << 60, 0, False),
        (0, 0, 1 << 59, False),
        (0, 0, 0, False),
    ],
)
def test_masks(blocked, ignored, caught, heeds):
    assert procfs.Signals(blocked, ignored, caught).heeds(61) is heeds
