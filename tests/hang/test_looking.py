"""Looks at real processes, and at what goes wrong while we look."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from tests.hang.conftest import seen, thread

from mpdiag import hanging
from mpdiag.errors import CannotWork
from mpdiag.hang import kernel, looking, tree
from mpdiag.hang.tree import Tree
from mpdiag.watch import processes, procfs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the programs are looked at through /proc")

RESTS = "import time; print(flush=True); time.sleep(60)"
COMPUTES = "print(flush=True)\nwhile True: sum(range(1000))"
#: Has a child that is no Python.
RUNS_OTHERS = "import subprocess; print(flush=True); subprocess.run(['sleep', '60'])"
#: Waits for requests in a loop of asyncio.
SERVES = """\
import asyncio
async def serve():
    server = await asyncio.start_server(print, "127.0.0.1", 0)
    print(flush=True)
    await server.serve_forever()
asyncio.run(serve())
"""
#: Starts one child after the other, none of which ends soon.
GROWS = """\
import subprocess, time
print(flush=True)
for _ in range(40):
    subprocess.Popen(["sleep", "60"])
    time.sleep(0.1)
"""
#: Has a child that has ended, and does not take its exit code.
LEAVES_A_ZOMBIE = "import subprocess, time; child = subprocess.Popen(['true']); print(flush=True); time.sleep(60)"


@pytest.fixture
def start():
    """Starts a Python program and gives its process when it is ready; ends it afterwards with its children."""
    started = []

    def begin(code: str) -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        started.append(process)
        process.stdout.readline()
        return process

    yield begin
    for process in started:
        for child in processes.children(process.pid):
            subprocess.run(["kill", "-9", str(child)], check=False, capture_output=True)
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_program_that_ends_while_it_is_looked_at(start):
    process = start("print(flush=True)")
    process.wait()

    with pytest.raises(CannotWork, match="has ended while it was looked at"):
        hanging.explain(Tree(process.pid, None))


def test_a_process_that_ends_between_the_looks_is_told_of_no_more(start):
    process = start("import subprocess, time; subprocess.Popen(['sleep', '0.2']); print(flush=True); time.sleep(60)")
    taken = looking.take(tree.of(process.pid), 0.8)

    ended = [pid for pid, seen in taken.processes.items() if seen.ended]
    assert list(taken.living) == [process.pid]
    assert list(taken.processes) == [process.pid, *ended]


def test_a_zombie_is_no_program(start):
    process = start("print(flush=True)")
    while processes.stat(process.pid).state != "Z":
        time.sleep(0.01)

    with pytest.raises(CannotWork, match="has ended"):
        hanging.explain(tree.of(process.pid))


def test_a_zombie_among_the_children_is_seen_as_one(start):
    report = hanging.explain(tree.of(start(LEAVES_A_ZOMBIE).pid))

    assert (report.findings, report.verdict[:19]) == ((), "Not stuck, but idle")


def test_a_pid_that_another_process_got_meanwhile_is_younger(start, monkeypatch):
    process, look = start(RESTS), kernel.look
    looks = iter(range(2))

    def reused(pid):
        seen = look(pid)
        return replace(seen, stat=seen.stat._replace(started=next(looks)))

    monkeypatch.setattr(kernel, "look", reused)
    taken = looking.take(Tree(process.pid, None), 0.1)

    assert (taken.processes[process.pid].then, taken.born, taken.gone) == (None, 1, 1)
    assert taken.processes[process.pid].unwound == ()


def test_a_program_whose_pid_is_another_ones_now_has_ended(start):
    found = tree.of(start(RESTS).pid)
    reused = replace(found, started=found.started - 1)

    assert (found.pids(), reused.pids()) == ([found.root], [])


def test_a_tree_that_grows(start):
    process = start(GROWS)
    taken = looking.take(tree.of(process.pid), 0.7)

    young = [seen for seen in taken.processes.values() if seen.then is None]
    assert taken.born == len(young) > 0
    assert all(seen.cpu_s >= 0.0 and seen.ran is not None for seen in young)


def test_children_that_are_no_python_are_not_stuck(start):
    process = start(RUNS_OTHERS)
    while not any(sleeps(child) for child in processes.children(process.pid)):
        time.sleep(0.01)
    report = hanging.explain(tree.of(process.pid))

    assert (report.findings, report.verdict[:19]) == ((), "Not stuck, but idle")


def sleeps(pid):
    """Whether a process has become ``sleep``, and does it."""
    return processes.command_line(pid)[:1] == ("sleep",) and procfs.wchan(pid, pid).endswith("nanosleep")


def test_another_users_process_is_told_of_as_far_as_it_is_ours_to_see(start, monkeypatch):
    process = start(RESTS)
    for name in ("descriptors", "system_call", "memory_at", "moved", "program"):
        monkeypatch.setattr(procfs, name, lambda *_: None)
    monkeypatch.setattr(looking.unwinding, "stacks", lambda _: {})
    monkeypatch.setattr(procfs, "wchan", lambda *_: "")
    monkeypatch.setattr(processes, "variable", lambda *_: None)
    report = hanging.explain(tree.of(process.pid))

    assert report.findings == ()
    assert report.verdict.startswith("It could not be seen whether it is stuck or only idle: main waits for something")
    assert any("are not ours to see" in each.text for each in report.quality)


@pytest.fixture
def untraced(monkeypatch):
    """What the kernel shows to users who may not attach: nothing of memory and of the arguments of system calls."""
    monkeypatch.setattr(looking.unwinding, "stacks", lambda _: {})
    for name in ("system_call", "memory_at"):
        monkeypatch.setattr(procfs, name, lambda *_: None)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("import os; r, w = os.pipe(); print(flush=True); os.read(r, 1)", "Stuck, and no rule knows the cause: main"),
        ("import time; print(flush=True); time.sleep(60)", "Not stuck, but idle: main sleeps"),
        ("import socket; s = socket.create_server(('', 0)); print(flush=True); s.accept()", "Not stuck, but idle"),
        ("import threading; print(flush=True); threading.Event().wait()", "It could not be seen whether it is stuck"),
        ("import select; print(flush=True); select.select([], [], [])", "It could not be seen whether it is stuck"),
        (RUNS_OTHERS, "Not stuck, but idle: main waits for sleep"),
        (SERVES, "Not stuck, but idle"),
    ],
    ids=["reads its own pipe", "sleeps", "a server", "a lock", "select", "a child that sleeps", "an asyncio server"],
)
def test_what_is_seen_where_nobody_may_trace(start, untraced, code, verdict):
    process = start(code)
    while procfs.wchan(process.pid, process.pid) == "" or procfs.stat(process.pid).state == "R":
        time.sleep(0.01)
    report = hanging.explain(tree.of(process.pid))

    assert (report.findings, report.verdict[: len(verdict)]) == ((), verdict)


def test_a_program_that_waits_for_its_pages_is_told_that_the_machine_swaps(start, monkeypatch):
    process, look, read = start(RESTS), kernel.look, procfs.read
    faults, swapped = iter((5, 8)), iter((1_000, 3_000))

    def paging(pid):
        seen = look(pid)
        waiting = tuple(replace(each, state="D", doing="unknown") for each in seen.threads)
        return replace(seen, stat=seen.stat._replace(faults=next(faults)), threads=waiting)

    def swapping(path):
        if path == "/proc/vmstat":
            return b"pgpgin 7\npswpin %d\npswpout 9\npgfault 8\n" % next(swapped)
        return re.sub(rb"VmSwap:.*", b"VmSwap:\t 3145728 kB", read(path) or b"")

    monkeypatch.setattr(kernel, "look", paging)
    monkeypatch.setattr(procfs, "read", swapping)
    report = hanging.explain(tree.of(process.pid))
    (finding,) = report.findings
    evidence = {each.label: each.value for each in finding.evidence}

    assert (finding.rule, report.verdict.partition(":")[0]) == ("MP707", "Short of memory")
    assert "3 GiB of it lie in the swap space" in finding.seen
    assert evidence["threads that waited for a page at both looks"] == 1
    assert evidence["read back from the swap space by the machine"] > 0
    assert evidence["written to the swap space by the machine"] == 0


@pytest.mark.parametrize(("code", "state"), [(RESTS, "unseen"), (COMPUTES, "moving")])
def test_without_proc_psutil_tells_what_runs(start, monkeypatch, code, state):
    process = start(code)
    monkeypatch.setattr(looking.unwinding, "stacks", lambda _: {})
    monkeypatch.setattr(processes, "LINUX", False)
    for name in ("read", "stat", "children", "threads", "descriptors"):
        monkeypatch.setattr(procfs, name, unreadable)
    report = hanging.explain(tree.of(process.pid))

    (look,) = next(section.rows for section in report.sections if section.id == "look")
    assert (look["state"], look["processes"], report.findings) == (state, 1, ())


def unreadable(*_):
    """Nothing of /proc may be asked here but what says by itself that it is not there."""
    return


def test_without_proc_children_and_variables_are_found(start, monkeypatch):
    process = start(RUNS_OTHERS)
    monkeypatch.setattr(processes, "LINUX", False)
    children = []
    while not children or processes.command_line(children[0]) != ("sleep", "60"):  # before that, a copy of its parent
        time.sleep(0.01)
        children = processes.children(process.pid)

    assert processes.stat(children[0]).parent == process.pid
    assert processes.variable(process.pid, "PATH") is not None
    assert tree.of(process.pid).pids() == [process.pid, *children]


def test_processes_that_are_unlike_the_others_are_unwound_first(monkeypatch):
    asked = []
    looks = {pid: seen(pid, thread(pid), doing="read" if pid == 4 else "lock").look for pid in (1, 2, 3, 4)}
    monkeypatch.setattr(looking, "runs_python", lambda *_: True)
    monkeypatch.setattr(looking.unwinding, "stacks", lambda pids: asked.extend(pids) or {})
    looking.seen_outside(looks)

    assert asked == [1, 4, 2, 3]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([{}, {"slept": 4}], True),
        ([{}, {"slept": 5}], False),
        ([{"limited": True}, {"slept": 4}], False),
        ([{"limited": None}, {"slept": 4}], False),
        ([{"doing": "sleep"}, {"slept": 4}], False),
        ([{"doing": "runs"}, {"slept": 4}], False),
        ([{"slept": None}, {"slept": 4}], False),
        ([{}, None], False),
    ],
    ids=["waits", "woken", "limited", "not told", "sleeps", "runs", "not counted", "gone"],
)
def test_who_waits_without_a_limit_has_rested_if_only_the_question_woke_it(changes, expected):
    one = seen(1, thread(1, main=True), thread(2)).look
    looks = [
        None
        if change is None
        else replace(one, threads=(replace(one.threads[0], **{"slept": 4, **change}), replace(one.threads[1], slept=7)))
        for change in changes
    ]

    assert looking.rested({1: 3, 2: 7}, *looks) is expected


def test_a_thread_that_is_new_or_was_woken_has_not_rested():
    one = seen(1, thread(1, main=True), thread(2)).look
    look = replace(one, threads=tuple(replace(each, slept=4) for each in one.threads))

    assert looking.rested({1: 4, 2: 4}, look, look)
    assert not looking.rested({1: 4, 2: 3}, look, look)
    assert not looking.rested({1: 4}, look, look)
    assert not looking.rested({1: 4, 2: 4}, look, replace(look, stat=look.stat._replace(started=9)))
