"""Programs are watched from outside: whole trees of processes, their CPU time, memory and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from mpdiag.watch import folder, procfs, tracked
from mpdiag.watch.ledgers import Ledgers
from mpdiag.watch.observation import MemoryLook
from mpdiag.watch.sampler import Sampler
from mpdiag.watch.scales import KEPT, Scales

linux = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")

TREE = """
import os, subprocess, sys, time
code = sys.argv[1]
children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
print(*(child.pid for child in children), flush=True)
sys.stdin.readline()
for child in children:
    child.kill()
    child.wait()
print("gone", flush=True)
sys.stdin.readline()
"""
SLEEP = "import time; time.sleep(60)"
SPIN = "while True: pass"


@contextmanager
def program(code, *arguments, environ=None):
    """A program that says when it is ready, and goes on when it reads a line."""
    command = [sys.executable, "-c", code, *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env={**os.environ, **(environ or {})}, **pipes) as process:
        try:
            yield process
        finally:
            with suppress(psutil.Error):
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
            process.kill()


@pytest.fixture
def place(tmp_path):
    """A private folder with room for ledgers."""
    (tmp_path / folder.LEDGERS).mkdir()
    return tmp_path


def tell(process):
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline()


@linux
def test_a_tree_is_found_and_its_ends_are_seen(place):
    with program(TREE, SLEEP) as process:
        children = {int(pid) for pid in process.stdout.readline().split()}
        for pid in children:  # amid an exec the kernel tells no command line
            while SLEEP.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
                time.sleep(0.01)
        sampler = Sampler(place, process.pid)
        sampler.look()
        alive = sampler.vitals()

        assert {vital.pid for vital in alive} == {process.pid, *children}
        assert all(vital.ended is None for vital in alive)

        assert tell(process) == "gone\n"
        sampler.look()
        vitals = sampler.stop()
    by_pid = {vital.pid: vital for vital in vitals}

    assert {pid for pid, vital in by_pid.items() if vital.ended is not None} == children
    assert {by_pid[pid].parent for pid in children} == {process.pid}
    assert all(by_pid[pid].cmdline == (sys.executable, "-c", SLEEP) for pid in children)
    assert all(vital.born <= vital.first_seen for vital in vitals)
    assert vitals[0].pid == process.pid


@linux
def test_its_own_thread_sees_ends_at_once(place):
    """A child that nobody waits for yet is a zombie, whose status can be read."""
    child = "if not os.fork(): sys.stdin.readline(); os._exit(3)"
    code = f"import os, sys, time\n{child}\nprint(flush=True)\ntime.sleep(60)"
    with program(code) as process:
        process.stdout.readline()
        sampler = Sampler(place, process.pid)
        sampler.start()
        while len(sampler.vitals()) < 2:
            time.sleep(0.01)
        process.stdin.close()
        while all(vital.ended is None for vital in sampler.vitals()):
            time.sleep(0.01)
        child = sampler.stop()[1]

    assert child.exit == 3
    assert child.states["Z"] == 1
    assert child.ended > child.first_seen


@linux
def test_a_killed_child_that_was_not_taken(place):
    code = "import os, time\npid = os.fork()\nif pid: print(pid, flush=True)\ntime.sleep(60)"
    with program(code) as process:
        child = int(process.stdout.readline())
        sampler = Sampler(place, process.pid)
        sampler.look()
        os.kill(child, signal.SIGKILL)
        for _ in range(200):
            sampler.look()
            if sampler.vitals()[0].pid == child or len(sampler.vitals()) == 1 or sampler.vitals()[1].ended:
                break
            time.sleep(0.01)
        vital = next(vital for vital in sampler.stop() if vital.pid == child)

    assert vital.exit == -signal.SIGKILL
    assert vital.looked == vital.ended, "its last figures are those of its end"


@linux
def test_cpu_time_is_whose_it_is(place):
    with program(TREE, SPIN) as process:
        children = {int(pid) for pid in process.stdout.readline().split()}
        sampler = Sampler(place, process.pid)
        sampler.start()
        while min((vital.cpu_s for vital in sampler.vitals() if vital.pid in children), default=0) < 0.2:
            time.sleep(0.02)
        sampler.stop()
        observation = sampler.observation()
    root = observation.vitals[0]
    spinning = [vital for vital in observation.vitals if vital.pid in children]

    assert all(vital.main_cpu_s == pytest.approx(vital.cpu_s, rel=0.5) for vital in spinning)
    assert all(vital.main_cpu_s > root.main_cpu_s - 0.1 for vital in spinning)
    assert all(vital.ready_s is not None and vital.main_ready_s == vital.ready_s for vital in spinning)
    assert all(vital.states["R"] > 0 for vital in spinning)
    assert observation.surroundings.cpu_s >= 0.4
    assert observation.surroundings.processes_at_once == 3
    assert observation.surroundings.ticks > 2
    assert 0 < observation.surroundings.looking_s < observation.surroundings.wall_s


@linux
def test_memory_is_weighed(place):
    code = "import sys; data = bytearray(b'x' * 50_000_000); print(flush=True); sys.stdin.readline()"
    with program(code) as process:
        process.stdout.readline()
        sampler = Sampler(place, process.pid)
        sampler.start()
        while not sampler.vitals()[0].memory:
            time.sleep(0.02)
        sampler.stop()
        observation = sampler.observation()
    vital = observation.vitals[0]

    assert vital.uss_peak > 50_000_000
    assert vital.uss_peak <= vital.pss_peak <= vital.rss_peak
    assert observation.surroundings.memory_peak == vital.pss_peak
    assert vital.memory[0].at >= 0.3


@linux
def test_a_process_that_left_its_parent_is_found_by_its_ledger(place):
    environ = {folder.VARIABLE: str(place)}
    with program("import time; time.sleep(60)", environ=environ) as other, program("input()") as root:
        (place / folder.LEDGERS / f"{other.pid}.0").touch()
        sampler = Sampler(place, root.pid)
        sampler.look()
        vitals = sampler.stop()

    assert {vital.pid for vital in vitals} == {root.pid, other.pid}


@linux
def test_a_process_that_has_ended_before_it_could_be_looked_at_has_an_end(place):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    sampler = Sampler(place, os.getpid())
    (Ledgers(place).folder / f"{gone.pid}.0").touch()
    sampler.look()
    at = sampler.now()
    sampler.look()

    (missed,) = [vital for vital in sampler.stop() if vital.pid == gone.pid]

    assert 0 < missed.first_seen == missed.ended <= at
    assert missed.looked is None
    assert (missed.cpu_s, missed.rss_peak, missed.looks) == (None, None, 0)


def test_a_pid_from_inside_a_container_is_another_ones_here(place):
    with program("import time; time.sleep(60)") as other, program("input()") as root:
        (place / folder.LEDGERS / f"{other.pid}.0").touch()
        sampler = Sampler(place, root.pid)
        sampler.look()

        assert [vital.pid for vital in sampler.stop()] == [root.pid]


@linux
def test_children_that_are_not_listed_are_searched_for(place, monkeypatch):
    monkeypatch.setattr(procfs, "children", lambda pid, thread: None)
    with program(TREE, SLEEP) as process:
        children = {int(pid) for pid in process.stdout.readline().split()}
        sampler = Sampler(place, process.pid)
        sampler.look()

        assert {vital.pid for vital in sampler.stop()} == {process.pid, *children}


@linux
def test_another_process_with_the_same_pid_is_another_process(place):
    with program("input()") as process:
        found = tracked.find(process.pid, 0.0)
        found.started -= 1
        found.look(1.0)

        assert found.ended == 1.0


def test_a_program_that_is_gone_already(place):
    with program("") as process:
        process.wait()
        sampler = Sampler(place, process.pid)

        assert sampler.stop() == ()


def test_stopping_twice_is_stopping_once(place):
    sampler = Sampler(place, os.getpid())
    sampler.start()

    assert [vital.pid for vital in sampler.stop()][:1] == [os.getpid()]
    assert sampler.stop() == sampler.stop()


def test_other_systems_are_seen_through_psutil(place, monkeypatch):
    monkeypatch.setattr(tracked, "LINUX", False)
    with program(TREE, SLEEP) as process:
        children = {int(pid) for pid in process.stdout.readline().split()}
        sampler = Sampler(place, process.pid)
        sampler.look()
        tell(process)
        sampler.look()
        vitals = sampler.stop()

    assert {vital.pid for vital in vitals} == {process.pid, *children}
    assert {vital.pid for vital in vitals if vital.ended is not None} == children
    assert all(vital.ready_s is None and vital.main_cpu_s is None and vital.exit is None for vital in vitals)
    assert all(vital.rss_peak > 0 and vital.cpu_s is not None for vital in vitals)


def test_no_descriptor_is_left(place):
    before = (
        len(psutil.Process().open_files()) + psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0
    )
    sampler = Sampler(place, os.getpid())
    sampler.look()
    sampler.stop()
    after = len(psutil.Process().open_files()) + psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0

    assert after == before


@linux
def test_of_many_processes_each_comes_in_its_turn(place):
    code = """
