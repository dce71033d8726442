"""The law by which a function scales, how far it can be trusted, and what other machines would make of it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpdiag import stats
from mpdiag.model import Cell, Measured
from mpdiag.rigs import scaling
from mpdiag.sized.curve import Choice, Point, steps, waits
from mpdiag.sizer.settings import LOOP, THREADS, Setting
from mpdiag.units import number, seconds, size

#: The part of the memory at hand that workers may take.
FILL = 0.9
#: From this part of the ceiling on, it counts as reached.
AT = 0.95
#: Seconds that a cluster's scheduler adds to a task where it was not measured (Dask names about 1 ms), and how many
#: times that a task should last.
CLUSTER_S, WORTH = 1e-3, 20
#: How often the samples are drawn anew to see which laws they allow, and the share of these within the ends told.
DRAWS, COVERAGE = 200, 0.95


@dataclass(frozen=True)
class Law:
    """The law of a kind of workers, fitted to how much faster they were than the loop.

    Attributes:
        one: the speed-up of one worker.
        by: how much faster more of them are than one.
        allowed: others that the samples allow as well: drawn anew, and where contention and coherency cannot be told
            apart, by all of the loss as the one or the other.
        fed: the most that the process which hands out can feed, as a speed-up.
        universal: whether there were enough numbers of workers to tell contention and coherency apart.
    """

    one: float
    by: scaling.Law
    allowed: tuple[tuple[float, scaling.Law], ...] = ()
    fed: float = math.inf
    universal: bool = False

    def speedup(self, workers: float) -> float:
        """The speed-up to expect."""
        return min(self.one * self.by.speedup(workers), self.fed)

    @property
    def ceiling(self) -> float:
        """The speed-up that no number of workers exceeds."""
        return min(self.one * highest(self.by), self.fed)

    def ends(self, told: Callable[[Law], float]) -> tuple[float, float]:
        """The ends between which nearly all of the laws allowed tell it."""
        values = sorted(told(Law(one, by, fed=self.fed)) for one, by in self.allowed)
        cut = int((1 - COVERAGE) / 2 * len(values))
        return values[cut], values[-1 - cut]


def highest(law: scaling.Law) -> float:
    """The most that any number of workers makes of one."""
    if law.peak is not None:
        return max(law.speedup(max(law.peak, 1.0)), 1.0)
    return 1 / law.sigma if law.sigma > 0 else math.inf


def fit(curve: Sequence[Point], like: Setting, task: Mapping[str, Any], cpus: float) -> Law | None:
    """The law of workers such as those of ``like``, of those that had a CPU each; None without two numbers of them."""
    found = {count: point for count, point in steps(curve, like).items() if count <= math.ceil(cpus) or waits(task)}
    if len(found) < 2 and not (found and min(found) > 1):
        return None
    best = fitted({count: point.speedup.median for count, point in found.items()})
    each, parent = float(task["wall"].median), found[max(found)].parent
    fed = each / parent if parent > 0 else math.inf
    return Law(*best[0], tuple(drawn(found)), fed, universal=len(best) == 1)


def fitted(gains: Mapping[int, float]) -> list[tuple[float, scaling.Law]]:
    """The speed-up of one worker with the laws of more: the universal one, or else its two extremes, Amdahl's first."""
    one = gains.get(1, 1.0)
    points = [(float(count), gain / one) for count, gain in gains.items()]
    law = scaling.universal(points)
    laws = [law] if law else [scaling.amdahl(points), scaling.coherency(points)]
    return [(one, law) for law in laws if law]


def drawn(found: Mapping[int, Point]) -> Iterator[tuple[float, scaling.Law]]:
    """The laws of samples drawn anew from the samples, as the bootstrap does (B. Efron, 1979); the same every time."""
    chance = random.Random(0)
    for _ in range(DRAWS):
        samples = {count: chance.choices(point.speedup.samples, k=point.speedup.n) for count, point in found.items()}
        yield from fitted({count: stats.median(each) for count, each in samples.items()})


