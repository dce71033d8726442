"""Whether `mpdiag hang` names the right cause, and calls no healthy program stuck.

``python benchmarks/hangs.py [CASE]... [--python PATH...] [--ways WAY,...] [--jobs N]``

Starts the programs of standstills.py by each start method, and those of tests/corpus that hang, waits until they stand
still, and asks `mpdiag hang`: of programs under `mpdiag run`, and of bare ones from outside; each with all that the
kernel tells, and without what it tells only to those who may trace (ptrace(2)). Prints a line for each miss, then for
each Python how often the cause was named first, how long an answer took, and whether anything healthy was called stuck.
A program of 500 processes comes last, alone. When it is interrupted (Ctrl-C, SIGTERM), it ends all programs and prints
the score of those that had their turn.
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
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cases
import psutil
import standstills
from common import MPDIAG, show
from scoring import causes

from mpdiag import stats
from mpdiag.errors import BadInput
from mpdiag.hang import ending, tree
from mpdiag.watch import procfs

HERE = Path(__file__).parent
CORPUS = HERE.parent / "tests" / "corpus"
#: Seconds that a program may take until it stands still, and for how long it has to.
PATIENCE, STILL = 20.0, 1.2
#: Less CPU time than this, in a second, is none.
NOTHING = 0.02
#: Seconds in which what is left of a program clears up.
CLEARING = 5.0
#: Seconds after which there will be no answer, and between two looks for one.
ANSWERING, PAUSE = 60.0, 0.1
#: Set when all is to end.
STOP = threading.Event()
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
#: Has so many processes that it is looked at alone.
CROWD = "crowd"
#: `mpdiag` where nobody may trace: without what Linux shows only to who may attach (PTRACE_MODE_ATTACH, which Yama and
#: containers restrict): memory, so stacks too, and the arguments of system calls. The rest of /proc takes
#: PTRACE_MODE_READ at most, which each user has for their own programs: fd, fdinfo, maps, io, environ, wchan.
UNTRACED = """\
import sys
from mpdiag.__main__ import main
from mpdiag.hang import unwinding
from mpdiag.watch import procfs

unwinding.stacks = lambda pids: {}
procfs.system_call = procfs.memory_at = lambda *_: None
sys.exit(main())
"""
ASKING = {"": MPDIAG, "-untraced": (sys.executable, "-c", UNTRACED)}
COLUMNS = ("", "right", "", "median", "worst", "aim")
#: What is asked how, and how often the right cause has to be named.
WAYS = {"under": 0.9, "under-untraced": 0.9, "outside": 0.8, "outside-untraced": None}


class Stopped(Exception):
    """All is to end: nobody waits for an answer any more."""


#: One program, the interpreter that it has, and how it is asked about.
Turn = tuple["Program", str, str]


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
    #: Whether the program ended by itself before it was looked at: it did not hang this time, and counts for nothing.
    ended: bool = False

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
    """Run the programs and print the score; 1 when a healthy one was called stuck, 130 when interrupted."""
    options = parse(sys.argv[1:])
    wanted = [each for each in programs() if not options.cases or each.name.startswith(tuple(options.cases))]
    turns = [(each, python, way) for each in wanted for python in options.python for way in options.ways.split(",")]
    random.shuffle(turns)
    told: list[Told] = []
    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        with closing(answers(turns, options.jobs)) as asked:
            for one in asked:
                told.append(one)
                if options.verbose or one.ended or not one.right:
                    print(line(one), flush=True)
    except KeyboardInterrupt:
        print(f"\nInterrupted: {len(told)} of {len(turns)} had their turn.", flush=True)
    for python in options.python:
        some = [one for one in told if one.python == python and not one.ended]
        show(f"Python in {label(python)}", COLUMNS, table(some))
    if len(told) < len(turns):
        return INTERRUPTED
    return int(any(not one.right for one in told if not one.program.right and not one.ended))


def interrupt(*_: object) -> None:
    """Have all end; who asks for that twice does not keep anything from being cleared up."""
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)
    STOP.set()
    raise KeyboardInterrupt


def answers(turns: Sequence[Turn], jobs: int) -> Generator[Told, None, None]:
    """What is said of each program, as it comes; crowds come last, one at a time.

    Args:
        turns: who is asked about how.
        jobs: programs at once.
    """
    small = [turn for turn in turns if not turn[0].name.startswith(CROWD)]
    for some, at_once in ((small, jobs), ([turn for turn in turns if turn not in small], 1)):
        with ThreadPoolExecutor(at_once) as pool:
            asked = [pool.submit(ask, *turn) for turn in some]
            try:
                for one in as_completed(asked):
                    yield one.result()
            except BaseException:
                STOP.set()
                pool.shutdown(cancel_futures=True)
                raise


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="how the names of the wanted programs begin")
    parser.add_argument("--python", nargs="+", default=[sys.executable], help="the interpreters of the programs")
    parser.add_argument("--ways", default=",".join(WAYS), help="some of these: %(default)s")
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
    """Start a program, ask why it stands still, and end it; what it or mpdiag leaves behind goes with the folder."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hang.json"
        run = (*MPDIAG, "run", "--quiet", "--json", f"{folder}/run.json", "--python", python)
        under = way.startswith("under")
        process = subprocess.Popen(
            (*run, *program.command) if under else (python, *program.command),
            cwd=program.folder,
            env={**os.environ, "TMPDIR": folder},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until_still(process.pid, under)
            begun = time.monotonic()
            asking = (*ASKING[way.removeprefix("under").removeprefix("outside")], "hang", str(process.pid))
            errors = errors_of((*asking, "--json", str(file)))
            took = time.monotonic() - begun
            report = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
            ended = report is None and process.poll() is not None
            return Told(program, python, way, took, report, errors, ended)
        finally:
            end(process)


def errors_of(command: Sequence[str]) -> str:
    """What a command prints to its standard error until it ends, which it has to by and by.

    Raises:
        Stopped: all is to end.
    """
    deadline = time.monotonic() + ANSWERING
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while not STOP.is_set():
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=PAUSE)[1]
            if time.monotonic() > deadline:
                return f"no answer in {ANSWERING:g} s"
        raise Stopped
    finally:
        if process.poll() is None:
            end(process)


