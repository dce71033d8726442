"""The hooks of ``pytest --mpdiag``: observes every test, tells its findings, and what it leaves behind."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import psutil
import pytest

from mpdiag import machine, observing
from mpdiag.advice import LEVELS, Finding
from mpdiag.heading import begin
from mpdiag.inside import Taps
from mpdiag.interpreters import Chosen
from mpdiag.observing import Request
from mpdiag.testing.guard import Guard
from mpdiag.text import present
from mpdiag.watch.lives import lives

#: What findings are called among the properties of a test's report.
PROPERTY = "mpdiag"
#: Processes that the library keeps for later.
_HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
#: Seconds that a process has to end by itself after its test.
_PATIENCE_S = 0.3


class Observer:
    """Observes tests, one after the other.

    Args:
        taps: those of this process.
        python: the facts of its interpreter.
        fail_on: the level from which on a finding lets its test fail.
        hang_s: seconds after which a test that stands still fails.
    """

    def __init__(self, taps: Taps, python: dict[str, Any], fail_on: str, hang_s: float | None) -> None:
        self._fail_on = LEVELS.index(fail_on) if fail_on in LEVELS else len(LEVELS)
        self._began = time.monotonic()
        self._over = False
        self._taps = taps
        self._head = replace(begin("run"), machine=machine.gather(leftovers=False), python=python)
        self._request = Request((), Chosen(sys.executable, "the one that runs pytest"))
        self._guard = Guard(hang_s, pytest.fail) if hang_s else None
        self._started: set[psutil.Process] = set()
        #: What the processes of the test are, by pid.
        self._names: dict[int, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """A test begins, with its fixtures."""
        self._taps.begin()
        if self._guard:
            self._guard.begin(self._taps.place)
        self._started, self._names = set(), {}
        try:
            return (yield)
        finally:
            if self._guard:
                self._guard.end()
            self._taps.forget()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """The test itself: processes that its fixtures start live on rightly."""
        before = children()
        try:
            return (yield)
        finally:
            self._started = children() - before

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """The last report of a test gets its findings."""
        report = yield
        if call.when == "teardown":
            told = [*self._findings(), *self._left()]
            report.user_properties += [(PROPERTY, f"{level} {text}") for level, text in told]
            loud = [text for level, text in told if LEVELS.index(level) >= self._fail_on]
            if loud and report.outcome == "passed":
                report.outcome = "failed"
                report.longrepr = "\n".join(loud)
        return report

    def pytest_sessionfinish(self) -> None:
        """The session is over; under xdist, this process has not much longer to live."""
        if not self._over:
            self._over = True
            if self._guard:
                self._guard.close()
            self._taps.close()

    pytest_unconfigure = pytest_sessionfinish

    def pytest_report_header(self) -> list[str]:
        """Say that tests are observed."""
        return ["mpdiag: observes each test"]

    def _findings(self) -> Iterator[tuple[str, str]]:
        run = self._taps.end()
        if not self._taps.used:
            return
        self._names = {life.pid: f"{life.name}, which runs {life.target}" for life in lives(run) if life.start}
        for finding in observing.tell(self._request, self._head, run, self._began).findings:
            yield finding.level, told(finding)

    def _left(self) -> Iterator[tuple[str, str]]:
        """The processes that the test started and that still run; those of a test that hung are ended."""
        _, alive = psutil.wait_procs(self._started, timeout=_PATIENCE_S if self._started else 0)
        for process in alive:
            if self._guard and self._guard.caught:
                kill(process)
            elif name := name_of(process):
                yield "warning", f"left behind: {self._names.get(process.pid, name)} ({process.pid}) outlives the test"


class Teller:
    """Collects what was seen, wherever tests ran, and tells it at the end."""

    def __init__(self) -> None:
        self._told: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A report has come, perhaps from another process."""
        if report.when == "teardown":
            found = [str(value) for name, value in report.user_properties if name == PROPERTY]
            if found:
                self._told[report.nodeid] = found

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell the findings, test by test; notes only with -v."""
        verbose = terminalreporter.verbosity > 0
        shown = {
            name: lines
            for name, found in self._told.items()
            if (lines := [line for line in found if verbose or not line.startswith("note ")])
        }
        terminalreporter.section("mpdiag")
        for name, lines in shown.items():
            terminalreporter.write_line(name, bold=True)
            for line in lines:
                terminalreporter.write_line(f"  {line}")
        rest = sum(map(len, self._told.values())) - sum(map(len, shown.values()))
        notes = f"; {rest} notes, shown by -v" if rest else ""
        terminalreporter.write_line(f"{len(shown) or 'no'} tests with multiprocessing mistakes{notes}")


def told(finding: Finding) -> str:
    """A finding in a line: ``MP401 submit-then-wait at app.py:31 in main: … → …``."""
    where = f" at {present.place(finding.place)}" if finding.place else ""
    return present.visible(f"{finding.rule} {finding.name}{where}: {finding.seen} → {finding.do}")


def children() -> set[psutil.Process]:
    """The processes that this one has started and that still run."""
    return set(psutil.Process().children())


def name_of(process: psutil.Process) -> str:
    """What a process is; empty for one that the library keeps, or that has ended."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        words = " ".join(process.cmdline())
    except psutil.Error:
        return ""
    return "" if any(helper in words for helper in _HELPERS) else present.visible(words)[:200]


def kill(process: psutil.Process) -> None:
    """End a process and all that come of it."""
    try:
        for each in (*process.children(recursive=True), process):
            each.kill()
    except psutil.Error:
        pass
