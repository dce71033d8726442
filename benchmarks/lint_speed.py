"""How long `mpdiag lint` takes for a large tree, beside what only parses it and beside other linters.

``python benchmarks/lint_speed.py [--rounds N] [--sample N] [FOLDER]...``

The tree is the standard library and the installed packages of this interpreter, unless folders are named. In rounds of
random order it is parsed with ast alone, checked by mpdiag, and by ruff with one rule and with its default rules, each
without a cache. pylint, where it is installed, gets a seeded sample of the files, with one rule, beside ast and mpdiag:
the whole tree would take it hours. Printed are CPU time of all processes, wall time, the CPU time as a ratio to ast,
and the most memory; then how mpdiag's CPU time grows with the tree. "met" means no more CPU time than ruff takes with
its default rules, or with one.
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
#: Parts of the tree that show how time grows.
PARTS = (0.25, 0.5, 1.0)
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
    rows = []
    for peer in ("ruff", f"ruff {ONE_RULE}"):
        if peer in cpu:
            share = ratio(cpu["mpdiag"], cpu[peer])
            rows.append(
                (f"mpdiag : {peer}", units.interval(share, "x"), "≤ 1×", "met" if share.median <= 1 else "missed")
            )
    show("Budget", ("ratio of CPU times", "", "budget", ""), rows)


def growth(files: Sequence[Path], rounds: int, scratch: Path) -> None:
    """Print how the CPU time grows with the number of files."""
    mixed = random.Random(SEED).sample(files, len(files))
    trees = {part: copied(mixed[: int(part * len(files))], scratch / f"part{part}") for part in PARTS}
    samples = interleaved({part: partial(spent, *ours([tree])) for part, tree in trees.items()}, rounds)
    rows = [
        (
            f"{int(part * len(files)):,} files",
            units.seconds(stats.median([each.cpu_s for each in runs])),
            units.seconds(stats.median([each.cpu_s for each in runs]) / int(part * len(files))),
            units.size(max(each.memory for each in runs)),
        )
        for part, runs in samples.items()
    ]
    show("Growth", ("tree", "CPU", "CPU per file", "memory"), rows)


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
        growth(files, max(1, asked.rounds // 2), Path(scratch))
        if pylint := tool("pylint"):
            chosen = random.Random(SEED).sample(files, min(asked.sample, len(files)))
            sample = copied(chosen, Path(scratch, "sample"))
            cases = {name: commands([sample])[name] for name in ("ast.parse", "mpdiag")}
            cases["pylint"] = (pylint, *PYLINT, sample)
            compare(f"A sample of {len(chosen)} files", cases, max(1, asked.rounds // 3))


if __name__ == "__main__":
    main()
