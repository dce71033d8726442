"""What limits a function on more workers, and what other machines would make of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpdiag.model import Cell, Measured
from mpdiag.rigs import scaling
from mpdiag.sized.curve import Choice, Point, steps
from mpdiag.sizer.outlook import WAITS
from mpdiag.sizer.settings import LOOP, PLAIN, THREADS
from mpdiag.units import number, seconds, size

#: Workers that are used this well are limited by how many there are.
WELL = 0.8
#: From this part of the wall time on, the process that hands out is the limit.
FEEDING = 0.5
#: Work that takes this many times its CPU time on several workers waits for memory: nothing else makes it dearer.
DEARER = 1.2
#: Bytes below which sending a message costs what sending any costs.
SMALL_MESSAGE = 1024
#: The part of the memory at hand that workers may take.
FILL = 0.9
#: Seconds that a cluster's scheduler adds to a task where it was not measured (Dask names about 1 ms), and how many
#: times that a task should last.
CLUSTER_S, WORTH = 1e-3, 20


@dataclass(frozen=True)
class Law:
    """The fitted law of a kind of workers.

    Attributes:
        one: the speed-up of one worker.
        serial: the part of the work that only one can do at a time, and the ends of what it may be.
        fed: the most that the process which hands out can feed, as a speed-up.
        error: of the fit, in speed-ups; None where two points say no more than one number.
    """

    one: float
    serial: float
    low: float
    high: float
    fed: float
    error: float | None = None

    def speedup(self, workers: int, serial: float | None = None) -> float:
        """The speed-up to expect."""
        law = scaling.Law(self.serial if serial is None else serial, 0.0)
        return min(self.one * law.speedup(workers), self.fed)

    @property
    def ceiling(self) -> float:
        """The speed-up that no number of workers exceeds."""
        return min(self.one / self.serial if self.serial > 0 else math.inf, self.fed)


def fit(curve: Sequence[Point], kind: str, task: Mapping[str, Any], cpus: float) -> Law | None:
    """The law of the workers of ``kind``, from those that had a CPU each; None where there are not two numbers."""
    found = {count: point for count, point in steps(curve, kind).items() if count <= math.ceil(cpus) or waits(task)}
    if len(found) < 2 and not (found and min(found) > 1):
        return None
    most = max(found)
    one = found[1].speedup.median if 1 in found else 1.0
    gains = [(float(count), point.speedup.median / one) for count, point in found.items()]
    amdahl = scaling.amdahl(gains)
    if amdahl is None:
        return None
    gain = found[most].speedup
    ends = [serial(most, end / one) for end in (gain.at_most, gain.at_least)]
    each, parent = float(task["wall"].median), found[most].parent
    return Law(
        one,
        amdahl.sigma,
        min(ends[0], amdahl.sigma),
        max(ends[1], amdahl.sigma),
        each / parent if parent > 0 else math.inf,
        amdahl.error,
    )


def serial(workers: int, speedup: float) -> float:
    """The serial part that this speed-up tells of, by Amdahl's law."""
    return min(max((workers / max(speedup, 1e-9) - 1) / (workers - 1), 0.0), 1.0)


def waits(task: Mapping[str, Any]) -> bool:
    """Whether the function waits more than it computes."""
    return float(task["waiting"]) >= WAITS


# --- memory


def fitting(own: int | None, memory: float | None) -> int | None:
    """For how many workers there is memory; None where it is not known."""
    return max(1, int(FILL * memory / own)) if own and memory else None


# --- what limits it


def limit(curve: Sequence[Point], choice: Choice, task: Mapping[str, Any], cpus: float, others: float) -> str:
    """What keeps the choice from being faster, in a sentence without its end."""
    chosen = choice.chosen
    if all(point.setting.kind == LOOP for point in curve):
        return "not known: no worker was measured"
    if waits(task):
        return waiting_limit(choice, task)
    if chosen.setting.kind == LOOP:
        return no_pool(curve, task, cpus)
    point = steps(curve, chosen.setting.kind)[chosen.setting.workers]
    feeding = point.parent / point.item.median
    if feeding >= FEEDING:
        busy = number(feeding, "fraction")
        return f"pickling and handing out: one process feeds all, and is busy with it {busy} of the time"
    used = chosen.speedup.median / min(chosen.setting.workers, cpus)
    dearer = dearness(curve, chosen)
    if used < WELL and dearer and dearer > DEARER:
        return (
            f"memory bandwidth, or caches that CPUs share: the same work takes {number(dearer, 'x')} the CPU time there"
        )
    if used >= WELL and chosen.setting.workers >= cpus:
        return f"the CPUs: {number(cpus, None)} can be used, and their time goes into the work"
    if others > 0.15:
        return f"the run queue: other programs use {number(others, 'fraction')} of the CPUs"
    return "a serial part: something that only one worker can have at a time, such as a lock, a disk or a device"


