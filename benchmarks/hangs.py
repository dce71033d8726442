"""Whether `mpdiag hang` names the right cause, and calls no healthy program stuck.

``python benchmarks/hangs.py [CASE]... [--python PATH]... [--ways under,outside] [--jobs N]``

Starts the programs of standstills.py by each start method, and those of tests/corpus that hang, waits until they stand
still, and asks `mpdiag hang`: of programs under `mpdiag run`, and of bare ones from outside. Prints a line for each
miss, then how often the cause was named first, how long an answer took, and whether anything healthy was called stuck.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cases
import standstills
from common import MPDIAG, show
from scoring import causes

from mpdiag import stats
from mpdiag.errors import BadInput
from mpdiag.hang import tree
from mpdiag.watch import procfs

HERE = Path(__file__).parent
CORPUS = HERE.parent / "tests" / "corpus"
#: Seconds that a program may take until it stands still, and for how long it has to.
PATIENCE, STILL = 20.0, 1.2
#: Less CPU time than this, in a second, is none.
NOTHING = 0.02


@dataclass(frozen=True)
class Program:
    """One program that is to be told why it stands still."""

    name: str
    command: tuple[str, ...]
    folder: Path
    #: The ids of rules that name its cause; none if it is healthy.
    right: frozenset[str]


@dataclass(frozen=True)
class Told:
    """What was said of one."""

    program: Program
    python: str
    way: str
    took_s: float
    report: dict[str, Any] | None
    errors: str

    @property
    def first(self) -> str:
        """The rule that was named first; empty if there was none."""
        findings = [each for each in (self.report or {}).get("findings", ()) if each["level"] != "note"]
        return findings[0]["rule"] if findings else ""

    @property
    def right(self) -> bool:
        """Whether that is the cause; of a healthy program, whether nothing was."""
        if self.report is None:
            return False
        if self.program.right:
            return self.first in self.program.right
        return not self.first and not self.report["verdict"].startswith("Stuck")


def main() -> int:
    """Run the programs and print the score; 1 when a healthy one was called stuck."""
    options = parse(sys.argv[1:])
    wanted = [each for each in programs() if not options.cases or each.name.startswith(tuple(options.cases))]
    turns = [(each, python, way) for each in wanted for python in options.python for way in options.ways.split(",")]
    random.shuffle(turns)
    with ThreadPoolExecutor(options.jobs) as pool:
        told = []
        for one in pool.map(lambda turn: ask(*turn), turns):
            told.append(one)
            if options.verbose or not one.right:
                print(line(one), flush=True)
    show("Causes named first", ("", "of", "", "aim"), table(told))
    return int(any(not one.right for one in told if not one.program.right))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="how the names of the wanted programs begin")
    parser.add_argument("--python", nargs="+", default=[sys.executable], help="the interpreters of the programs")
    parser.add_argument("--ways", default="under,outside", help="under mpdiag run, or from outside")
    parser.add_argument("--jobs", type=int, default=4, help="programs at once")
    parser.add_argument("--verbose", action="store_true", help="a line for each program, not only for misses")
    return parser.parse_args(arguments)


def programs() -> Iterator[Program]:
    """All programs, by each start method that they are for."""
    for name, case in standstills.CASES.items():
        for method in case.methods:
            command = (str(HERE / "standstills.py"), name, method)
            yield Program(f"{name}-{method}", command, HERE, frozenset(case.rules))
    for each in cases.load(CORPUS):
        if each.expect == "hang":
            bad = ("bad.py", *each.args, "--scale", "0.2")
            yield Program(each.name, bad, each.folder, frozenset(causes(each.cause)))


def ask(program: Program, python: str, way: str) -> Told:
    """Start a program, ask why it stands still, and end it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hang.json"
        run = (*MPDIAG, "run", "--quiet", "--json", f"{folder}/run.json", "--python", python)
        command = (*run, *program.command) if way == "under" else (python, *program.command)
        process = subprocess.Popen(
            command,
            cwd=program.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until_still(process.pid, way)
            begun = time.monotonic()
            done = subprocess.run(
                (*MPDIAG, "hang", str(process.pid), "--json", str(file)), capture_output=True, text=True, check=False
            )
            took = time.monotonic() - begun
            report = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
            return Told(program, python, way, took, report, done.stderr)
        finally:
            end(process)


def wait_until_still(pid: int, way: str) -> None:
    """Wait until the program stands still; one that never does is asked all the same."""
    deadline = time.monotonic() + PATIENCE
    since, before = time.monotonic(), (-1.0, 0)
    while time.monotonic() - since < STILL and time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            program = tree.of(pid)
        except BadInput:
            return
        if way == "under" and program.folder is None:
            since = time.monotonic()
            continue
        used = [stat.user_s + stat.system_s for each in program.pids() if (stat := procfs.stat(each))]
        now = (sum(used), len(used))
        if now[1] != before[1] or abs(now[0] - before[0]) > NOTHING:
            since, before = time.monotonic(), now


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program with all that came of it: its session is its own."""
    for number in (signal.SIGCONT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
    process.wait()
    if process.stdin:
        process.stdin.close()


def line(told: Told) -> str:
    """One line on one program."""
    mark = "" if told.right else "MISS "
    said = (told.report or {}).get("verdict", told.errors[-300:])
    python = Path(told.python).parents[1].name
    return f"{mark}{told.program.name} ({python}, {told.way}, {told.took_s:.1f} s): {told.first or '-'}: {said}"


def table(told: Sequence[Told]) -> list[list[str]]:
    """How often the cause was named."""
    rows = []
    for way, aim in (("under", "≥ 90 %"), ("outside", "≥ 80 %")):
        some = [one for one in told if one.way == way]
        for name, kind in (("hanging", True), ("healthy", False)):
            of = [one for one in some if bool(one.program.right) == kind]
            if of:
                good = sum(one.right for one in of)
                rows.append([f"{way}: {name}", f"{good}/{len(of)}", f"{good / len(of):.0%}", aim if kind else "100 %"])
        if some:
            times = [one.took_s for one in some]
            rows.append([f"{way}: seconds, median", str(len(times)), f"{stats.median(times):.2f}", "≤ 3"])
            rows.append([f"{way}: seconds, worst", "", f"{max(times):.2f}", ""])
    return rows


if __name__ == "__main__":
    sys.exit(main())
