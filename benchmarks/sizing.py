"""Is what `mpdiag size` recommends close to the best there is, and how much sooner does it know?

For each function of `natures`: the recommendation, then an exhaustive sweep over a grid of settings, finals between the
best of that, the recommended one, what the library takes by default, and joblib with its automatic batches, and a duel
between the winner and the recommended one. Prints the throughput of the recommended setting beside that of the winner,
both in the duel (aim: 90 % or more), the time that `mpdiag size` took beside that of the sweep (aim: 15 % or less), and
the other ways beside the winner in the finals.

``python benchmarks/sizing.py [--only NAME…] [--budget S] [--sweep S] [--limit S] [--json FILE]``; with the defaults 18
minutes on two CPUs. A row is printed when it is there; FILE keeps the rows of earlier runs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import astuple
from pathlib import Path
from typing import Any

from common import show
from natures import NATURES

from mpdiag import sizing, stats
from mpdiag.errors import MpdiagError
from mpdiag.interpreters import Chosen
from mpdiag.report import Report
from mpdiag.sized.curve import named
from mpdiag.sizer.settings import PLAIN, Setting
from mpdiag.units import between

HERE = Path(__file__).parent
NATURES_FILE = HERE / "natures.py"
#: The part of the best throughput, and of the sweep's time.
GOOD, SOON = 0.9, 0.15
#: A sweep may take so many times as long as it should, and seconds for its finals and the duel.
LATE, FINALS_S = 4, 120
DEFAULTS = ("executor", "threads", "joblib")
HEADER = ("function", "recommended", "speed-up", "best", "of it", "time", "of the sweep's", *DEFAULTS)

Row = dict[str, Any]


def main() -> None:
    """Print the rows, then all of them as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [function.__name__ for function in NATURES]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--budget", type=float, default=7.0, help="seconds for mpdiag size")
    parser.add_argument("--sweep", type=float, default=55.0, help="seconds for a sweep")
    parser.add_argument("--limit", type=float, default=1080.0, help="seconds after which no further row is begun")
    parser.add_argument("--json", type=Path, help="where the rows are kept")
    wanted = parser.parse_args()
    rows: dict[str, Row] = json.loads(wanted.json.read_text()) if wanted.json and wanted.json.exists() else {}
    end = time.monotonic() + wanted.limit
    for name in wanted.only:
        if time.monotonic() > end:
            print(f"{name}: left out, --limit is reached", flush=True)
            continue
        rows[name] = row(name, wanted.budget, wanted.sweep)
        print("  ".join(cells(name, rows[name])), flush=True)
        if wanted.json:
            wanted.json.write_text(json.dumps(rows, indent=1))
    conclude(rows)


def conclude(rows: dict[str, Row]) -> None:
    """Print the table, and how often the aims were met."""
    show("Recommended against the best of an exhaustive sweep", HEADER, [cells(*each) for each in rows.items()])
    told = [each for each in rows.values() if "error" not in each]
    print(f"\n{sum(each['share'] >= GOOD for each in told)} of {len(rows)} reach {GOOD:.0%} of the best")
    print(f"{sum(each['took'] <= SOON * each['sweep'] for each in told)} of {len(rows)} within {SOON:.0%} of the time")


def cells(name: str, each: Row) -> list[str]:
    """A row as it is printed."""
    if "error" in each:
        return [name, each["error"], *[""] * (len(HEADER) - 2)]
    return [
        name,
        each["recommended"],
        f"{each['speedup']:.2f}×",
        f"{each['best']} {each['best_speedup']:.2f}×",
        between(each["share"], each["low"], each["high"], "fraction"),
        f"{each['took']:.1f} s",
        f"{each['took'] / each['sweep']:.0%}",
        *("–" if each[way] is None else f"{each[way]:.0%}" for way in DEFAULTS),
    ]


def row(name: str, budget: float, lasting: float) -> Row:
    """Size one function, sweep it, compare; what fails is told instead."""
    try:
        return compared(name, budget, lasting)
    except (MpdiagError, subprocess.SubprocessError, StopIteration, LookupError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def compared(name: str, budget: float, lasting: float) -> Row:
    """Size one function, sweep it, compare."""
    begun = time.monotonic()
    report = sized(name, budget)
    took = time.monotonic() - begun
    chosen, cpus = recommended(report), os.cpu_count() or 1
    ways = {
        "executor": Setting(report.python["default_start_method"], cpus),
        "threads": Setting("threads", min(32, cpus + 4)),
    }
    swept = exhaustive(name, lasting, [chosen, *ways.values()])
    speeds = {Setting(*setting): stats.median(values) for setting, values in swept["finals"]}
    duel = {Setting(*setting): values for setting, values in swept["duel"]}
    best = Setting(*swept["winner"])
    share = stats.ratio(duel[chosen], duel[best])
    return {
        "recommended": named(chosen),
        "speedup": stats.ratio(duel[chosen], duel[PLAIN]).median,
        "best": named(best),
        "best_speedup": stats.ratio(duel[best], duel[PLAIN]).median,
        "share": share.median,
        "low": share.low,
        "high": share.high,
        "took": took,
        "sweep": swept["took"],
        **{way: speeds.get(setting, 0.0) / speeds[best] for way, setting in ways.items()},
        "joblib": stats.median(swept["joblib"]) / speeds[best] if swept["joblib"] else None,
        "others": report_others(report),
        "swept": swept,
    }


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


def exhaustive(name: str, lasting: float, extra: list[Setting]) -> Row:
    """What the sweep printed."""
    settings = json.dumps([astuple(each) for each in extra])
    command = [sys.executable, str(HERE / "exhaustive.py"), name, str(lasting), settings]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            told, _ = process.communicate(timeout=LATE * lasting + FINALS_S)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # its workers too
            raise
    found: Row = json.loads(told.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
