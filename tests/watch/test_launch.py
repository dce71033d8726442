"""A program under `Launched` is what it would be alone: every difference would be ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from mpdiag.errors import BadInput
from mpdiag.watch.launch import Launched, numbers, signal_name

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="compares signals, groups and descriptors")


def code_of(*command, environ=os.environ):
    with Launched(command, environ) as program:
        program.wait()
    return program.code


def python(code):
    return (sys.executable, "-c", textwrap.dedent(code))


@pytest.mark.parametrize(
    ("code", "shown", "told"),
    [
        ("pass", 0, 0),
        ("raise SystemExit(5)", 5, 5),
        ("1 / 0", 1, 1),
        ("import os; os._exit(255)", 255, 255),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, "SIGKILL"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGRTMIN + 1)", 163, "signal 35"),
    ],
)
def test_the_exit_code_is_the_programs(code, shown, told, capfd):
    with Launched(python(code), os.environ) as program:
        program.wait()

    assert (program.code, program.exit) == (shown, told)
    assert program.wall_s > 0


def test_leaving_waits_for_the_end_even_on_an_error(tmp_path):
    done = tmp_path / "done"

    def fail_meanwhile():
        with Launched(python(f"import time; time.sleep(0.3); open({str(done)!r}, 'w')"), os.environ):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_meanwhile()

    assert done.exists()


def test_ticks_come_while_it_runs():
    ticks = []
    with Launched(python("import time; time.sleep(0.5)"), os.environ) as program:
        program.wait(lambda: ticks.append(program.pid), every=0.02)

    assert len(ticks) > 3
    assert set(ticks) == {program.pid}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "no such program"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_text("echo"), "Permission denied"),
        (lambda path: (path.write_text("\1"), path.chmod(0o755)), "Exec format error. A script begins"),
        (lambda path: (path.write_text("#!/no/such/thing\n"), path.chmod(0o755)), "No such file"),
    ],
    ids=["missing", "folder", "not executable", "no format", "no interpreter"],
)
def test_what_cannot_be_started_is_said(tmp_path, make, said):
    make(tmp_path / "program")
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    with pytest.raises(BadInput) as error:
        code_of(str(tmp_path / "program"))

    assert said in f"{error.value}. {error.value.hint}"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_signals_mean_afterwards_what_they_did_before():
    handlers = {number: signal.getsignal(number) for number in range(1, 32)}
    assert code_of(*python("pass")) == 0

    assert {number: signal.getsignal(number) for number in range(1, 32)} == handlers


# --- as itself: the same program, alone and launched by a process of its own, side by side

SEES = """
    import json, os, signal, sys

    def is_open(number):
        try:
            os.fstat(number)
        except OSError:
            return False
        return True

    print(json.dumps({
        "argv": sys.argv, "flags": list(sys.flags), "path": sys.path, "cwd": os.getcwd(), "python": sys.executable,
        "stdin": sys.stdin.read() if sys.stdin else None, "group": os.getpgrp(), "session": os.getsid(0),
        "umask": os.umask(0), "descriptors": [number for number in range(64) if is_open(number)],
        "ignored": [int(one) for one in signal.valid_signals() if signal.getsignal(one) == signal.SIG_IGN],
        "blocked": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))), "environ": dict(os.environ),
    }), file=sys.stderr)
"""
LAUNCHES = "import os, sys; from mpdiag.watch.launch import Launched\nwith Launched(sys.argv[1:], os.environ): pass"


@pytest.fixture
def both(tmp_path):
    """What a program sees alone, and launched."""
    script = tmp_path / "sees.py"
    script.write_text(textwrap.dedent(SEES))

    def compare(**settings):
        settings = {"stdin": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": tmp_path, **settings}
        program = [sys.executable, "-X", "utf8", script, "--json", "-v"]
        alone = subprocess.run(program, check=True, **settings)
        launched = subprocess.run([sys.executable, "-c", LAUNCHES, *program], check=True, **settings)
        return json.loads(alone.stderr), json.loads(launched.stderr)

    return compare


def test_it_sees_the_same_world(both):
    alone, launched = both(stdin=None, input=b"three words here", preexec_fn=lambda: os.umask(0o027))

    assert alone["stdin"] == "three words here"
    assert alone["umask"] == 0o027
    assert launched == alone


def test_it_inherits_the_descriptors_that_we_did(both):
    reader, writer = os.pipe()
    try:
        alone, launched = both(pass_fds=(writer,))
    finally:
        os.close(reader)
        os.close(writer)

    assert writer in alone["descriptors"]
    assert launched == alone


def test_closed_streams_stay_closed(both):
    alone, launched = both(preexec_fn=lambda: os.closerange(0, 2))

    assert alone["stdin"] is None
    assert launched == alone


def test_ignored_signals_stay_ignored(both):
    numbers = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)
    alone, launched = both(preexec_fn=lambda: [signal.signal(number, signal.SIG_IGN) for number in numbers])

    assert set(alone["ignored"]) > set(numbers)
    assert launched == alone


# --- signals

#: Tells what it gets; on SIGTERM it ends with the count of it.
COUNTS = """
    import os, signal, sys, time
    got = []

    def count(number, _frame):
        got.append(number)
        os.write(1, b"%d\\n" % number)  # the next one may come while this one is told

    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, count)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(len(got)))
    print("ready", flush=True)
    while True:
        time.sleep(0.01)
"""
STANDS_BY = (
    "import os, sys; from mpdiag.watch.launch import Launched\n"
    "with Launched(sys.argv[1:], os.environ) as program: pass\n"
    "sys.exit(program.code)"
)


@pytest.fixture
def counting():
    """The process that stands by a program that counts its signals; both in a group of their own."""
    command = [sys.executable, "-c", STANDS_BY, *python(COUNTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["to us alone", "to the group"])
def test_a_signal_comes_once(counting, send):
    for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT):
        send(counting.pid, number)
        assert counting.stdout.readline() == f"{number:d}\n"
    counting.terminate()

    assert counting.wait(10) == 4


def test_the_program_outlives_us(tmp_path):
    """Nothing of it may hang on the one who started it."""
    done = tmp_path / "done"
    program = python(f"import time; print('ready', flush=True); time.sleep(0.5); open({str(done)!r}, 'w')")
    with subprocess.Popen([sys.executable, "-c", STANDS_BY, *program], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.kill()
        process.stdout.read()  # until the program and the witness are gone

    assert done.exists()


def test_names():
    assert numbers(("SIGTERM", "SIGNOTHING")) == [signal.SIGTERM]
    assert signal_name(9) == "SIGKILL"
