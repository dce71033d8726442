"""Whether a program stands still: real processes, and the ledger that they write."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from mpdiag.hang import ending
from mpdiag.hang.stillness import Stillness, Work
from mpdiag.hang.tree import Tree
from mpdiag.tap import layout
from mpdiag.watch import folder

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux' /proc")

AFTER = 1.0
STILL = "import time; print('ready', flush=True); time.sleep(30)"
BUSY = "print('ready', flush=True)\nwhile True: pass"
TALKS = "import time\nprint('ready', flush=True)\nwhile True: open('/dev/zero', 'rb').read(64); time.sleep(0.05)"


@pytest.fixture
def start():
    """Starts a Python program and gives its process when it is ready."""
    started = []

    def begin(code):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        started.append(process)
        process.stdout.readline()
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def found(stillness, seconds=3 * AFTER):
    """Whether it is found to stand still within that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if stillness.hangs():
            return True
        time.sleep(0.05)
    return False


def test_one_that_only_waits_stands_still_and_is_told_once(start):
    stillness = Stillness(Tree(start(STILL).pid, None), AFTER)

    first = found(stillness)
    stillness.tell()

    assert (first, found(stillness)) == (True, False)


@pytest.mark.parametrize("code", [BUSY, TALKS], ids=["computes", "reads"])
def test_one_that_goes_on_does_not(start, code):
    assert not found(Stillness(Tree(start(code).pid, None), AFTER))


def test_what_the_ledger_counts_is_progress(start, tmp_path, monkeypatch):
    process = start(STILL)
    ledgers = tmp_path / folder.LEDGERS
    ledgers.mkdir()
    ledger = ledgers / f"{process.pid}.0"
    ledger.write_bytes(bytes(layout.SIZE))
    monkeypatch.setattr("mpdiag.watch.ledgers.Ledgers.owns", lambda *_: True)
    stillness = Stillness(Tree(process.pid, tmp_path), AFTER)
    count, end = 0, time.monotonic() + 3 * AFTER
    hung = False

    while time.monotonic() < end:
        with ledger.open("r+b", buffering=0) as file:
            os.pwrite(file.fileno(), (count := count + 1).to_bytes(8, "little"), 8 * layout.COUNTS)
        hung = hung or stillness.hangs()
        time.sleep(0.1)

    assert not hung
    assert found(stillness)


@pytest.mark.parametrize(
    ("before", "now", "command", "expected"),
    [
        (Work(1, 4, 2), Work(2, 4, 2), "python app.py", True),
        (Work(1, 4, 2), Work(1, 6, 2), "python app.py", True),
        (Work(1, 4, 2), Work(1, 6, 3), "python app.py", False),
        (Work(1, 4, 2), Work(2, 6, 3), "python app.py", True),
        (Work(), Work(0, 6, 0), "python -c from multiprocessing.forkserver import main; main(5)", False),
        (Work(1, 4, 2), Work(1, 4, 2), "python app.py", False),
    ],
    ids=["a task", "messages", "messages of starting", "a task and a start", "the fork server's", "nothing"],
)
def test_messages_with_the_fork_server_are_no_work(monkeypatch, before, now, command, expected):
    commands = {7: command.split(" ", 2), 1: ["sh"]}
    monkeypatch.setattr(ending, "parent_of", lambda _: 1)
    monkeypatch.setattr(ending.processes, "command_line", lambda pid: tuple(commands[pid]))

    assert now.more(before, 7) is expected