def fitting(point: Point, memory: float | None) -> int | None:
    """For how many workers such as those of ``point`` there is memory; None where it is not known."""
    shared = point.needs(0)
    return max(1, int((FILL * memory - shared) / point.own)) if point.own and memory and shared is not None else None


@dataclass(frozen=True)
class Machine:
    """Another machine: CPUs, and bytes of memory, or None to leave that out of account."""

    cpus: int
    memory: float | None

    @property
    def name(self) -> str:
        """What it has, in words."""
        return f"{self.cpus} CPUs" + (f", {size(self.memory)}" if self.memory else "")


def elsewhere(law: Law | None, choice: Choice, task: Mapping[str, Any], machine: Machine) -> dict[str, Cell]:
    """What to expect on another machine, as a row."""
    chosen = choice.chosen
    kind = chosen.setting.kind
    if law is None or kind == LOOP or (kind == THREADS and waits(task)):
        return {
            "where": machine.name,
            "workers": chosen.setting.workers,
            "speedup": chosen.speedup.median,
            "remark": "as here: " + ("its CPUs are not what limits it" if kind != LOOP else "a plain loop"),
        }
    most, peak = fitting(chosen, machine.memory), law.by.peak
    workers = min(machine.cpus, most or machine.cpus, max(1, round(peak)) if peak else machine.cpus)
    low, high = law.ends(lambda each: each.speedup(workers))
    return {
        "where": machine.name,
        "workers": workers,
        "speedup": law.speedup(workers),
        "low": low,
        "high": high,
        "memory": chosen.needs(workers),
        "remark": "; ".join(remarks(law, chosen, workers, machine)),
    }


def remarks(law: Law, chosen: Point, workers: int, machine: Machine) -> Iterator[str]:
    """What bounds the workers there, and the forecast."""
    if workers == fitting(chosen, machine.memory) and workers < machine.cpus:
        yield f"memory: {machine.cpus} would need {size(chosen.needs(machine.cpus) or 0)}"
    elif workers < machine.cpus:
        yield "more would be slower: each has to keep up with the others"
    if law.speedup(workers) >= AT * law.ceiling:
        yield "the ceiling: a larger machine wins nothing"
    if not law.universal:
        yield "a serial part or mutual waits: so few numbers of workers do not tell which, hence the ends"


def beyond(law: Law | None, task: Mapping[str, Any], cluster: Measured | None) -> list[dict[str, Cell]]:
    """The ceiling of one machine, and what a cluster adds to a task."""
    rows: list[dict[str, Cell]] = []
    if law is not None:
        low, high = law.ends(lambda each: each.ceiling)
        rows.append(
            {
                "where": "any one machine",
                "speedup": finite(law.ceiling),
                "low": finite(low),
                "high": finite(high),
                "remark": f"the ceiling: {why(law)}" if finite(low) else "no ceiling shows in what was measured",
            }
        )
    cost, each = cluster.median if cluster else CLUSTER_S, float(task["wall"].median)
    least = max(1, math.ceil(WORTH * cost / each))
    how = "measured here, one worker" if cluster else "Dask's own figure: mpdiag[dask] measures it"
    batch = f"hand out {least:,} or more items a task" if least > 1 else "an item is enough work for a task"
    rows.append({"where": "a cluster", "remark": f"adds {seconds(cost)} a task ({how}): {batch}"})
    return rows


def why(law: Law) -> str:
    """What makes the ceiling."""
    if law.fed <= law.ceiling:
        return "one process hands out"
    if not law.universal:
        return f"serial part {number(law.by.sigma, 'fraction')}, if it is one"
    parts = f"contention {number(law.by.sigma, 'fraction')}, coherency {number(law.by.kappa, 'fraction')}"
    return parts + (f", at {max(law.by.peak, 1):.0f} workers" if law.by.peak else "")


def finite(value: float) -> float | None:
    """``value``, or None for what has no end."""
    return value if math.isfinite(value) else None
