"""Whether programs notice that they are observed: runs test suites bare and under `mpdiag run` and compares each test.

``python benchmarks/transparency.py [PYTHON]... [--tests SUITE,...] [--match PATTERN] [--loky DIR] [--joblib DIR]``

CPython's own suites of multiprocessing and concurrent.futures run with every PYTHON (default: this one), each twice;
that takes 20 to 30 minutes an interpreter. ``--match`` picks tests as `python -m test -m` does, for a quick check.
With the unpacked source distribution of loky or joblib, its suite runs too (by pytest, which that interpreter needs).
Prints how many tests there were and every test whose result differs; exits with 1 if one does.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from common import MPDIAG, show

SUITES = (
    "test_multiprocessing_fork",
    "test_multiprocessing_spawn",
    "test_multiprocessing_forkserver",
    "test_concurrent_futures",
)
#: Seconds after which `python -m test` ends a test that hangs.
HANGS = 600
#: Seconds that a whole suite may take.
PATIENCE = 7200
#: A process that ignores these hands that down, and some tests of CPython are not made for it.
HANDLED = (signal.SIGINT, *(getattr(signal, name) for name in ("SIGQUIT", "SIGHUP") if hasattr(signal, name)))

#: How `python -m test` and pytest end when they are left without any test.
NOTHING_MATCHED = (4, 5)

#: Outcomes of the tests of a suite, by name.
Results = dict[str, str]


@dataclass(frozen=True)
class Suite:
    """Tests that write what came of them to a JUnit file."""

    title: str
    python: str
    #: What follows the interpreter, but for the name of the file.
    command: tuple[str, ...]
    #: Where it runs; None: in a folder of its own.
    folder: Path | None = None


@dataclass(frozen=True)
class Ended:
    """How a suite went."""

    results: Results
    exit: int | None
    took_s: float
    #: The end of what it wrote.
    tail: str


def main() -> int:
    """Run all suites both ways; 1 if any test ended differently."""
    options = parse(sys.argv[1:])
    for number in HANDLED:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    rows, differ = [], False
    for suite in suites(options):
        print(f"{suite.title}: bare …", file=sys.stderr, flush=True)
        bare = run(suite, (suite.python,))
        print(f"{suite.title}: under mpdiag …", file=sys.stderr, flush=True)
        under = run(suite, (*MPDIAG, "run", "--quiet", "--python", suite.python))
        found = list(differences(bare, under))
        differ = differ or bool(found)
        print("".join(f"{suite.title}: {each}\n" for each in found), end="", flush=True)
        rows.append(row(suite, bare, under, found))
    show("Tests", ("suite", "bare", "took", "under mpdiag", "took", "differences"), rows)
    return int(differ)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", default=[sys.executable])
    parser.add_argument("--tests", default=",".join(SUITES), help="suites of CPython, comma-separated; '' for none")
    parser.add_argument("--match", action="append", default=[], help="only such tests of CPython's")
    parser.add_argument("--loky", type=Path, help="the unpacked source distribution of loky")
    parser.add_argument("--joblib", type=Path, help="the unpacked source distribution of joblib")
    return parser.parse_args(arguments)


def suites(options: argparse.Namespace) -> Iterator[Suite]:
    """What to run: every suite with every interpreter."""
    matches = [word for pattern in options.match for word in ("-m", pattern)]
    for python in options.pythons:
        for name in filter(None, options.tests.split(",")):
            command = ("-m", "test", "-v", "--fail-env-changed", "--timeout", str(HANGS), name, *matches, "--junit-xml")
            yield Suite(f"{name} ({label(python)})", python, command)
        for name in ("loky", "joblib"):
            if folder := getattr(options, name):
                yield Suite(f"{name} ({label(python)})", python, ("-m", "pytest", "-v", "--junit-xml"), folder)


def label(python: str) -> str:
    """The version of an interpreter."""
    code = "import platform; print(platform.python_version())"
    return subprocess.run((python, "-c", code), check=True, capture_output=True, text=True).stdout.strip()


def run(suite: Suite, front: Sequence[str]) -> Ended:
    """Run a suite behind ``front``: the interpreter, or mpdiag."""
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile() as out:
        file = Path(scratch) / "results.xml"
        begun = time.perf_counter()
        process = subprocess.Popen(
            (*front, *suite.command, str(file)),
            cwd=suite.folder or scratch,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            code: int | None = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = None
        took = time.perf_counter() - begun
        out.seek(0)
        tail = out.read()[-1500:].decode(errors="replace")
        results = outcomes(file.read_text(encoding="utf-8")) if file.exists() else {}
        return Ended(results, code, took, tail)


def outcomes(junit: str) -> Results:
    """What came of every test in a JUnit file; one that ran several times has all its outcomes."""
    found: dict[str, list[str]] = {}
    for case in ET.fromstring(junit).iter("testcase"):
        name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
        kinds = {child.tag for child in case} & {"error", "failure", "skipped"}
        found.setdefault(name, []).append(" and ".join(sorted(kinds)) or "ok")
    return {name: ", ".join(sorted(each)) for name, each in found.items()}


def differences(bare: Ended, under: Ended) -> Iterator[str]:
    """A line for each test that did not end the same way, and for the suite as a whole."""
    for name in sorted(bare.results.keys() | under.results.keys()):
        before, after = (each.results.get(name, "missing") for each in (bare, under))
        if before != after:
            yield f"{name}: {before} bare, {after} under mpdiag"
    if bare.exit != under.exit:
        yield f"exit {bare.exit} bare, {under.exit} under mpdiag, whose output ended:\n{under.tail}"
    elif not bare.results and bare.exit not in NOTHING_MATCHED:
        yield f"no test gave a result; the output ended:\n{bare.tail}"


def row(suite: Suite, bare: Ended, under: Ended, found: Sequence[str]) -> list[str]:
    """A line of the table."""
    cells = [f"{summed(each.results)}|{each.took_s:.0f} s".split("|") for each in (bare, under)]
    return [suite.title, *cells[0], *cells[1], str(len(found)) if found else "none"]


def summed(results: Results) -> str:
    """How many tests, and of them how many not just fine."""
    counts = Counter(results.values())
    fine = counts.pop("ok", 0)
    return ", ".join(
        [str(fine + sum(counts.values())), *(f"{number} {kind}" for kind, number in sorted(counts.items()))]
    )


if __name__ == "__main__":
    sys.exit(main())
