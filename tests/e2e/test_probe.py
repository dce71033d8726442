"""Whole runs of ``mpdiag probe``: every start method, every interpreter found, and the report that comes of it."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mpdiag.bench import Plan
from mpdiag.launcher import Launcher

SHORT = ("probe", "start_method", "--quick", "--budget", "1")
METHODS = [
    method
    for method in multiprocessing.get_all_start_methods()
    if os.environ.get("MPDIAG_TEST_START_METHOD", method) == method
]
SECRET = "c0ffee-5ec2e7"
SLEEP = 0.023

#: The report's contract: the keys of each object, and those that this version adds.
KEYS = {
    "report": "schema kind tool started_at duration_s command machine python verdict sections account findings quality "
    "passed not_judged" + " hosts",
    "section": "id title status reason duration_s columns rows process profile" + " detail",
    "column": "key title unit" + " wide bar",
    "finding": "rule name level confidence title seen do evidence place gain concern links" + " fix",
    "evidence": "label value unit low high",
    "measured": "median low high n samples",
    "profiled": "function calls self_s",
    "quality": "text affects",
    "unjudged": "rule reason",
}
#: A probe of known workloads, as any other: it runs in a host.
KNOWN = f"""
import time
from functools import partial
from mpdiag import stats, work
from mpdiag.bench import steady
from mpdiag.model import Column, Doc, Probe, Row, Table
import weighing

def run(bench):
    for method in bench.methods:
        cases = {{"sleeping": steady(partial(start, bench, method, {SLEEP}))}}
        samples = bench.measure(cases, share=0.3, most=6)
        sleeping = stats.measured(samples["sleeping"]["joined"])
        receiver, sender = bench.context(method).Pipe(duplex=False)
        with bench.child(weighing.modules, sender, work.nothing, method=method):
            loaded = " ".join(bench.receive(receiver))
        yield Row({{"method": method, "sleeping": sleeping, "loaded": loaded}})

def start(bench, method, duration):
    process = bench.context(method).Process(target=time.sleep, args=(duration,))
    begun = bench.clock()
    process.start()
    process.join()
    return {{"joined": bench.clock() - begun}}

doc = Doc(title="", why="", how="")
PROBE = Probe(module="mpdiag.probes.known", run=run, tables=(Table("", "", (Column("method", ""),)),), doc=doc)
"""
WEIGHING = """
def modules(connection, *_pickled):
    import sys
    connection.send(sorted(sys.modules))
"""
#: A bare program, of which a spawned child imports as little as it can.
BARE = """
if __name__ == "__main__":
    import multiprocessing, sys, weighing
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=weighing.modules, args=(sender,))
    process.start()
    print(" ".join(receiver.recv()))
    process.join()
"""


def others():
    """Other interpreters found here, one for each version that can be measured."""
    names = [shutil.which(f"python3.{minor}") for minor in range(9, 16)]
    pyenv, opt = Path.home() / ".pyenv" / "versions", Path("/opt")
    places = [*map(Path, filter(None, names)), *pyenv.glob("3.*/bin/python"), *opt.glob("cpython-*/bin/python3")]
    found = {version(place): place for place in places}
    own = version(sys.executable)
    return {name: path for name, path in found.items() if name != own and tuple(map(int, name.split("."))) >= (3, 9)}


def version(python):
    """Such as ``3.12``; ``0`` when it does not start: a version manager's shim may lead nowhere."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0"


INTERPRETERS = {"own": Path(sys.executable), **others()}


def keys(kind):
    return set(KEYS[kind].split())


def table(report, name):
    return next(section["rows"] for section in report["sections"] if section["id"] == name)


def jane(home):
    """The environment of a user called janedoe."""
    return {"HOME": str(home), "USERPROFILE": str(home), "LOGNAME": "janedoe", "USER": "janedoe", "TOKEN": SECRET}


@pytest.fixture(scope="module")
def saved(sandboxed):
    """One run of a user whose name, home and environment are known: (sandbox, outcome)."""
    with sandboxed() as sandbox:
        home = sandbox.folder / "homes" / "janedoe"
        home.mkdir(parents=True)
        out = home / "out.json"
        files = ["--json", out, "--markdown", home / "out.md"]
        done = sandbox.run(*SHORT, "-v", *files, environ=jane(home), cwd=home)
        yield home, done


@pytest.fixture(scope="module")
def report(saved):
    """Its report."""
    return json.loads((saved[0] / "out.json").read_text(encoding="utf-8"))


# --- the report


def test_run_is_fine_and_silent(saved):
    assert (saved[1].returncode, saved[1].stderr) == (0, "")


def test_report_has_the_keys_of_the_contract(report):
    assert report["schema"] == "mpdiag.report/1"
    assert report["kind"] == "probe"
    assert set(report) == keys("report")
    assert set(report["tool"]) == {"name", "version"}
    assert report["account"] is None
    for kind, things in {
        "section": report["sections"],
        "column": [column for section in report["sections"] for column in section["columns"]],
        "profiled": [line for section in report["sections"] for line in section["profile"]],
        "finding": report["findings"],
        "evidence": [evidence for finding in report["findings"] for evidence in finding["evidence"]],
        "quality": report["quality"],
        "unjudged": report["not_judged"],
    }.items():
        assert [thing for thing in things if set(thing) != keys(kind)] == []


def test_sections_say_how_they_went(report):
    for section in report["sections"]:
        assert section["status"] == "ok"
        assert section["rows"]
        assert {column["key"] for column in section["columns"]} >= set().union(*section["rows"])
    first = report["sections"][0]
    assert first["process"].get("cpu_user_s", 1.0) > 0  # on a busy machine, the host may be gone too soon
    assert first["process"]["rss_peak"] > 2**20
    assert first["profile"]


