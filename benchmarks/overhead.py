"""What `mpdiag run` costs a program: wall time observed over bare, in interleaved rounds, beside other profilers.

``python benchmarks/overhead.py [--rounds N] [--only LOAD,...] [--python PATH] [--scale F]``

For each load of loads.py it prints the ratio of the work alone (from the first line of the program's main function to
the last; what the budget is for) and of the whole command (which for mpdiag includes its own start and its report):
medians of ratios of runs that came one after the other, with 95 % intervals, and for the work also the ratio of the
least times, which other load disturbs less. Every bare run is done twice: what the second seems to cost more than the
first ("bare again") is chance, and no other ratio is told more exactly than that. A load whose ratio of the work is
then known to no better than 2 %, whatever it is, gets as many rounds again, and a third time.

py-spy, viztracer, scalene, pyinstrument and cProfile take part where they are installed for that interpreter, in fewer
rounds ("fails": the program does not get through, or hangs). Then it prints what the ledgers took on disk, and how cost
and size grow with processes and with messages. Takes more than an hour and wants an idle machine; ``--only`` chooses,
and ``--tools mpdiag`` leaves out the others.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from common import MPDIAG, ratio, show

from mpdiag import stats, units
from mpdiag.model import Measured

LOADS = Path(__file__).with_name("loads.py")
#: The most that the work may take longer: the median over the loads, and the worst of them.
MEDIAN, WORST = 1.02, 1.05
#: A ratio is known where half its interval is no more than this of it: less than WORST leaves.
CLOSE = 0.02
#: How often a load gets its rounds at most.
BATCHES = 3
#: What a program may take at most, in seconds: by itself or observed, and under other tools.
PATIENCE = 900.0
PEER_PATIENCE = 120.0
#: A program by itself: the second time shows what is chance.
BARE = ("bare", "bare again")
#: What has to run every program; the others are shown as they are.
OURS = (*BARE, "mpdiag")


@dataclass(frozen=True)
class Load:
    """One program of loads.py."""

    title: str
    name: str
    count: int
    method: str = ""
    #: How often it does its work: one time is too short, or takes twice as long by chance.
    times: int = 1


@dataclass(frozen=True)
class Cost:
    """What one run took, in seconds and bytes."""

    work_s: float
    command_s: float
    #: Of the program as a process; None where the tool does not tell.
    program_s: float | None = None
    ledgers: tuple[int, ...] = ()
    others: int = 0


#: Those that the budget is for.
BUDGETED = {
    "queue": Load("100,000 messages, Queue", "queue", 100_000, times=3),
    "pipe": Load("100,000 messages, Pipe", "pipe", 100_000, times=3),
    "imap": Load("8,000 tasks, Pool.imap", "pool_imap", 8_000, times=8),
    "submit": Load("8,000 tasks, submit()", "executor_submit", 8_000, times=2),
    "calls": Load("many Python calls", "calls", 1_000),
    "pickles": Load("dicts, 20 MB", "pickles", 50_000),
    "spawn": Load("20 spawned processes", "processes", 20, "spawn"),
    "ping-pong": Load("lock ping-pong", "ping_pong", 6_000, times=10),
}
#: Worse ones: nothing but forks, nothing but a lock that two fight for, or hand over in no time.
HARDER = {
    "fork": Load("300 forked processes", "processes", 300, "fork"),
    "value": Load("Value under its lock", "value", 200_000, times=3),
    "one-cpu": Load("ping-pong on one CPU", "ping_pong_on_one_cpu", 60_000, times=3),
}
GROWTH = {
    "processes": [Load(f"{count:,} processes", "processes", count, "fork") for count in (10, 100, 1_000)],
    "messages": [Load(f"{count:,} messages", "queue", count) for count in (10_000, 100_000, 1_000_000)],
}


class Runner:
    """Runs a load by itself or under a tool.

    Args:
        python: the interpreter of the programs.
        folder: for whatever the tools write.
    """

    def __init__(self, python: str, folder: Path) -> None:
        self.python = python
        self.folder = folder
        here = Path(python).parent
        self.py_spy = shutil.which("py-spy", path=str(here)) or shutil.which("py-spy")

    def tools(self) -> list[str]:
        """The tools that are installed."""
        modules = {"viztracer": "viztracer", "scalene": "scalene", "pyinstrument": "pyinstrument"}
        found = [name for name, module in modules.items() if self.imports(module)]
        return ["mpdiag", *(["py-spy"] if self.py_spy else []), *found, "cProfile"]

    def imports(self, module: str) -> bool:
        """Whether the interpreter has ``module``."""
        command = (self.python, "-c", f"import {module}")
        return subprocess.run(command, check=False, capture_output=True, cwd=self.folder).returncode == 0

    def command(self, tool: str, program: Sequence[str]) -> tuple[str, ...]:
        """The command line that runs ``program`` under ``tool``."""
        out = str(self.folder / f"{tool}.out")
        fronts: dict[str, tuple[str, ...]] = {
            **dict.fromkeys(BARE, (self.python,)),
            "py-spy": (self.py_spy or "", "record", "--subprocesses", "-f", "raw", "-o", out, "--", self.python),
            "viztracer": (self.python, "-m", "viztracer", "--quiet", "-o", f"{out}.json"),
            "scalene": (self.python, "-m", "scalene", "run", "-o", f"{out}.json"),
            "pyinstrument": (self.python, "-m", "pyinstrument", "-o", out),
            "cProfile": (self.python, "-m", "cProfile", "-o", out),
        }
        return (*fronts[tool], *program)

    def run(self, tool: str, load: Load) -> Cost:
        """Run ``load`` once."""
        inside = self.folder / "inside"
        inside.unlink(missing_ok=True)
        numbers = (str(load.count), str(load.times))
        program = [str(LOADS), load.name, *numbers, str(inside), *([load.method] if load.method else [])]
        if tool == "mpdiag":
            return self.observed(program, inside)
        took = timed(self.command(tool, program), PATIENCE if tool in BARE else PEER_PATIENCE)
        return Cost(float(inside.read_text()), took)

    def observed(self, program: Sequence[str], inside: Path) -> Cost:
        """Run a program under mpdiag and look at what it left."""
        kept, report = self.folder / "kept", self.folder / "report.json"
        shutil.rmtree(kept, ignore_errors=True)
        options = ("--quiet", "--json", str(report), "--keep", str(kept), "--python", self.python)
        took = timed((*MPDIAG, "run", *options, *program))
        account = json.loads(report.read_text(encoding="utf-8"))["account"]
        ledgers, others = footprint(kept)
        return Cost(float(inside.read_text()), took, account["wall_s"] if account else None, ledgers, others)


def timed(command: Sequence[str], patience: float = PATIENCE) -> float:
    """The wall time of a command, whatever it says.

    Raises:
        subprocess.SubprocessError: it failed, or was still running after ``patience`` seconds and was ended.
    """
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if code:
        raise subprocess.CalledProcessError(code, command)
    return time.perf_counter() - begun


def footprint(folder: Path) -> tuple[tuple[int, ...], int]:
    """The bytes on disk of each process's ledger files (PID.N, PID.N.events …), and of all else that was kept."""
    ledgers: dict[str, int] = {}
    others = 0
    for path in folder.rglob("*"):
        process, dot, _rest = path.name.partition(".")
        size = path.stat().st_blocks * 512
        if dot and process.isdigit():
            ledgers[process] = ledgers.get(process, 0) + size
        elif path.is_file():
            others += size
    return tuple(ledgers.values()), others


