"""Whether the figures are right: takes about four minutes and wants an idle machine.

Prints three tables.

Known workloads: a target that sleeps under each start method, a throttled pipe and a pickle of known cost, as a host
measures them: the interval, what is known, their ratio, and whether the known value (with its own interval, where it
is measured too) lies within the interval.

Other instruments: spawn, fork, pickle and pipe by the probes, by pyperf and by bare loops of the same calls,
interleaved: the ratios to the bare loop, paired by round, and those of the least values, which other load disturbs
less.

Repeatability: the ratios spawn : fork and Queue : Pipe of several runs, and their coefficient of variation.

Needs pyperf (``pip install mpdiag[bench]``) for its column.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from common import MPDIAG, show, spread

from mpdiag import stats, units
from mpdiag.bench import Plan
from mpdiag.launcher import Launcher
from mpdiag.model import Measured

HERE = Path(__file__).parent
#: Seconds for the known workloads.
BUDGET = 20.0
#: Rounds of the three instruments.
ROUNDS = 8
#: Runs of each level whose ratios are compared.
RUNS = 6
PROBES = ("start_method", "pickle_cost", "channels")
#: Where a report holds what loops.py measures too: section, row, column.
FIGURES = {
    "spawn": ("start_method", {"method": "spawn"}, "joined"),
    "fork": ("start_method", {"method": "fork"}, "joined"),
    "pickle": ("pickle_cost", {"what": "dicts"}, "both"),
    "pipe": ("channels", {"channel": "Pipe"}, "round_trip"),
}


def main() -> None:
    """Print the tables."""
    show("Known workloads", ("workload", "measured", "known", "ratio", ""), known_workloads())
    header = ("figure", "bare loop", "probe", "least", "pyperf", "least")
    show("Other instruments (÷ bare loop)", header, instruments())
    show(f"Repeatability ({RUNS} runs)", ("level", "ratio", "median", "least", "most", "variation"), repeated())


def known_workloads() -> Iterator[list[str]]:
    """One line for each known workload."""
    with Launcher(sys.executable) as launcher:
        shutil.copy(HERE / "workloads.py", launcher.folder / "mpdiag" / "probes")
        gathered = launcher.run(Plan(probe="workloads", budget_s=BUDGET, profile_s=0.0, deadline_s=120.0))
    if gathered.status != "ok":
        raise SystemExit(f"the workloads were not measured: {gathered.reason}")
    for row in gathered.rows[""]:
        measured, known = row["measured"], row["known"]
        assert isinstance(measured, Measured)
        assert isinstance(known, Measured)
        yield [
            str(row["what"]),
            units.interval(measured, "s"),
            units.interval(known, "s"),
            f"{measured.median / known.median:.4f}",
            "within" if overlap(measured, known) else "outside",
        ]


def overlap(one: Measured, other: Measured) -> bool:
    """Whether the intervals have a value in common; without an interval the median is all there is."""
    lows = [each.median if each.low is None else each.low for each in (one, other)]
    highs = [each.median if each.high is None else each.high for each in (one, other)]
    return max(lows) <= min(highs)


def instruments() -> Iterator[list[str]]:
    """The medians of each instrument in each round, compared by round."""
    tools = {"bare": by_loops, "probe": by_probe, **({"pyperf": by_pyperf} if find_spec("pyperf") else {})}
    medians: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for tool, measure in tools.items():
            for figure, value in measure().items():
                medians.setdefault((tool, figure), []).append(value)
    for figure in FIGURES:
        bare = medians["bare", figure]
        line = [figure, units.seconds(stats.median(bare))]
        for tool in ("probe", "pyperf"):
            found = medians.get((tool, figure))
            line.append(units.interval(stats.ratio(found, bare), "x") if found else "–")
            line.append(f"{min(found) / min(bare):.2f}×" if found else "–")
        yield line


def by_loops() -> dict[str, float]:
    """The medians of the bare loops, in seconds."""
    samples = json.loads(subprocess.check_output([sys.executable, "-c", "import loops; loops.main()"], cwd=HERE))
    return {name: stats.median(values) for name, values in samples.items()}


def by_pyperf() -> dict[str, float]:
    """The medians that pyperf finds for the same loops, in seconds."""
    import pyperf  # type: ignore[import-untyped,import-not-found,unused-ignore]

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pyperf.json")  # noqa: PTH118 - as pyperf takes it
        command = [sys.executable, str(HERE / "with_pyperf.py"), "--quiet", "--output", path]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        suite = pyperf.BenchmarkSuite.load(path)
    return {bench.get_name(): float(bench.median()) for bench in suite}


def by_probe() -> dict[str, float]:
    """The medians in a report of the probes, in seconds."""
    report = probed("--quick", *PROBES)
    return {name: cell(report, *place)["median"] for name, place in FIGURES.items()}


def repeated() -> Iterator[list[str]]:
    """How far the ratios of several runs lie apart; a run that lacks one says why on standard error."""
    for level in ("--quick", ""):
        ratios: dict[str, list[float]] = {}
        for _ in range(RUNS):
            try:
                found = ratios_of(probed(*([level] if level else []), "start_method", "channels"))
            except LookupError as missing:
                print(missing, file=sys.stderr)
                continue
            for name, value in found.items():
                ratios.setdefault(name, []).append(value)
        for name, values in ratios.items():
            least, most = f"{min(values):.2f}×", f"{max(values):.2f}×"
            yield [level or "default", name, f"{stats.median(values):.2f}×", least, most, f"{spread(values):.1%}"]


def ratios_of(report: dict[str, Any]) -> dict[str, float]:
    """The ratios that are to be the same in every run."""
    spawn, fork = (cell(report, "start_method", {"method": name}, "joined")["median"] for name in ("spawn", "fork"))
    queue = {key: cell(report, "channels.ratio", {"size": 64}, key)["median"] for key in ("latency", "throughput")}
    return {"spawn : fork": spawn / fork, **{f"Queue : Pipe, {key}": value for key, value in queue.items()}}


def probed(*arguments: str) -> dict[str, Any]:
    """The report of such a run."""
    text = subprocess.check_output([*MPDIAG, "probe", "--format", "json", *arguments])
    report: dict[str, Any] = json.loads(text)
    return report


def cell(report: dict[str, Any], section: str, where: dict[str, Any], column: str) -> dict[str, float]:
    """One measured cell of a report; a `LookupError` tells what the report says instead."""
    rows = [row for each in report["sections"] if each["id"] == section for row in each["rows"]]
    for row in rows:
        if all(row[key] == value for key, value in where.items()):
            found: dict[str, float] = row[column]
            return found
    raise LookupError(f"{section} has no row {where}: {[note['text'] for note in report['quality']]}")


if __name__ == "__main__":
    main()
