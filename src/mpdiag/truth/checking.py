"""Runs the truth kit's programs under observation, as users' programs are, and makes one report of them."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mpdiag import errors, observing
from mpdiag.errors import CannotWork
from mpdiag.interpreters import Chosen
from mpdiag.report import Report
from mpdiag.truth import comparing

#: The kinds of program, as `mpdiag.truth.program` knows them.
KINDS = ("process", "pool", "executor")
#: Seconds; a worker lives for about sixteen of these.
UNIT = 0.15
#: What is copied to where the programs run.
FILES = ("program.py", "slow_import.py")
#: The exit codes of a program that SIGHUP, SIGINT or SIGTERM has ended: as here, a shell adds 128.
INTERRUPTED = (129, 130, 143)
METHODS = "import multiprocessing; print(*multiprocessing.get_all_start_methods())"


@dataclass
class Found:
    """What has been compared so far."""

    compared: list[comparing.Compared] = field(default_factory=list)
    #: Start methods under which a program gave no truth, and why.
    missing: dict[str, str] = field(default_factory=dict)
    reports: list[Report] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything was checked and is near the truth."""
        return bool(self.compared) and not self.missing and all(one.ok for one in self.compared)


def check(chosen: Chosen, kinds: Sequence[str], unit: float | None = None) -> Found:
    """Observe the programs under every start method of the interpreter.

    Args:
        chosen: the interpreter.
        kinds: which programs.
        unit: seconds that their doings take, if not `UNIT`; more makes the check finer.
    """
    found = Found()
    with tempfile.TemporaryDirectory(prefix="mpdiag-truth-") as folder:
        for name in FILES:
            source = Path(__file__).with_name(name)
            (Path(folder) / name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        for method in methods(chosen):
            for kind in kinds:
                observe(chosen, (kind, method), (Path(folder), unit or UNIT), found)
    return found


def methods(chosen: Chosen) -> list[str]:
    """The start methods that the interpreter has.

    Raises:
        CannotWork: it does not run.
    """
    try:
        command = (chosen.path, "-c", METHODS)
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.split()
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotWork(f"{chosen.path} does not run: {error}", "Give a Python 3.9 or newer with --python.") from error


def observe(chosen: Chosen, program: tuple[str, str], where: tuple[Path, float], found: Found) -> None:
    """Add what is found of one program.

    Args:
        chosen: the interpreter.
        program: its kind and start method.
        where: its folder, and the seconds that its doings take.
        found: is added to.

    Raises:
        KeyboardInterrupt: the program got the signal, as a terminal gives it to all.
    """
    (kind, method), (folder, unit) = program, where
    file = folder / f"{kind}-{method}.json"
    command = (chosen.path, str(folder / "program.py"), kind, method, str(unit), str(file))

    def deliver(report: Report) -> int:
        found.reports.append(report)
        return errors.FINE

    before = len(found.reports)
    code = observing.observe(observing.Request(command, chosen), deliver)
    if code in INTERRUPTED:
        raise KeyboardInterrupt
    if code or not file.exists() or len(found.reports) == before:
        found.missing[method] = f"the program ({kind}) ended with {code}"
        return
    truth: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    found.compared += comparing.compare(kind, method, truth, found.reports[-1].account)


def report(found: Found, begun: float) -> Report:
    """One report on all that was compared.

    Args:
        found: what there is.
        begun: when the check began, by the monotonic clock.

    Raises:
        CannotWork: no program could be observed at all.
    """
    if not found.reports:
        raise CannotWork(f"nothing could be observed: {'; '.join(found.missing.values())}")
    verdict = comparing.verdict(found.compared, found.missing)
    sections = tuple(comparing.sections(found.compared, found.missing))
    first = replace(found.reports[0], account=None, findings=(), quality=(), passed=(), not_judged=())
    took = time.monotonic() - begun
    return replace(first, duration_s=took, verdict=verdict, sections=sections)
