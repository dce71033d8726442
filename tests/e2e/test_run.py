"""`mpdiag run` as users type it: the program is what it was, and the report follows."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for what is left in /proc and /dev/shm")

#: Where temporary files may go, but for the working folder, which is in one of them here.
PLACES = [place for place in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/usr/tmp") if Path(place).is_dir()]
POOL = """
import multiprocessing, sys

def square(number):
    return number * number

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        print(sum(pool.map(square, range(100))), sys.argv)
    sys.exit(int(sys.argv[2]))
"""
FORK = """
import os, threading
done = threading.Event()
threading.Thread(target=done.wait).start()
pid = os.fork()
if not pid:
    os._exit(0)
os.waitpid(pid, 0)
done.set()
"""
#: Waits for what comes; tells when parent and child are ready. A signal that met the child amid its birth would be
#: lost, as it is bare: what its handler raises in a callback of os.fork is ignored.
WAITS = """
import multiprocessing, os, signal, sys, time
if {survives}:
    signal.signal(signal.SIG{name}, lambda *_: sys.exit(9))

def wait(told):
    os.write(told, b"x")
    time.sleep(60)

if __name__ == "__main__":
    heard, told = os.pipe()
    child = multiprocessing.get_context("fork").Process(target=wait, args=(told,), daemon=True)
    child.start()
    os.read(heard, 1)
    print("ready", flush=True)
    while True:
        time.sleep(0.01)