def waiting_limit(choice: Choice, task: Mapping[str, Any]) -> str:
    """What limits tasks that wait."""
    chosen = choice.chosen
    used = chosen.speedup.median / chosen.setting.workers
    if chosen.setting.kind == LOOP:
        return "what the calls wait for: it serves one at a time"
    if task["whole"] and chosen.setting.workers >= task["items"]:
        return f"the items: {task['items']} were given, so no more can be in flight"
    if used >= WELL:
        return "what the calls wait for: here, more of them in flight were always faster"
    busy = chosen.speedup.median * float(task["cpu"]) / float(task["wall"].median)
    if busy >= FEEDING and chosen.setting.kind == THREADS:
        return f"the GIL: between waits, threads compute {number(min(busy, 1.0), 'fraction')} of the time, one by one"
    return "what the calls wait for, or a lock between them: more in flight do not get more done"


def no_pool(curve: Sequence[Point], task: Mapping[str, Any], cpus: float) -> str:
    """Why no pool is faster than a loop."""
    each = float(task["wall"].median)
    if cpus <= 1:
        return "the CPUs: one can be used, which the loop does"
    sent = sum(float(task[key] or 0.0) for key in ("pickle_args", "pickle_result"))
    rest = [point for point in curve if point.setting.processes]
    if task["denied"]:
        return "that it cannot be sent to other processes"
    if sent >= FEEDING * each and (task["args_b"] or 0) + (task["result_b"] or 0) >= SMALL_MESSAGE:
        return f"pickling: {seconds(sent)} to send an item and its result, {seconds(each)} to work on it"
    if rest and max(point.speedup.median for point in rest) < 1 and each < 1e-3:
        return f"handing out: a call takes {seconds(each)}, less than giving it to a worker"
    return "a serial part: workers get no more done than one"


def dearness(curve: Sequence[Point], point: Point) -> float | None:
    """The CPU time of the work on these workers against that on one, or in the loop."""
    found = steps(curve, point.setting.kind)
    base = found.get(1) or next((each for each in curve if each.setting == PLAIN), None)
    if point.dearness is None or base is None or not base.dearness:
        return None
    return point.dearness / base.dearness


# --- other machines


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
    kind, own = chosen.setting.kind, chosen.own
    if law is None or kind == LOOP or (kind == THREADS and waits(task)):
        return {
            "where": machine.name,
            "workers": chosen.setting.workers,
            "speedup": chosen.speedup.median,
            "remark": "as here: " + ("its CPUs are not what limits it" if kind != LOOP else "a plain loop"),
        }
    most = fitting(own, machine.memory)
    workers = min(machine.cpus, most or machine.cpus)
    remark = f"memory: {machine.cpus} would need {size(machine.cpus * (own or 0))}" if workers < machine.cpus else ""
    return {
        "where": machine.name,
        "workers": workers,
        "speedup": law.speedup(workers),
        "low": law.speedup(workers, law.high),
        "high": law.speedup(workers, law.low),
        "memory": own * workers if own else None,
        "remark": remark,
    }


def beyond(law: Law | None, task: Mapping[str, Any], cluster: Measured | None) -> list[dict[str, Cell]]:
    """The ceiling of one machine, and what a cluster adds to a task."""
    rows: list[dict[str, Cell]] = []
    if law is not None:
        known = math.isfinite(law.ceiling)
        feeding = law.fed <= law.ceiling
        why = "one process hands out" if feeding else f"serial part {number(law.serial, 'fraction')}"
        rows.append(
            {
                "where": "any one machine",
                "speedup": law.ceiling if known else None,
                "remark": f"the ceiling: {why}" if known else "no ceiling shows in what was measured",
            }
        )
    cost, each = cluster.median if cluster else CLUSTER_S, float(task["wall"].median)
    least = max(1, math.ceil(WORTH * cost / each))
    how = "measured here, one worker" if cluster else "Dask's own figure: mpdiag[dask] measures it"
    batch = f"hand out {least:,} or more items a task" if least > 1 else "an item is enough work for a task"
    rows.append({"where": "a cluster", "remark": f"adds {seconds(cost)} a task ({how}): {batch}"})
    return rows
