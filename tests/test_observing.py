"""Whatever goes wrong here, the program runs on and its exit code stands."""

from __future__ import annotations

import json
import os
import sys

import pytest

from mpdiag import errors, observing, registry
from mpdiag.errors import CannotWork
from mpdiag.interpreters import Chosen
from mpdiag.observing import Request, guarded, held_up, observe
from mpdiag.watch.observation import Surroundings

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="observes with the means of POSIX")


def request(code="pass", **values):
    return Request((sys.executable, "-c", code), Chosen(sys.executable, "a test's"), **values)


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A temporary folder that shows what is left in it."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    yield
    assert list(place.iterdir()) == []


def fails(error):
    def deliver(_report):
        raise error

    return deliver


@pytest.mark.parametrize(
    ("own", "deliver", "code"),
    [
        (0, lambda _report: 0, 0),
        (0, lambda _report: errors.FOUND, errors.FOUND),
        (5, lambda _report: errors.FOUND, 5),
        (0, fails(CannotWork("the disk is full")), errors.FAILED),
        (5, fails(CannotWork("the disk is full")), 5),
        (0, fails(ZeroDivisionError("ours")), errors.FAILED),
        (5, fails(ZeroDivisionError("ours")), 5),
    ],
)
def test_the_programs_exit_code_stands(own, deliver, code):
    assert observe(request(f"raise SystemExit({own})"), deliver) == code


@pytest.mark.parametrize(
    ("broken", "reported"),
    [("Sampler", True), ("read", False), ("pages.sections", False), ("tabled.gather", False), ("Sampler.stop", True)],
)
def test_what_breaks_here_is_said_and_no_more(tmp_path, monkeypatch, capfd, broken, reported):
    def fail(*_arguments):
        raise ZeroDivisionError(broken)

    monkeypatch.setattr(f"mpdiag.observing.{broken}", fail)
    reports = []

    code = observe(request(f"open({str(tmp_path / 'done')!r}, 'w'); raise SystemExit(7)"), reports.append)

    assert code == 7
    assert (tmp_path / "done").exists()
    assert bool(reports) == reported
    said = capfd.readouterr().err
    assert said == "" if reported else "internal error: ZeroDivisionError" in said and "not affected" in said


def test_a_rule_that_breaks_is_no_harm(monkeypatch, capfd):
    monkeypatch.setattr(registry, "select", fails(RuntimeError))

    assert observe(request("raise SystemExit(3)"), lambda _report: 0) == 3
    assert "internal error" in capfd.readouterr().err


def test_the_place_of_a_mistake_is_shown_on_request(monkeypatch, capfd):
    monkeypatch.setenv("MPDIAG_DEBUG", "1")

    assert guarded(lambda: 1 // 0) == errors.FAILED
    assert "Traceback" in capfd.readouterr().err


def test_the_report_tells_what_ran():
    reports = []
    code = "import os, sys; sys.stdout.close(); os.kill(os.getpid(), 9)"

    assert observe(request(code), lambda report: reports.append(report) or 0) == 137

    (report,) = reports
    assert (report.kind, report.machine["usable_cpus"] > 0) == ("run", True)
    assert report.python["version"] == ".".join(map(str, sys.version_info[:3]))
    assert report.python["chosen"] == "a test's"
    assert any("ended by SIGKILL" in doubt.text for doubt in report.quality)
    (main,) = report.account.processes
    assert (main.role, main.exit) == ("main", "SIGKILL")
    assert 0 < main.ended_s <= report.account.wall_s + 0.1


@pytest.mark.parametrize("flag", ["-I", "-S", "-E"])
def test_an_interpreter_that_loads_no_taps_is_seen_from_outside(flag):
    reports = []
    alone = Request((sys.executable, flag, "-c", "sum(range(10**6))"), Chosen(sys.executable, ""))

    assert observe(alone, lambda report: reports.append(report) or 0) == 0

    assert any("1 of 1 processes were seen from outside alone" in doubt.text for doubt in reports[0].quality)
    assert reports[0].account.wall_s > 0


@pytest.mark.parametrize(
    ("others", "throttled", "quota", "told"),
    [
        (0.1, 0.4, 0.5, []),
        (None, None, None, []),
        (0.3, 0.0, None, ["contended: other programs used 30 % of the CPUs"]),
        (
            0.0,
            4.0,
            0.5,
            ["throttled: its CPU quota, 0.50 CPUs, held it up for 4.00 s, which is told as queueing for a CPU"],
        ),
    ],
)
def test_what_kept_the_program_from_the_cpus_is_told(others, throttled, quota, told):
    around = Surroundings(10.0, None, None, others, None, throttled, None, 1, 0.0, 0)

    assert list(held_up(around, quota)) == told


def test_the_ledgers_can_be_kept(tmp_path):
    place = tmp_path / "kept" / "here"
    observing.room_to_keep(place)

    assert observe(request(keep=place), lambda _report: 0) == 0

    assert [path.suffix for path in place.iterdir() if path.suffix[1:].isdigit()] == [".0"]


def test_ledgers_that_cannot_be_kept_are_a_failure_of_ours(tmp_path, capfd):
    place = tmp_path / "kept"
    place.touch()

    assert observe(request(keep=place), lambda _report: 0) == errors.FAILED
    assert "could not be kept" in capfd.readouterr().err


def test_the_program_sees_nothing_of_us():
    """But for the two variables that bring the taps along."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    code = (
        "import json, os, sys; "
        f"os.write({writer}, json.dumps([sys.argv, sys.path, sorted(os.environ), sorted(sys.modules)]).encode())"
    )
    try:
        assert observe(request(code), lambda _report: 0) == 0
        argv, path, environ, modules = json.loads(os.read(reader, 100_000))
    finally:
        os.close(reader)
        os.close(writer)

    assert argv == ["-c"]
    assert [entry for entry in path if "mpdiag-" in entry] == []
    assert set(environ) - {"PYTHONPATH", "MPDIAG_TAP"} == set(os.environ) - {"PYTHONPATH"}
    assert ("sitecustomize" in modules) is ("sitecustomize" in sys.modules)  # some systems bring one