"""


@pytest.fixture
def script(sandbox):
    """Writes a script and gives its name."""

    def write(text, name="app.py"):
        (sandbox.folder / name).write_text(text, encoding="utf-8")
        return name

    return write


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool(sandbox, script, method):
    done = sandbox.run("run", "--json", "out.json", script(POOL), method, "3", "--json", "-v")

    report = json.loads((sandbox.folder / "out.json").read_text())
    roles = [process["role"] for process in report["account"]["processes"]]
    assert (done.returncode, done.stdout) == (3, f"328350 ['app.py', '{method}', '3', '--json', '-v']\n")
    assert report["verdict"] in done.stderr.replace("\n", " ")
    assert (report["kind"], roles.count("main"), roles.count("worker")) == ("run", 1, 2)


def test_a_fork_of_its_own_beside_a_thread(sandbox, script):
    sandbox.run("run", "-q", "--json", "out.json", script(FORK))

    found = json.loads((sandbox.folder / "out.json").read_text())["findings"]
    (finding,) = [one for one in found if one["rule"] == "MP603"]
    assert finding["place"]["file"].endswith("app.py")
    assert FORK.splitlines()[finding["place"]["line"] - 1] == "pid = os.fork()"


def test_a_module_and_a_command(sandbox, script):
    script("import sys; print(sys.argv[1:], __name__, __spec__.name)", "module.py")

    module = sandbox.run("run", "-q", "--json", "a.json", "-m", "module", "-m", "x")
    command = sandbox.run("run", "-q", "--json", "b.json", "--", "sh", "-c", 'echo "$@"; exit 4', "sh", "-x", "--", "y")

    assert (module.returncode, module.stdout, module.stderr) == (0, "['-m', 'x'] __main__ module\n", "")
    assert (command.returncode, command.stdout, command.stderr) == (4, "-x -- y\n", "")
    assert json.loads((sandbox.folder / "b.json").read_text())["kind"] == "run"


def test_input_and_output_are_the_programs(sandbox, script):
    name = script("import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data); sys.stderr.write('e\\n')")
    data = os.urandom(200_000)
    with sandbox.start("run", name, stdin=subprocess.PIPE, text=False, encoding=None) as process:
        out, err = process.communicate(data, timeout=60)

    assert (process.returncode, out) == (0, data)
    assert err.startswith(b"e\n")
    sandbox.expect_nothing_left()


def test_a_terminal_stays_one(sandbox, script):
    name = script("import os, sys; print([os.isatty(n) for n in range(3)], os.get_terminal_size(), input())")
    ours, theirs = pty.openpty()
    with sandbox.start("run", "--json", "out.json", "-q", name, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, b"typed\n")
        shown = drained(ours)

    assert process.returncode == 0
    assert b"[True, True, True] os.terminal_size(columns=0, lines=0) typed" in shown


def drained(terminal):
    """All that is written to a terminal until nobody has it open."""
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            os.close(terminal)
            return shown


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "USR1"])
@pytest.mark.parametrize("survives", [False, True], ids=["ends it", "is handled"])
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["to us", "to the group"])
def test_signals_are_the_programs(sandbox, script, name, survives, send):
    number = getattr(signal, f"SIG{name}")
    program = script(WAITS.format(survives=survives, name=name))
    with sandbox.start("run", "-q", "--json", "out.json", program, start_new_session=True) as process:
        assert process.stdout.readline() == "ready\n"
        send(process.pid, number)
        code = process.wait(60)
        for pid in sandbox.processes():  # a child that its parent left behind, as it would without us
            os.kill(pid, signal.SIGKILL)

    report = json.loads((sandbox.folder / "out.json").read_text())
    assert code == (9 if survives else 128 + number)
    assert report["account"]["processes"][0]["role"] == "main"
    sandbox.expect_nothing_left()


def test_a_ctrl_c_that_the_program_survives_ends_nobody(sandbox, script):
    name = script(
        "import os, signal, time; signal.signal(2, lambda *_: os.write(1, b'no\\n')); print(1, flush=True); "
        "time.sleep(1); raise SystemExit(6)"
    )
    with sandbox.start("run", "-q", "--json", "out.json", name, start_new_session=True) as process:
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert (out, process.returncode) == ("no\n", 6), err
    sandbox.expect_nothing_left()


def test_stopped_and_continued_with_the_program(sandbox, script):
    name = script("import time; print(1, flush=True); time.sleep(0.5); print(2)")
    with sandbox.start("run", "-q", "--json", "out.json", name, start_new_session=True) as process:
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGTSTP)  # of an orphaned group, it stops nobody
        os.killpg(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        os.killpg(process.pid, signal.SIGCONT)
        out, _ = process.communicate(timeout=60)

    assert (out, process.returncode) == ("2\n", 0)
    sandbox.expect_nothing_left()


def test_ignored_signals_stay_ignored(sandbox, script):
    name = script("import signal; print([signal.getsignal(n) == signal.SIG_IGN for n in (1, 2, 3)])")
    ignoring = ("sh", "-c", "trap '' HUP INT QUIT; exec \"$@\"", "sh")

    assert sandbox.run("run", name, prefix=ignoring).stdout == "[True, True, True]\n"


def test_the_program_outlives_us(sandbox, script):
    name = script("import time; print(1, flush=True); time.sleep(0.5); print(2)")
    with sandbox.start("run", name) as process:
        process.stdout.readline()
        process.kill()
        assert process.stdout.read() == "2\n"

    sandbox.expect_nothing_left()


@pytest.mark.usefixtures("mounts")
def test_nowhere_to_write(sandbox, script):
    name = script("print('runs')")
    frozen = " && ".join(f"mount --bind {place} {place} && mount -o remount,bind,ro {place}" for place in PLACES)

    done = sandbox.run("run", name, setup=f"{sandbox.mounts} && {frozen}")

    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(r"mpdiag: no private folder .*\n", done.stderr)


def test_standard_error_that_is_full(sandbox, script):
    with Path("/dev/full").open("w") as full:
        fine = sandbox.run("run", script("print(1)"), stderr=full)
        own = sandbox.run("run", script("raise SystemExit(8)"), stderr=full)

    assert (fine.returncode, fine.stdout) == (3, "1\n")
    assert own.returncode == 8


def test_fail_on_is_for_programs_that_end_well(sandbox, script):
    """Nothing is found in an empty program at the level of an error."""
    done = sandbox.run("run", "--fail-on", "error", script("pass"))

    assert done.returncode == 0
