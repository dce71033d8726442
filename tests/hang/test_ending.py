"""A program that hangs is ended as Ctrl-C would first, then by force, with all that belongs to it and nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from mpdiag.hang import ending, tree
from mpdiag.watch import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals of POSIX, processes by /proc")

TIDY = """\
import time
try:
    print(flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("cleared up", flush=True)
"""
STUBBORN = """\
import signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print(flush=True)
time.sleep(60)
"""
#: Ends only when its child has, which does not heed Ctrl-C; leaves a semaphore to its tracker.
JOINS = """\
import multiprocessing as mp, signal, sys, time

def work(lock):
    print(flush=True)
    time.sleep(60)

if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    lock = context.Lock()
    child = context.Process(target=work, args=(lock,))
    signal.signal(signal.SIGINT, lambda *_: None)
    child.start()
    child.join()
"""


@pytest.fixture
def start(tmp_path):
    """Starts a program and gives its process when it is ready; whatever is left of it is killed afterwards."""
    started = []

    def begin(code: str, *arguments: str) -> subprocess.Popen:
        script = tmp_path / "app.py"
        script.write_text(code)
        process = subprocess.Popen([sys.executable, str(script), *arguments], stdout=subprocess.PIPE, text=True)
        started.append((process, []))
        process.stdout.readline()
        started[-1][1].extend(tree.of(process.pid).pids())
        return process

    yield begin
    for process, pids in started:
        ending.send([pid for pid in pids if processes.stat(pid)], ending.KILL)
        process.wait()
        process.stdout.close()


def test_it_may_clear_up_first(start):
    process = start(TIDY)

    ending.end(tree.of(process.pid), 20.0)

    assert (process.stdout.read(), process.wait()) == ("cleared up\n", 0)


def test_one_that_is_stopped_goes_on_to_end(start):
    process = start(TIDY)
    process.send_signal(signal.SIGSTOP)
    while processes.stat(process.pid).state != "T":
        time.sleep(0.01)

    ending.end(tree.of(process.pid), 20.0)

    assert (process.stdout.read(), process.wait()) == ("cleared up\n", 0)


def test_what_heeds_nothing_is_killed(start):
    process = start(STUBBORN)

    ending.end(tree.of(process.pid), 0.1)

    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_program_ends_with_its_children_and_helpers(start, method):
    process = start(JOINS, method)
    program = tree.of(process.pid)
    pids = program.pids()

    ending.end(program, 5.0)

    assert len(pids) > 1
    assert process.wait() == 0
    assert [pid for pid in pids if (stat := processes.stat(pid)) and stat.state not in ending.procfs.ENDED] == []


def test_another_process_with_the_same_pid_is_left_alone(start):
    process = start(TIDY)
    began = processes.stat(process.pid).started

    assert ending.lives(process.pid, began)
    assert not ending.lives(process.pid, began + 1)
