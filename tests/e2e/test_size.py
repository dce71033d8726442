"""Whole runs of ``mpdiag size``: functions of every nature, each start method, and failures of every kind."""

from __future__ import annotations

import json
import multiprocessing
import signal
import sys
import time

import pytest

METHODS = multiprocessing.get_all_start_methods()
APP = """
import functools, multiprocessing, os, sys, threading, time

def add_up(number):
    total = 0
    for one in range(number):
        total += one & 3
    return total

def numbers(): return [20_000 + n for n in range(40)]
def nap(seconds): time.sleep(seconds)
def naps(): return [0.005] * 64
def tiny(number): return number + 1
def endless():
    while True:
        yield 1
def large(size): return bytes(size)
def sizes(): return [4_000_000] * 6
def refuse(number): raise ValueError(f"no {number}")
def hang(number):
    while True:
        time.sleep(0.1)
def die(number): os._exit(5)
def noisy(number):
    print("noise"); print("noise", file=sys.stderr); os.write(1, b"noise")
    return add_up(20_000)
def reader(number): return sys.stdin.read()
unsendable = lambda number: number
def locks(): return [threading.Lock() for _ in range(5)]
def hang_elsewhere(number):
    if multiprocessing.parent_process(): time.sleep(60)
    return add_up(number)
def leave(number): sys.exit(3)
def kind(thing): return type(thing).__name__
def back(number): return threading.Lock()
def held(seconds):
    import fcntl
    with open(__file__) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        time.sleep(seconds)
def data(): return [bytes(1_000_000)] * 8
def length(data): return len(data)
READY = []
def prepare(): READY.append(1)
def prepared(number):
    if not READY: raise LookupError("not prepared")
    return add_up(number)
"""

BLAS = """
import numpy as np
MATRIX = np.random.default_rng(1).random((500, 500))
def multiply(number): return float((MATRIX @ MATRIX)[0, 0]) + number
def numbers(): return range(40)
"""


@pytest.fixture
def size(sandbox, tmp_path):
    """Runs ``mpdiag size`` on a function of the program above: exit code, report and standard error."""
    (sandbox.folder / "app.py").write_text(APP)

    def run(target, items="app:numbers", *options, budget=4, **settings):
        path = tmp_path / "report.json"
        given = ("--items", items) if items else ()
        done = sandbox.run("size", target, *given, "--budget", budget, "--json", path, *options, **settings)
        report = json.loads(path.read_text()) if path.exists() and path.stat().st_size else None
        return done.returncode, report, done.stderr

    return run


def curve(report):
    rows = section(report, "curve")["rows"]
    return {(row["kind"], row["workers"], row["chunk"], row["native"]): row for row in rows}


def section(report, name):
    return next(each for each in report["sections"] if each["id"] == name)


def kinds(report):
    return {row["kind"] for row in curve(report).values()}


def facts(report, name):
    return {row["what"]: row["here"] for row in section(report, name)["rows"]}


def best(report, prefix):
    rows = [row for row in curve(report).values() if row["kind"].startswith(prefix)]
    return max(row["speedup"]["median"] for row in rows)


def test_a_computing_function_on_every_kind(size):
    code, report, said = size("app:add_up", budget=10)

    assert (code, report["kind"]) == (0, "size")
    assert kinds(report) >= {"plain loop", "threads", *(f"processes, {method}" for method in METHODS)}
    assert all(row["item"]["median"] > 0 for row in curve(report).values())
    assert facts(report, "choice")["limited by"]
    assert said.count("\n") == 1
    assert "app:add_up will be executed" in said


def test_a_waiting_function_gets_threads(size):
    _, report, _ = size("app:nap", "app:naps", budget=8)

    assert best(report, "threads") > 5
    assert "threads" in report["verdict"]
    assert section(report, "code.concurrent.futures")["rows"]


def test_a_tiny_function_stays_in_its_loop(size):
    _, report, _ = size("app:tiny", "app:endless")

    assert report["verdict"].startswith("Use a plain loop")
    assert any("there are more" in one["text"] for one in report["quality"])


def test_a_large_result_is_weighed(size):
    _, report, _ = size("app:large", "app:sizes", budget=6)

    assert "3.81 MiB back" in facts(report, "call")["sent"]
    assert "MP203" in {one["rule"] for one in report["findings"]}


def test_what_cannot_be_sent_is_a_finding(size):
    _, report, _ = size("app:unsendable")

    assert "MP204" in {one["rule"] for one in report["findings"]}
    assert kinds(report) == {"plain loop", "threads"}


@pytest.mark.parametrize(
    ("target", "items", "code", "said"),
    [
        ("app:refuse", "app:numbers", 2, "app:refuse raised ValueError: no 20000 (app.py:"),
        ("app:nowhere", "app:numbers", 2, "app has no nowhere"),
        ("nowhere:f", None, 2, "there is no module 'nowhere'"),
        ("app:add_up", None, 2, "missing a required argument"),
        ("app:leave", "app:numbers", 2, "app:leave raised SystemExit: 3"),
        ("app:die", "app:numbers", 3, "the process died during the call on item 0"),
    ],
)
def test_failures_are_one_line(size, target, items, code, said):
    exit_code, report, told = size(target, items, "-q")

    assert (exit_code, report) == (code, None)
    assert said in told
    assert told.count("\n") == 1


