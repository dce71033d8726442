"""How long `mpdiag lint` takes for a large tree, beside what only parses it and beside other linters.

``python benchmarks/lint_speed.py [--rounds N] [--sample N] [FOLDER]...``

The tree is the standard library and the installed packages of this interpreter, unless folders are named. In rounds of
random order it is parsed with ast alone, checked by mpdiag, and by ruff with one rule and with its default rules, each
without a cache. pylint, where it is installed, gets a seeded sample of the files, with one rule, beside ast and mpdiag:
the whole tree would take it hours. Printed are CPU time of all processes, wall time, the CPU time as a ratio to ast,
and the most memory. "met" means no more CPU time than ruff takes with its default rules, or with one.

Then how mpdiag grows with the tree: every eighth file, once, twice, four and eight times over, so that all trees are of
one mixture. "met" means that eight times the files take eight times the CPU time, with a tenth for chance, and no more
than a quarter more memory; the CPU time that mpdiag takes for a file of one import is not counted.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common import MPDIAG, interleaved, ratio, show

from mpdiag import stats, units

SEED = 4
#: How often the files are there in the trees that show growth: 1 / `TIMES[-1]` of all, so many times.
TIMES = (1, 2, 4, 8)
#: How much more CPU time a file may take in the largest tree, and how much more memory that tree may take.
LINEAR, FLAT = 1.1, 1.25
PARSE = """
import ast, os, sys, warnings
warnings.simplefilter("ignore")
for top in sys.argv[1:]:
    for folder, _, names in os.walk(top):
        for name in names:
            if name.endswith(".py"):
                with open(os.path.join(folder, name), "rb") as file:
                    source = file.read()
                try:
                    ast.parse(source)
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    pass
"""
#: A rule that looks at calls, as ours do, and is not ruff's cheapest.
ONE_RULE = "PLW2101"
RUFF = (
    "check",
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    "--exit-zero",
    "--quiet",
    "--config",
    "exclude=[]",
)
PYLINT = ("--rcfile=/dev/null", "--disable=all", "--enable=useless-with-lock", "--exit-zero", "--score=no")


@dataclass(frozen=True)
class Spent:
    """What one run took."""

    cpu_s: float
    wall_s: float
    memory: int


def spent(*command: str) -> Spent:
    """Run ``command``, with all its children."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"failed: {' '.join(command)}")
    return Spent(usage.ru_utime + usage.ru_stime, took, usage.ru_maxrss * (1024 if sys.platform == "linux" else 1))


def commands(folders: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The whole tree: who takes part."""
    found = {"ast.parse": (sys.executable, "-c", PARSE, *folders), "mpdiag": ours(folders)}
    if ruff := tool("ruff"):
        found[f"ruff {ONE_RULE}"] = (ruff, *RUFF, "--preview", "--select", ONE_RULE, *folders)
        found["ruff"] = (ruff, *RUFF, *folders)
    return found


def ours(folders: Sequence[str]) -> tuple[str, ...]:
    """Our own command, as CI runs it."""
    return (*MPDIAG, "lint", "--format", "concise", "--fail-on", "never", *folders)


def tool(name: str) -> str | None:
    """A command of this environment, else one on the PATH."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


def python_files(folders: Sequence[str]) -> list[Path]:
    """All files, in one order."""
    return sorted(path for folder in folders for path in Path(folder).rglob("*.py") if path.is_file())


def copied(files: Sequence[Path], folder: Path) -> str:
    """``files`` in a folder of their own."""
    folder.mkdir()
    for number, path in enumerate(files):
        shutil.copyfile(path, folder / f"f{number}.py")
    return str(folder)


def compare(title: str, cases: Mapping[str, tuple[str, ...]], rounds: int) -> dict[str, list[float]]:
    """Print the table of one tree; gives the CPU times."""
    samples = interleaved({name: partial(spent, *command) for name, command in cases.items()}, rounds)
    cpu = {name: [each.cpu_s for each in runs] for name, runs in samples.items()}
    rows = [
        (
            name,
            units.seconds(stats.median(cpu[name])),
            units.seconds(stats.median([each.wall_s for each in runs])),
            units.interval(ratio(cpu[name], cpu["ast.parse"]), "x"),
            units.size(max(each.memory for each in runs)),
        )
        for name, runs in samples.items()
    ]
    show(title, ("command", "CPU", "wall", "CPU : ast.parse", "memory"), rows)
    return cpu


def budget(cpu: Mapping[str, list[float]]) -> None:
    """Print whether mpdiag takes as long as ruff at most."""
    peers = [peer for peer in ("ruff", f"ruff {ONE_RULE}") if peer in cpu]
    rows = [judged(f"mpdiag : {peer}", cpu["mpdiag"], cpu[peer], 1.0) for peer in peers]
    show("Budget", ("ratio of CPU times", "", "budget", ""), rows)


def judged(title: str, value: Sequence[float], reference: Sequence[float], most: float) -> tuple[str, ...]:
    """A line that says whether a ratio keeps within its budget."""
    share = ratio(value, reference)
    return title, units.interval(share, "x"), f"≤ {most:.3g}×", "met" if share.median <= most else "missed"


def growth(files: Sequence[Path], rounds: int, scratch: Path) -> None:
    """Print how CPU time and memory grow with the number of files."""
    some = random.Random(SEED).sample(files, max(1, len(files) // TIMES[-1]))
    (scratch / "growth").mkdir()
    trees = {times: copied(some * times, scratch / "growth" / str(times)) for times in TIMES}
    (scratch / "start.py").write_text("import multiprocessing\n")
    trees[0] = copied([scratch / "start.py"], scratch / "growth" / "0")
    samples = interleaved({times: partial(spent, *ours([tree])) for times, tree in trees.items()}, rounds)
    cpu = {
        times: [each.cpu_s - base.cpu_s for each, base in zip(samples[times], samples[0], strict=True)]
        for times in TIMES
    }
    memory = {times: [each.memory for each in samples[times]] for times in TIMES}
    rows = [
        (
            f"{len(some) * times:,} files",
            units.seconds(stats.median(cpu[times])),
            units.seconds(stats.median(cpu[times]) / (len(some) * times)),
            units.size(max(memory[times])),
        )
        for times in TIMES
    ]
    show("Growth", ("tree", "CPU", "CPU per file", "memory"), rows)
    first, last = TIMES[0], TIMES[-1]
    more = f"for {last // first} times the files"
    budgets = [
        judged(f"CPU time {more}", cpu[last], cpu[first], LINEAR * last / first),
        judged(f"memory {more}", memory[last], memory[first], FLAT),
    ]
    show("Budget", ("ratio", "", "budget", ""), budgets)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--sample", type=int, default=500, help="files for pylint")
    asked = parser.parse_args()
    folders = asked.folders or sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")})
    files = python_files(folders)
    size = units.size(sum(path.stat().st_size for path in files))
    cpu = compare(f"{len(files):,} files, {size}", commands(folders), asked.rounds)
    budget(cpu)
    with tempfile.TemporaryDirectory() as scratch:
        growth(files, asked.rounds, Path(scratch))
        if pylint := tool("pylint"):
            chosen = random.Random(SEED).sample(files, min(asked.sample, len(files)))
            sample = copied(chosen, Path(scratch, "sample"))
            cases = {name: commands([sample])[name] for name in ("ast.parse", "mpdiag")}
            cases["pylint"] = (pylint, *PYLINT, sample)
            compare(f"A sample of {len(chosen)} files", cases, max(1, asked.rounds // 3))


if __name__ == "__main__":
    main()