def wait_until_still(pid: int, under: bool) -> None:
    """Wait until the program stands still; one that never does is asked all the same."""
    deadline = time.monotonic() + PATIENCE
    since, before = time.monotonic(), (-1.0, 0)
    while time.monotonic() - since < STILL and time.monotonic() < deadline and not STOP.wait(PAUSE):
        try:
            program = tree.of(pid)
        except BadInput:
            return
        if under and program.folder is None:
            since = time.monotonic()
            continue
        used = [stat.user_s + stat.system_s for each in program.pids() if (stat := procfs.stat(each))]
        now = (sum(used), len(used))
        if now[1] != before[1] or abs(now[0] - before[0]) > NOTHING:
            since, before = time.monotonic(), now


def end(process: subprocess.Popen[Any]) -> None:
    """End a program with all of its session; trackers first take away the semaphores and segments that it leaves."""
    deadline = time.monotonic() + CLEARING
    while (left := in_session(process.pid)) and time.monotonic() < deadline:
        for pid in left:
            if ending.mark(pid) != "multiprocessing.resource_tracker":
                ending.send([pid], signal.SIGKILL)
        process.poll()
        time.sleep(0.02)
    ending.send(left, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stderr):
        if pipe:
            pipe.close()


def in_session(leader: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for pid in psutil.pids():
        with suppress(ProcessLookupError):
            stat = procfs.stat(pid) if os.getsid(pid) == leader else None
            if stat and stat.state not in procfs.ENDED:
                found.append(pid)
    return found


def line(told: Told) -> str:
    """One line on one program."""
    mark = "ENDED " if told.ended else "" if told.right else "MISS "
    said = (told.report or {}).get("verdict", told.errors[-300:])
    how = f"{label(told.python)}, {told.way}, {told.took_s:.1f} s"
    return f"{mark}{told.program.name} ({how}): {told.first or '-'}: {said}"


def label(python: str) -> str:
    """What tells an interpreter from others: the folder that it is installed in."""
    return Path(python).parents[1].name


def table(told: Sequence[Told]) -> list[tuple[str, ...]]:
    """How often the cause was named, and how long that took."""
    rows = []
    for way, aim in WAYS.items():
        some = [one for one in told if one.way == way]
        crowds = [one for one in some if one.program.name.startswith(CROWD)]
        hanging = [one for one in some if one.program.right and one not in crowds]
        healthy = [one for one in some if not one.program.right]
        for what, group, least in (("hanging", hanging, aim), ("healthy", healthy, 1), ("500 processes", crowds, aim)):
            if group:
                rows.append((f"{way}: {what}", *figures(group), f"≥ {least:.0%}" if least else ""))
    return rows


def figures(told: Sequence[Told]) -> tuple[str, ...]:
    """How many are right, and the seconds that answers took: the median and the worst."""
    right, times = sum(one.right for one in told), [one.took_s for one in told]
    return f"{right}/{len(told)}", f"{right / len(told):.0%}", f"{stats.median(times):.2f} s", f"{max(times):.2f} s"


if __name__ == "__main__":
    sys.exit(main())