def test_a_call_that_never_ends_is_found_in_its_line(size):
    code, report, told = size("app:hang", "app:numbers", "-q", budget=1)

    assert (code, report) == (3, None)
    assert "the call on item 0 did not end in time" in told
    assert "in hang)" in told


def test_what_it_prints_is_not_shown_and_it_reads_nothing(size):
    code, report, told = size("app:noisy", "app:numbers", "-q")
    assert (code, told) == (0, "")
    assert report["verdict"]

    assert size("app:reader", "app:numbers", "-q")[0] == 0


@pytest.mark.parametrize(
    ("target", "items", "said"),
    [
        ("app:kind", "app:locks", "its arguments cannot be pickled: TypeError"),
        ("app:back", "app:numbers", "its result cannot be pickled: TypeError"),
    ],
)
def test_items_that_cannot_be_sent_are_a_finding(size, target, items, said):
    _, report, _ = size(target, items)

    assert said in facts(report, "call")["sent"]
    assert "MP204" in {one["rule"] for one in report["findings"]}
    assert kinds(report) == {"plain loop", "threads"}


def test_what_hangs_in_another_process_alone_is_told_and_the_rest_measured(size):
    code, report, _ = size("app:hang_elsewhere", "app:numbers", budget=6)

    assert code == 0
    assert kinds(report) >= {"plain loop", "threads"}
    assert any(
        "could not be measured: " in one["text"] and "gave no result" in one["text"] for one in report["quality"]
    )


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl")
def test_a_lock_that_all_share_is_what_limits(size):
    _, report, _ = size("app:held", "app:naps", budget=6)

    assert "it serves one at a time" in facts(report, "choice")["limited by"]


def test_what_is_dear_to_send_is_limited_by_pickling(size):
    _, report, _ = size("app:length", "app:data", budget=6)

    assert facts(report, "choice")["efficient choice"] == "a plain loop"
    assert facts(report, "choice")["limited by"].startswith("pickling: ")


def test_native_threads_are_tried_with_a_limit_and_without(size, sandbox):
    (sandbox.folder / "app.py").write_text(BLAS)
    _, report, _ = size("app:multiply", "app:numbers", budget=10)

    call = facts(report, "call")
    if "compute with it" not in call.get("native threads", ""):
        pytest.skip("NumPy computes on one thread here")
    assert {row["native"] for row in curve(report).values()} == {None, 1}
    (finding,) = [one for one in report["findings"] if one["rule"] == "MP406"]
    assert "Limited to one thread for each worker it ran" in finding["seen"]


def test_no_more_calls_than_allowed(size, sandbox):
    (sandbox.folder / "counted.py").write_text(
        "import os\ndef call(path):\n    with open(path, 'ab') as file: file.write(b'x')\n"
        f"def paths(): return [{str(sandbox.folder / 'calls')!r}] * 50\n"
    )

    _, report, _ = size("counted:call", "counted:paths", "--max-calls", 60)

    assert 0 < (sandbox.folder / "calls").stat().st_size <= 60
    assert report["verdict"]


def test_a_prepared_worker_works_under_every_start_method(size):
    _, report, _ = size("app:prepared", "app:numbers", "--setup", "app:prepare", budget=12)

    assert kinds(report) >= {f"processes, {method}" for method in METHODS}
    assert not [one for one in report["quality"] if "could not be measured" in one["text"]]


def test_calls_from_a_file_and_a_path(size, sandbox):
    (sandbox.folder / "calls.json").write_text("[1000]\n" * 5)

    code, report, _ = size("app.py:add_up", None, "--args-json", "calls.json")

    assert code == 0
    assert section(report, "call")["title"] == "One call of app.py:add_up"


def test_another_machine(size):
    _, report, _ = size("app:add_up", "app:numbers", "--cpus", 32, "--mem", "64G")

    assert section(report, "elsewhere")["rows"][0]["where"] == "32 CPUs, 64 GiB"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interruption_shows_what_is_there(sandbox):
    (sandbox.folder / "app.py").write_text(APP)
    with sandbox.start("size", "app:nap", "--items", "app:naps", "--budget", 30, "-q") as process:
        sandbox.wait_for_host(process, 2)
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        done = sandbox.finish(process)

    assert done.returncode == 130
    assert "interrupted: what had been measured by then is shown" in done.stdout


def test_each_interpreter(size, interpreter):
    code, report, told = size("app:add_up", "app:numbers", "-q", "--python", interpreter, budget=12)
    version = tuple(map(int, report["python"]["version"].split(".")[:2]))

    assert (code, told) == (0, "")
    assert kinds(report) >= {
        "plain loop",
        "threads",
        *(f"processes, {each}" for each in report["python"]["start_methods"]),
    }
    assert ("interpreters" in kinds(report)) == (version >= (3, 14))
    assert "efficient choice" in facts(report, "choice")
