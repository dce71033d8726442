"""Is what `mpdiag size` recommends close to the best there is, and how much sooner does it know?

For each function of `natures`: the recommendation, then an exhaustive sweep over a grid of settings, in which the
recommended one runs along. Prints its throughput beside the best of the sweep (aim: 90 % or more), the time that
`mpdiag size` took beside that of the sweep (aim: 15 % or less), and what the defaults of the library and joblib's
automatic batches reach. ``python benchmarks/sizing.py [NAME…] [--rounds N] [--budget S]``; an hour for all of them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from common import show
from natures import NATURES

from mpdiag import sizing, stats
from mpdiag.interpreters import Chosen
from mpdiag.report import Report
from mpdiag.sized.curve import named
from mpdiag.sizer.settings import PLAIN, Setting

HERE = Path(__file__).parent
NATURES_FILE = HERE / "natures.py"
#: The part of the best throughput, and of the sweep's time.
GOOD, SOON = 0.9, 0.15


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--budget", type=float, default=30.0)
    wanted = parser.parse_args()
    names = wanted.names or [function.__name__ for function in NATURES]
    rows = [row(name, wanted.rounds, wanted.budget) for name in names]
    show(
        "Recommended against the best of an exhaustive sweep",
        (
            "function",
            "recommended",
            "speed-up",
            "best there",
            "of the best",
            "its time",
            "executor()",
            "threads()",
            "joblib",
        ),
        rows,
    )
    met = sum(each[4].startswith(("9", "10")) and "%" in each[4] for each in rows)
    print(f"\n{met} of {len(rows)} within {GOOD:.0%} of the best")


def row(name: str, rounds: int, budget: float) -> list[str]:
    """Size one function, sweep it, compare."""
    begun = time.monotonic()
    report = sized(name, budget)
    took = time.monotonic() - begun
    chosen = recommended(report)
    cpus = os.cpu_count() or 1
    default = report.python["default_start_method"]
    ways = {"executor": Setting(default, cpus), "threads": Setting("threads", min(32, cpus + 4))}
    swept = exhaustive(name, rounds, [chosen, *ways.values()])
    speeds = {Setting(*each[:3]): stats.median(each[3]) for each in swept["speeds"]}
    loop, best = speeds[PLAIN], max(speeds, key=lambda each: speeds[each])
    defaults = [speeds.get(way, 0.0) / speeds[best] for way in ways.values()]
    joblib = stats.median(swept["joblib"]) / speeds[best] if swept["joblib"] else None
    contended = max((0.0, *(each for each in [report_others(report)] if each)))
    print(f"{name}: {named(chosen)}; others used {contended:.0%} of the CPUs meanwhile", file=sys.stderr, flush=True)
    return [
        name,
        named(chosen),
        f"{speeds[chosen] / loop:.2f}×",
        f"{named(best)}, {speeds[best] / loop:.2f}×",
        f"{speeds[chosen] / speeds[best]:.0%}",
        f"{took:.0f} s of {swept['took']:.0f} s ({took / swept['took']:.0%})",
        *(f"{share:.0%}" for share in defaults),
        "–" if joblib is None else f"{joblib:.0%}",
    ]


def sized(name: str, budget: float) -> Report:
    """The report of ``mpdiag size``."""
    request = sizing.Request(f"{NATURES_FILE}:{name}", f"{NATURES_FILE}:{name}_items", budget_s=budget)
    return sizing.measure(request, Chosen(sys.executable, "this one"), lambda: None)[0]


def recommended(report: Report) -> Setting:
    """The efficient choice, as it stands in the curve."""
    curve = next(section.rows for section in report.sections if section.id == "curve")
    marked = next(each for each in curve if each["mark"] == "choose")
    kind = str(marked["kind"]).removeprefix("processes, ").replace("plain loop", "loop")
    return Setting(kind, int(str(marked["workers"])), int(str(marked["chunk"] or 1)))


def report_others(report: Report) -> float:
    """The part of the CPUs that other programs used."""
    curve = next(section for section in report.sections if section.id == "curve")
    return float(curve.process.get("others_cpu_fraction", 0.0))


def exhaustive(name: str, rounds: int, extra: list[Setting]) -> dict[str, Any]:
    """What the sweep printed."""
    settings = json.dumps([[each.kind, each.workers, each.chunk] for each in extra])
    done = subprocess.run(
        [sys.executable, str(HERE / "exhaustive.py"), name, str(rounds), settings],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