import os, sys, time
for _ in range(120):
    if not os.fork():
        time.sleep(60)
        os._exit(0)
print(flush=True)
time.sleep(60)
"""
    with program(code) as process:
        process.stdout.readline()
        sampler = Sampler(place, process.pid)
        sampler.look()
        first = {vital.pid: vital.looks for vital in sampler.vitals()}
        for _ in range(4):
            sampler.look()
        later = {vital.pid: vital.looks for vital in sampler.vitals()}
        sampler.stop()

    assert len(first) == 121
    assert all(later[pid] > first[pid] for pid in first)
    assert sum(later.values()) < sum(first.values()) + 5 * 60


# --- ledgers


def test_the_last_ledger_of_a_pid_counts(place):
    ledgers = Ledgers(place)
    for name in ("12.0", "12.0.events", "12.1", "7.0", "7.0.stacks", "notes"):
        (ledgers.folder / name).touch()

    assert set(ledgers.fresh()) == {12, 7}
    assert (ledgers.number(12), ledgers.number(7), ledgers.number(3)) == (1, 0, None)
    assert list(ledgers.fresh()) == []


def test_a_folder_that_is_gone_has_no_ledgers(tmp_path):
    assert list(Ledgers(tmp_path / "gone").fresh()) == []


# --- weighing


def heavy(rss, pss):
    """A process that weighs so much."""
    made = SimpleNamespace(rss=rss, memory=[], grown=lambda: False, first_seen=0.0)
    made.weigh = lambda now: made.memory.append(MemoryLook(now, rss, pss, pss))
    return made


def test_processes_are_weighed_together_and_seldom():
    processes = [heavy(10, 6), heavy(10, 5)]
    scales = Scales()
    weighed = [moment / 10 for moment in range(100) if scales.weigh(processes, lambda: moment / 10)]  # noqa: B023

    assert scales.peak == 11
    assert weighed[0] == 0.3
    gaps = [round(later - sooner, 1) for sooner, later in pairwise(weighed)]
    assert gaps == sorted(gaps)
    assert len(weighed) <= 6


def test_growth_is_weighed_at_once():
    process = heavy(10, 6)
    scales = Scales()
    assert scales.weigh([process], lambda: 1.0)
    assert not scales.weigh([process], lambda: 1.1)
    process.grown = lambda: True

    assert scales.weigh([process], lambda: 1.2)


def test_young_processes_are_not_weighed():
    old, young = heavy(10, 6), heavy(10, 5)
    young.first_seen = 0.9
    scales = Scales()
    assert scales.weigh([old, young], lambda: 1.0)
    assert (len(old.memory), len(young.memory), scales.peak) == (1, 0, 6)
    assert scales.weigh([old, young], lambda: 1.2)
    assert (len(young.memory), scales.peak) == (1, 11)


def test_what_takes_too_long_waits():
    many = [heavy(10, 5) for _ in range(1000)]
    scales = Scales()

    assert not scales.weigh(many, lambda: 1.0)
    assert scales.weigh(many, lambda: 1000.0)


def test_weighings_kept_are_bounded():
    process = heavy(10, 5)
    scales = Scales()
    for moment in range(10_000):
        scales.weigh([process], lambda: float(moment))  # noqa: B023

    assert len(process.memory) <= KEPT
    assert process.memory[0].at == 1.0


# --- /proc


@linux
def test_names_with_brackets_and_blanks():
    code = "open('/proc/self/comm', 'w').write('a) (b c'); print(flush=True); input()"
    with program(code) as process:
        process.stdout.readline()
        stat = procfs.stat(process.pid)

    assert (stat.name, stat.parent, stat.threads) == ("a) (b c", os.getpid(), 1)


@linux
def test_readers_agree_with_psutil():
    with program("print(flush=True); input()") as process:
        process.stdout.readline()
        while procfs.stat(process.pid).state != "S":
            time.sleep(0.01)
        status, seen = procfs.status(process.pid), psutil.Process(process.pid)
        switches = seen.num_ctx_switches()

        assert procfs.stat(process.pid).rss == pytest.approx(seen.memory_info().rss, rel=0.2)
        assert (status.voluntary, status.involuntary) == (switches.voluntary, switches.involuntary)
        memory = seen.memory_full_info()
        _, uss, pss = procfs.memory(process.pid)
        assert uss == memory.uss
        assert pss == pytest.approx(memory.pss, rel=0.2)  # others that share its pages come and go
        assert procfs.command_line(process.pid) == tuple(seen.cmdline())
        assert procfs.program(process.pid) == seen.exe()
        assert procfs.threads(process.pid) == [process.pid]
        assert procfs.children(os.getpid(), os.getpid()) is None or process.pid in procfs.children(
            os.getpid(), os.getpid()
        )


@linux
@pytest.mark.parametrize("reader", ["stat", "status", "signals", "memory", "program"])
def test_of_a_process_that_is_gone_nothing_is_known(reader):
    assert getattr(procfs, reader)(2**22 + 1) is None


def test_what_a_process_did_before_it_was_looked_at_is_not_counted(place):
    while time.process_time() < 1.0:
        pass
    sampler = Sampler(place, os.getpid())

    (vital,) = (each for each in sampler.stop() if each.pid == os.getpid())

    assert 0.0 <= vital.cpu_s < 0.5
    assert vital.rss_peak > 0


@linux
def test_what_a_process_had_mapped_is_not_forgotten_when_it_ends(tmp_path):
    library = tmp_path / "libopenblas.so"
    library.write_bytes(b"0" * 4096)
    code = (
        f"import mmap, threading\nfile = open({str(library)!r}, 'rb')\n"
        "mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    with program(f"{code}print(flush=True); input()") as process:
        process.stdout.readline()
        watched = tracked.LinuxProcess(process.pid, procfs.stat(process.pid).started, 0.0)
        watched.look(0.0)
        assert watched.native == ("openblas",)

        process.stdin.write("\n")
        process.stdin.flush()
        while procfs.stat(process.pid).state != "Z":
            time.sleep(0.01)
        watched.look(1.0)

        assert procfs.native_pools(process.pid) is None
        assert (watched.native, watched.ended) == (("openblas",), 1.0)
