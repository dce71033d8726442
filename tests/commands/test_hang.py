"""Which program `mpdiag hang` means, and what it says of one that is not there."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from mpdiag import cli
from mpdiag.commands.hang import hang
from mpdiag.errors import BadInput

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' /proc")


def invoke(*arguments):
    return CliRunner().invoke(hang, arguments)


@pytest.fixture
def programs():
    """Two programs that sleep, with a mark of their own in the command line."""
    mark = uuid.uuid4().hex
    command = [sys.executable, "-c", "import time; time.sleep(60)", mark]
    started = [subprocess.Popen(command) for _ in range(2)]
    yield mark, started
    for process in started:
        process.kill()
        process.wait()


def test_no_such_process_or_name():
    absent, unnamed = invoke("4194304"), invoke("no-such-program-anywhere")

    assert (type(absent.exception), type(unnamed.exception)) == (BadInput, BadInput)
    assert "there is no process 4194304" in str(absent.exception)
    assert "no programs have 'no-such-program-anywhere'" in str(unnamed.exception)


def test_several_are_listed(programs, capfd):
    mark, started = programs

    code = cli.run(["hang", mark])
    told = capfd.readouterr().err

    assert code == 2
    assert all(str(process.pid) in told for process in started)
    assert "2 programs have" in told


def test_watching_looks_again(programs, monkeypatch, capfd):
    _, (watched, _) = programs
    pauses = iter([lambda: watched.send_signal(signal.SIGSTOP), lambda: signal.raise_signal(signal.SIGINT)])
    asked = []

    def sleep(seconds):
        asked.append(seconds)
        next(pauses)()

    monkeypatch.setattr(sys.modules["mpdiag.commands.hang"], "time", SimpleNamespace(sleep=sleep))
    code = cli.run(["hang", str(watched.pid), "--watch", "7"])
    first, second = [
        line for line in capfd.readouterr().out.splitlines() if line.startswith(("Not stuck", "A process"))
    ]

    assert (code, asked) == (130, [7.0, 7.0])
    assert first.startswith("Not stuck, but idle: main sleeps")
    assert second.startswith("A process was suspended")