def test_measured_cells_are_medians_with_their_intervals(report):
    cells = [cell for section in report["sections"] for row in section["rows"] for cell in row.values()]
    measured = [cell for cell in cells if isinstance(cell, dict)]

    assert measured
    for cell in measured:
        assert set(cell) == keys("measured")
        assert cell["n"] == len(cell["samples"]) > 0
        assert (cell["low"] is None) == (cell["n"] < 6)
        if cell["low"] is not None:
            assert min(cell["samples"]) <= cell["low"] <= cell["median"] <= cell["high"] <= max(cell["samples"])


@pytest.mark.parametrize("method", METHODS)
def test_each_start_method_is_measured(report, method):
    rows = {row["method"].partition(",")[0]: row for row in table(report, "start_method")}

    assert method in report["python"]["start_methods"]
    assert 0 < rows[method]["first_line"]["median"] < rows[method]["joined"]["median"]
    assert rows[method]["joined"]["median"] > rows["thread"]["joined"]["median"]


def test_report_does_not_tell_who_where_and_when(saved):
    home, done = saved
    texts = [done.stdout, *(path.read_text(encoding="utf-8") for path in home.glob("out.*"))]
    host = socket.gethostname()

    for text in texts:
        assert "~/" in text or "out.json" not in text
        assert SECRET not in text
        assert "janedoe" not in text
        assert len(host) < 3 or not re.search(rf"(?<![\w-]){re.escape(host)}(?![\w-])", text)
        assert set(re.findall(r"\d\d:\d\d:\d\d", text)) <= {"00:00:00"}


@pytest.mark.parametrize(("name", "kept"), [("json", "out.json"), ("markdown", "out.md")])
def test_report_shows_a_saved_run_again(saved, sandbox, name, kept):
    home, _ = saved

    again = sandbox.run("report", home / "out.json", "-v", "--format", name, environ=jane(home))

    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.strip() == (home / kept).read_text(encoding="utf-8").strip()


def test_report_shows_a_saved_run_again_on_a_terminal(saved, sandbox):
    home, done = saved

    assert sandbox.run("report", home / "out.json", "-v", environ=jane(home)).stdout == done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_progress_stays_off_standard_output(sandbox):
    """Whoever looks at standard error sees it; standard output is the report alone."""
    import pty

    leader, follower = pty.openpty()
    with os.fdopen(leader, "rb", buffering=0) as screen:
        environ = {"TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
        done = sandbox.run(*SHORT, "--format", "json", stderr=follower, environ=environ)
        os.close(follower)
        shown = screen.read(4096)

    assert json.loads(done.stdout)["kind"] == "probe"
    assert b"measuring 1/1 start_method" in shown


def test_asking_for_a_level_fails_on_it(saved, sandbox):
    """Exit 1 exactly when there is a finding of that level or above."""
    home, _ = saved
    levels = {finding["level"] for finding in json.loads((home / "out.json").read_text(encoding="utf-8"))["findings"]}

    done = sandbox.run("report", home / "out.json", "--fail-on", "note")

    assert done.returncode == (1 if levels else 0)


# --- interpreters and start methods


@functools.cache
def known(name):
    """The rows of `KNOWN` in that interpreter, and what a bare spawned child has loaded."""
    with Launcher(str(INTERPRETERS[name])) as launcher:
        (launcher.folder / "mpdiag" / "probes" / "known.py").write_text(KNOWN, encoding="utf-8")
        (launcher.folder / "weighing.py").write_text(WEIGHING, encoding="utf-8")
        (launcher.folder / "bare.py").write_text(BARE, encoding="utf-8")
        gathered = launcher.run(Plan(probe="known", level="quick", budget_s=1.0, profile_s=0.0, deadline_s=60))
        command = [INTERPRETERS[name], launcher.folder / "bare.py"]
        bare = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert gathered.status == "ok", gathered.reason
    return {row["method"]: row for row in gathered.rows[""]}, set(bare)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", INTERPRETERS)
def test_worker_that_sleeps_is_measured_as_sleeping(name, method):
    """The interval is checked by benchmarks/accuracy.py on an idle machine; here only what holds on any."""
    row = known(name)[0][method]

    assert min(row["sleeping"].samples) >= SLEEP
    assert min(row["sleeping"].samples) < 100 * SLEEP


@pytest.mark.parametrize("name", INTERPRETERS)
def test_spawned_children_carry_nothing_of_ours_but_their_work(name):
    rows, bare = known(name)

    assert set(rows["spawn"]["loaded"].split()) - bare == {"mpdiag", "mpdiag.work"}


@pytest.mark.parametrize("name", [name for name in INTERPRETERS if name != "own"])
def test_other_interpreters_are_measured_without_installing_anything(sandbox, name):
    done = sandbox.run(*SHORT, "--python", INTERPRETERS[name], "--json", "out.json")

    report = json.loads((sandbox.folder / "out.json").read_text(encoding="utf-8"))
    assert (done.returncode, done.stderr) == (0, "")
    assert report["python"]["version"].startswith(f"{name}.")
    assert report["python"]["chosen"] == "given with --python"
    assert {row["method"].partition(",")[0] for row in table(report, "start_method")} >= {
        "thread",
        "spawn",
        *report["python"]["start_methods"],
    }
    assert all(section["status"] == "ok" for section in report["sections"])