def main() -> None:
    """Print all tables."""
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(options.python, Path(folder))
        tools = [tool for tool in runner.tools() if not options.tools or tool in options.tools.split(",")]
        wanted = options.only.split(",") if options.only else [*BUDGETED, *HARDER, *GROWTH]
        named = {**BUDGETED, **HARDER}
        loads = {name: scaled(load, options.scale) for name, load in named.items() if name in wanted}
        if loads:
            compare(runner, loads, tools, options)
        for name, sizes in GROWTH.items():
            if name in wanted:
                grow(runner, name, [scaled(load, options.scale) for load in sizes], options.rounds)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="of bare and mpdiag")
    parser.add_argument("--peer-rounds", type=int, default=3, help="of the other tools")
    parser.add_argument("--only", help=f"comma-separated, of: {', '.join([*BUDGETED, *HARDER, *GROWTH])}")
    parser.add_argument("--tools", help="comma-separated; the default is mpdiag and all that are installed")
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the programs")
    parser.add_argument("--scale", type=float, default=1.0, help="how much work the programs do")
    return parser.parse_args(arguments)


def scaled(load: Load, scale: float) -> Load:
    """``load`` with more or less work."""
    return replace(load, count=max(2, int(load.count * scale)))


def rounds(
    cases: Mapping[tuple[str, str], Callable[[], Cost]], counts: Mapping[str, int]
) -> dict[tuple[str, str], list[Cost]]:
    """Run every case (load, tool) once a round; the first round is dropped.

    The tools follow each other load by load, in a new order: a machine may be half as fast for some seconds.

    Args:
        cases: what to run.
        counts: in how many rounds each tool takes part.

    Returns:
        What each round took; nothing for a tool under which the program fails.
    """
    taken: dict[tuple[str, str], list[Cost]] = {key: [] for key in cases}
    failed = set()
    for number in range(max(counts.values()) + 1):
        due = [key for key in cases if number <= counts[key[1]] and key not in failed]
        mixed = random.sample(due, len(due))
        loads = [load for load, _ in mixed]
        for key in sorted(mixed, key=lambda key: loads.index(key[0])):
            try:
                cost = cases[key]()
            except (OSError, subprocess.SubprocessError):
                if key[1] in OURS:
                    raise
                failed.add(key)  # some tools cannot run some programs
                continue
            if number:
                taken[key].append(cost)
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return taken


