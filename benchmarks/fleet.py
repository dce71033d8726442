"""What putting a fleet together costs: memory and time for a host, however many there are.

Probes this machine once, as a host of a cluster is probed, and makes answers of so many simulated hosts of it: each
with noise of its own, every twentieth with all figures doubled, every tenth with a CPU quota. They go through the code
that takes the answers of real hosts, judges them, puts them together and writes the report. Prints time and memory for
a host; "flat" means that a host of the largest fleet costs no more than half as much again as one of the smallest.
"""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from typing import Any

from common import show

from mpdiag import fleeting, gathering, registry, reports, units
from mpdiag.fleet import errand, parcel, visits
from mpdiag.heading import begin
from mpdiag.redact import Identity, redact
from mpdiag.report import Report

FLEETS = (10, 30, 100)
#: A host of a large fleet may cost so many times what one of a small fleet does.
FLAT = 1.5
PROBES = ("start_method", "channels", "polling")
#: The seed of the noise.
SEED = 7


def main() -> None:
    """Print the table."""
    answer = probed()
    rows = []
    costs: list[tuple[float, float]] = []
    together(answer, 2)  # what is imported and compiled once is nobody's cost
    for count in FLEETS:
        begun = time.perf_counter()
        text = together(answer, count)
        took = time.perf_counter() - begun
        tracemalloc.start()
        together(answer, count)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        costs.append((took / count, peak / count))
        flat = all(now <= FLAT * first for now, first in zip(costs[-1], costs[0], strict=True))
        rows.append(
            [
                f"{count} hosts",
                units.seconds(took),
                units.seconds(took / count),
                units.size(peak),
                units.size(peak / count),
                units.size(len(text) / count),
                "flat" if flat else "grows",
            ]
        )
    header = ("fleet", "time", "for a host", "memory", "for a host", "report for a host", "")
    show("Putting a fleet together", header, rows)


def probed() -> str:
    """What this machine answers."""
    request = {"names": PROBES, "level": "quick", "imports": ()}
    asked = json.dumps({"request": request, "probes": True, "redact": True, "deadline_s": 120.0})
    return errand.run("benchmark", parcel.archive(), asked, 120.0, visits.MOST_BYTES)


def together(answer: str, count: int) -> str:
    """The report on a simulated fleet, as JSON."""
    return reports.encode(redact(fleet(answer, count), Identity.here()))


def fleet(answer: str, count: int) -> Report:
    """The report on ``count`` simulated hosts that answer like this one."""
    request = fleeting.Request("probe", gathering.Request(names=PROBES))
    rules = registry.select((), ())
    hosts = tuple(fleeting.visited(visit(answer, number), request, rules) for number in range(count))
    return fleeting.told(begin("fleet"), hosts)


def visit(answer: str, number: int) -> visits.Visit:
    """A visit to one simulated host that has been made."""
    noise = random.Random(SEED + number)
    times = 2.0 if number % 20 == 3 else 1.0
    lines = [json.dumps(changed(json.loads(line), noise, times)) for line in answer.splitlines()]
    if number % 10 == 5:
        lines[0] = json.dumps(limited(json.loads(lines[0])))
    host = visits.Host(f"node-{number:03}", f"10.0.{number // 250}.{number % 250}", f"kernel-{number}", ())
    return visits.Visit(host, status="ok", reason=None, text="\n".join(lines), took_s=8.0, open=False)


def changed(value: Any, noise: random.Random, times: float) -> Any:
    """``value`` with every measured value a little off, and so many times as large."""
    if isinstance(value, list):
        return [changed(inner, noise, times) for inner in value]
    if not isinstance(value, dict):
        return value
    if value.keys() >= {"median", "samples"}:
        factor = times * noise.lognormvariate(0.0, 0.05)
        scaled = {key: each * factor for key, each in value.items() if isinstance(each, float)}
        return {**value, **scaled, "samples": [each * factor for each in value["samples"]]}
    return {key: changed(inner, noise, times) for key, inner in value.items()}


def limited(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of a machine with 16 CPUs, of which a quota grants two; the library counts all."""
    facts["machine"] |= {"logical_cpus": 16, "affinity_cpus": 16, "cpu_quota": 2.0, "cpu_quota_level": 0}
    facts["machine"] |= {"usable_cpus": 2.0, "usable_workers": 2}
    facts["python"] |= {"cpu_count": 16, "pool_workers": 16}
    return facts


if __name__ == "__main__":
    main()
