"""Processes that wait can be asked what for, and wait on."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mpdiag.hang import answers
from mpdiag.hang.tree import Tree
from mpdiag.watch import folder, procfs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks by signals, of Linux")

WAITING = Path(__file__).parent / "waiting.py"
WAYS = {node.name for node in ast.parse(WAITING.read_text()).body if isinstance(node, ast.FunctionDef)} - {
    "later",
    "after",
}
JOINS = """
import multiprocessing as mp, sys, signal

def put(queue):
    signal.alarm(30)
    queue.put(bytes(300_000))

if __name__ == "__main__":
    signal.alarm(30)
    context = mp.get_context(sys.argv[1])
    queue = context.Queue()
    child = context.Process(target=put, args=(queue,))
    child.start()
    child.join()
"""


@pytest.fixture
def start(tapped, python):
    """Starts a program under the taps of each interpreter; gives it and its tree. It is killed afterwards."""
    started = []

    def begin(*command: str) -> tuple[subprocess.Popen, Tree]:
        observed = tapped(python)
        process = subprocess.Popen(
            [python, "-W", "ignore", *command],
            env=folder.environment(observed.folder, {**observed.environ, "TMPDIR": str(observed.folder)}),
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, Tree(process.pid, observed.folder)

    yield begin
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_whoever_is_asked_waits_on(start):
    process, tree = start(str(WAITING))
    asked = set()

    while process.poll() is None:
        asked |= set(answers.ask(tree.folder / folder.LEDGERS, tree.numbers()))
    out = process.stdout.read()

    assert (process.returncode, {line.split()[0] for line in out.splitlines()}) == (0, WAYS)
    assert len(asked) >= len(WAYS) - 1


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_what_is_waited_for(start, tmp_path, method):
    script = tmp_path / "app.py"
    script.write_text(JOINS)
    _, tree = start(str(script), method)

    told = until(lambda: joining(tree))
    feeder = next(each for each in told[1].threads if each.name == "QueueFeederThread")

    assert [each.name for each in told[0].queues] == [each.name for each in told[1].queues]
    assert {thing.kind for thing in feeder.things} >= {"connection"}


def until(ask):
    """The answer, as soon as there is one."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.1)
    raise AssertionError("no answer")


def test_a_question_is_no_end_of_a_wait(start, tmp_path):
    script = tmp_path / "app.py"
    script.write_text(JOINS)
    process, tree = start(str(script), "fork")
    until(lambda: procfs.wchan(process.pid, process.pid) == "do_wait" and tree.numbers().get(process.pid) is not None)
    asked = time.monotonic_ns()

    told = [answers.ask(tree.folder / folder.LEDGERS, {process.pid: tree.numbers()[process.pid]}) for _ in range(2)]
    first, second = (next(each for each in one[process.pid].threads if each.main) for one in told)

    assert 0 < first.since < asked
    assert second.since == first.since


FORKS = """
import os, sys

def child():
    loaded = "mpdiag_tap.waits" in sys.modules
    os._exit(loaded)

for _ in range(12):
    pid = os.fork()
    if not pid:
        child()
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def test_what_answers_is_there_when_many_are_forked(tapped, python):
    done = tapped(python).run("-W", "ignore", "-c", FORKS)

    loaded = [line == "1" for line in done.out.split()]
    assert (done.code, done.err, len(loaded)) == (0, "", 12)
    assert (loaded[0], loaded[-1], loaded) == (False, True, sorted(loaded))


def joining(tree):
    """The answers of the one that joins and of the one that is joined, when both wait."""
    told = answers.ask(tree.folder / folder.LEDGERS, tree.numbers())
    for answer in told.values():
        for thread in answer.threads:
            pids = [thing.facts[0] for thing in thread.things if thing.kind == "process" and thread.main]
            child = next((told[pid] for pid in pids if pid in told), None)
            if child and any(each.name == "QueueFeederThread" for each in child.threads):
                return answer, child
    return None


LOOPS = """
import asyncio, signal

async def main():
    await asyncio.wait_for(asyncio.get_running_loop().create_future(), {limit})

signal.alarm(30)
asyncio.run(main())
"""


@pytest.mark.parametrize(("limit", "limited"), [(20, True), (None, False)])
def test_what_a_loop_waits_for_and_how_long(start, limit, limited):
    _, tree = start("-c", LOOPS.format(limit=limit))

    thing = until(lambda: selected(tree))

    assert len(thing.facts) >= 1
    assert (thing.timeout is not None) is limited


def selected(tree):
    """What a process's main thread waits for any of, if it does."""
    told = answers.ask(tree.folder / folder.LEDGERS, tree.numbers())
    things = (thing for answer in told.values() for thread in answer.threads for thing in thread.things)
    return next((thing for thing in things if thing.kind == "selected" and thing.facts), None)
