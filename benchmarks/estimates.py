"""How near the account comes to what a program measures itself, where only some events of many are timed.

``python benchmarks/estimates.py [--rounds N] [--count N] [--python PATH]``

The programs of clocked.py look at the clock around every `send` and `recv`; mpdiag times a few hundred of them, which
stand for all. Prints how far the buckets of its account (send and pickle; recv and unpickle) are from what each process
measured, as median and farthest of the rounds, and the remainder of the account. As the program's own clock is around
what mpdiag times, a few percent less than it says is right.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clocked import PROGRAMS
from common import MPDIAG, show

from mpdiag import stats

SCRIPT = Path(__file__).with_name("clocked.py")
#: The buckets that make up what the program measures, in the order in which it tells them.
BUCKETS = {"send": ("send", "pickle"), "recv": ("recv", "unpickle")}
#: Less than that share of the lifetime is not compared: it would be all tap.
LEAST = 0.01

#: By program, process and doing: estimate over truth, less 1.
Off = dict[tuple[str, str, str], float]


def main() -> int:
    """Run the programs and print the comparison."""
    options = parse(sys.argv[1:])
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    remainders = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.rounds):
            for name in PROGRAMS:
                report, measured = observed(options.python, name, options.count, Path(folder))
                remainders[name].append(report["account"]["unaccounted_fraction"])
                for key, value in off(name, report, measured).items():
                    found[key].append(value)
    rows = ([*key, *described(values)] for key, values in found.items())
    show("Estimate against the program's own clock", ("program", "process", "doing", "median", "farthest"), rows)
    remaining = ([name, f"{max(values):.3f}"] for name, values in remainders.items())
    show("Remainder of the account", ("program", "worst"), remaining)
    return 0


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--count", type=int, default=40_000, help="messages")
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the programs")
    return parser.parse_args(arguments)


def observed(python: str, name: str, count: int, folder: Path) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """The report on one program, and what it measured."""
    report, file = folder / "report.json", folder / "measured.json"
    options = ("--quiet", "--json", str(report), "--python", python)
    subprocess.run([*MPDIAG, "run", *options, str(SCRIPT), name, str(count), str(file)], check=True)
    return json.loads(report.read_text(encoding="utf-8")), json.loads(file.read_text(encoding="utf-8"))


def off(name: str, report: Mapping[str, Any], measured: Mapping[str, list[float]]) -> Off:
    """How far each estimate is off."""
    return {
        (name, process["role"], doing): estimated / true - 1
        for process in report["account"]["processes"]
        if process["role"] in measured
        for (doing, buckets), true in zip(BUCKETS.items(), measured[process["role"]], strict=True)
        if true > LEAST * (process["ended_s"] - process["born_s"])
        for estimated in [sum(process["buckets"].get(bucket, 0.0) for bucket in buckets)]
    }


def described(values: list[float]) -> Iterator[str]:
    """The median and the value that is farthest from zero."""
    yield f"{stats.median(values):+.1%}"
    yield f"{max(values, key=abs):+.1%}"


if __name__ == "__main__":
    sys.exit(main())