def compare(runner: Runner, loads: Mapping[str, Load], tools: Sequence[str], options: argparse.Namespace) -> None:
    """Print ratios of all loads under all tools."""
    counts = {tool: options.rounds if tool in OURS else options.peer_rounds for tool in (*BARE, *tools)}
    cases = {(name, tool): case(runner, tool, load) for name, load in loads.items() for tool in counts}
    taken = rounds(cases, counts)
    if "mpdiag" in tools:
        go_on(cases, counts, taken)
        show(
            "Observed by mpdiag ÷ bare",
            ("load", "rounds", "bare", "bare again", "work", "least", "program", "command"),
            [overhead(load, *(taken[name, tool] for tool in OURS)) for name, load in loads.items()],
        )
        judged = [name for name in BUDGETED if name in loads]
        if judged:
            print(verdict([work_ratio(taken[name, "bare"], taken[name, "mpdiag"]).median for name in judged]))
        show(
            "On disk",
            ("load", "processes", "ledger each", "ledgers", "all else"),
            [disk(load, taken[name, "mpdiag"][-1]) for name, load in loads.items()],
        )
    rows = [
        [load.title, *(ratio_text(taken[name, "bare"], taken[name, tool]) for tool in tools)]
        for name, load in loads.items()
    ]
    show("The work, under each tool ÷ bare", ("load", *tools), rows)


def go_on(
    cases: Mapping[tuple[str, str], Callable[[], Cost]],
    counts: Mapping[str, int],
    taken: Mapping[tuple[str, str], list[Cost]],
) -> None:
    """Add rounds of ours to ``taken`` for the loads whose ratio is not known yet; what it is plays no part."""
    for _ in range(BATCHES - 1):
        wide = {load for load, _ in cases if not known(work_ratio(taken[load, "bare"], taken[load, "mpdiag"]))}
        again = {key: run for key, run in cases.items() if key[0] in wide and key[1] in OURS}
        if not again:
            return
        for key, costs in rounds(again, counts).items():
            taken[key].extend(costs)


def known(value: Measured) -> bool:
    """Whether a ratio's interval is narrow enough to judge by; too few rounds have none."""
    half = stats.half_width(value)
    return half is not None and half <= CLOSE


def case(runner: Runner, tool: str, load: Load) -> Callable[[], Cost]:
    """What runs ``load`` under ``tool`` once."""
    return lambda: runner.run(tool, load)


def work_ratio(bare: Sequence[Cost], under: Sequence[Cost]) -> Measured:
    """The ratio of the work, paired by round."""
    return ratio([each.work_s for each in under], [each.work_s for each in bare])


def ratio_text(bare: Sequence[Cost], under: Sequence[Cost]) -> str:
    """As `work_ratio`, in short."""
    return f"{work_ratio(bare, under).median:.2f}" if under else "fails"


def overhead(load: Load, bare: Sequence[Cost], again: Sequence[Cost], under: Sequence[Cost]) -> list[str]:
    """A row: what is chance, the work, the program and the command."""
    commands = [each.command_s for each in bare]
    programs = [each.program_s for each in under if each.program_s is not None]
    return [
        load.title,
        str(len(under)),
        units.seconds(stats.median([each.work_s for each in bare])),
        precise(work_ratio(bare, again)),
        precise(work_ratio(bare, under)),
        f"{min(each.work_s for each in under) / min(each.work_s for each in bare):.3f}",
        precise(ratio(programs, commands)) if len(programs) == len(commands) else "–",
        precise(ratio([each.command_s for each in under], commands)),
    ]


def precise(value: Measured) -> str:
    """A ratio near 1, with its interval."""
    interval = f" [{value.low:.3f}–{value.high:.3f}]" if value.low is not None and value.high is not None else ""
    return f"{value.median:.3f}{interval}"


def verdict(medians: Sequence[float]) -> str:
    """Whether the budget was kept."""
    middle, worst = stats.median(medians), max(medians)
    said = ["met" if value <= most else "missed" for value, most in ((middle, MEDIAN), (worst, WORST))]
    return f"work: median {middle:.3f} (≤ {MEDIAN}: {said[0]}), worst {worst:.3f} (≤ {WORST}: {said[1]})"


def disk(load: Load, cost: Cost) -> list[str]:
    """A row: what a run left."""
    each = units.size(stats.median(cost.ledgers)) if cost.ledgers else "–"
    return [load.title, str(len(cost.ledgers)), each, units.size(sum(cost.ledgers)), units.size(cost.others)]


def grow(runner: Runner, name: str, loads: Iterable[Load], count: int) -> None:
    """Print how cost and ledgers grow; few rounds of the longest suffice."""
    rows = []
    for load in loads:
        counts = dict.fromkeys(("bare", "mpdiag"), count)
        taken = rounds({(name, tool): case(runner, tool, load) for tool in counts}, counts)
        bare, under = taken[name, "bare"], taken[name, "mpdiag"]
        rows.append([*disk(load, under[-1])[:4], precise(work_ratio(bare, under))])
    show(f"Growth with {name}", ("load", "processes", "ledger each", "ledgers", "work ÷ bare"), rows)


if __name__ == "__main__":
    main()
