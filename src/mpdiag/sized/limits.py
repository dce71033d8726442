"""What limits a function on more workers, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mpdiag.sized.curve import Choice, Point, steps, waits
from mpdiag.sizer.settings import LOOP, PLAIN, THREADS
from mpdiag.units import number, seconds

#: Workers that are used this well are limited by how many there are.
WELL = 0.8
#: From this part of the wall time on, the process that hands out is the limit.
FEEDING = 0.5
#: Work that takes this many times its CPU time on several workers waits for what CPUs share.
DEARER = 1.2
#: Bytes below which sending a message costs what sending any costs.
SMALL_MESSAGE = 1024
#: The part of the CPUs from which on other programs limit it.
OTHERS = 0.15


@dataclass(frozen=True)
class Around:
    """The machine's part in it.

    Attributes:
        cpus: that can be used at once.
        cores: that these are on, if the system tells.
        others: the part of the CPUs that other programs used.
    """

    cpus: float
    cores: int | None = None
    others: float = 0.0


def limit(curve: Sequence[Point], choice: Choice, task: Mapping[str, Any], around: Around) -> str:
    """What keeps the choice from being faster, in a sentence without its end."""
    chosen = choice.chosen
    if all(point.setting.kind == LOOP for point in curve):
        return "not known: no worker was measured"
    if waits(task):
        return waiting_limit(choice, task)
    if chosen.setting.kind == LOOP:
        return no_pool(curve, task, around)
    point = steps(curve, chosen.setting)[chosen.setting.workers]
    feeding = point.parent / point.item.median
    if feeding >= FEEDING:
        busy = number(feeding, "fraction")
        return f"pickling and handing out: one process feeds all, and is busy with it {busy} of the time"
    used = chosen.speedup.median / min(chosen.setting.workers, around.cpus)
    if used < WELL and (reason := dearer(curve, chosen, around)):
        return reason
    if used >= WELL and chosen.setting.workers >= around.cpus:
        return f"the CPUs: {number(around.cpus, None)} can be used, and their time goes into the work"
    if around.others > OTHERS:
        return f"the run queue: other programs use {number(around.others, 'fraction')} of the CPUs"
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


def no_pool(curve: Sequence[Point], task: Mapping[str, Any], around: Around) -> str:
    """Why no pool is faster than a loop."""
    each = float(task["wall"].median)
    if around.cpus <= 1:
        return "the CPUs: one can be used, which the loop does"
    sent = sum(float(task[key] or 0.0) for key in ("pickle_args", "pickle_result"))
    rest = [point for point in curve if point.setting.processes]
    if task["denied"]:
        return "that it cannot be sent to other processes"
    if sent >= FEEDING * each and (task["args_b"] or 0) + (task["result_b"] or 0) >= SMALL_MESSAGE:
        return f"pickling: {seconds(sent)} to send an item and its result, {seconds(each)} to work on it"
    if rest and max(point.speedup.median for point in rest) < 1 and each < 1e-3:
        return f"handing out: a call takes {seconds(each)}, less than giving it to a worker"
    several = [point for point in curve if point.setting.workers > 1]
    best = max(several, key=lambda point: point.speedup.median, default=None)
    return (best and dearer(curve, best, around)) or "a serial part: workers get no more done than one"


def dearer(curve: Sequence[Point], point: Point, around: Around) -> str:
    """What these workers share that makes the work dearer; empty where it costs what it costs on one."""
    times = dearness(curve, point)
    if times is None or times <= DEARER:
        return ""
    told = f"the same work takes {number(times, 'x')} the CPU time on {point.setting.workers} workers"
    at_once = min(point.setting.workers, around.cpus)
    if around.cores and at_once > around.cores:
        return f"cores that CPUs share ({number(around.cpus, None)} CPUs on {around.cores}): {told}"
    return f"memory bandwidth, or caches that CPUs share: {told}"


def dearness(curve: Sequence[Point], point: Point) -> float | None:
    """The CPU time of the work on these workers against that on one, or in the loop."""
    found = steps(curve, point.setting)
    base = found.get(1) or next((each for each in curve if each.setting == PLAIN), None)
    if point.dearness is None or base is None or not base.dearness:
        return None
    return point.dearness / base.dearness
