"""The function alone, in one process: what a call takes, waits, computes, sends and returns."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.reduction import ForkingPickler
from typing import Any, Optional

from mpdiag import stats
from mpdiag.bench import Bench
from mpdiag.model import Cell
from mpdiag.sizer import native
from mpdiag.sizer.clocks import Clocks
from mpdiag.sizer.subject import Failure, Subject, Trouble, attempt

#: The part of the budget for calls one after the other, as much again for second calls, and the most of them.
SHARE, MOST = 0.12, 200
#: Items whose pickling is measured.
PICKLED = 20
#: A first try: items that all raise are no accident.
TRIES = 3
#: Calls shorter than this are timed all together, in loops that last so long, the best of some.
SHORT, LASTING, ONCE_MORE = 50e-6, 0.002, 3
#: CPU seconds around a call that reading the clocks takes.
AROUND = 50e-6
#: The most of a call that queueing is believed to have taken.
MOST_QUEUED = 0.95
#: Calls shorter than this part of the budget are tried in two threads at once.
BRIEF = 0.02
#: Seconds for two threads at once, and how many of them must then be busy at a time where the GIL is released.
TOGETHER_S, RELEASES = 0.1, 1.3
#: Second calls that take this part of the first give what was kept.
REMEMBERED = 0.1
#: CPU time beyond that of the calling thread, as a part of it, that other threads must have used.
BESIDE = 0.2


@dataclass
class Alone:
    """What the calls gave; lists by call, seconds and bytes.

    Attributes:
        good: the items that raised nothing.
        reference: what each good item took at its best, on a CPU of its own: what comes in between only adds.
        repeated: the second calls, by the first.
        native_threads: those that its libraries have started; None where the system does not tell.
        native_pools: these libraries, as far as threadpoolctl knows them.
        together: how many of two threads computed or wanted to at a time; None where that was not tried.
        denied: why no other process can do the work; empty when one can.
    """

    first: float = 0.0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    children: list[float] = field(default_factory=list)
    args_b: list[float] = field(default_factory=list)
    result_b: list[float] = field(default_factory=list)
    pickle_args: list[float] = field(default_factory=list)
    pickle_result: list[float] = field(default_factory=list)
    good: list[Any] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    raised: list[Failure] = field(default_factory=list)
    repeated: list[float] = field(default_factory=list)
    native_threads: Optional[int] = None
    native_pools: list[str] = field(default_factory=list)
    together: Optional[float] = None
    denied: str = ""
    calls: int = 0


def measure(bench: Bench, subject: Subject, most: float, doing: Callable[[str], None]) -> Alone:
    """Call the function on one item after the other, for a part of the budget.

    Args:
        bench: its clock and budget.
        subject: what to call, with what.
        most: calls allowed.
        doing: is told what is about to be done, in case it never ends.

    Raises:
        Trouble: the first items all raise.
    """
    alone, end = Alone(), bench.clock() + SHARE * bench.plan.budget_s
    for number, item in enumerate(subject.items[:MOST]):
        if alone.calls >= most or (alone.wall and bench.clock() >= end):
            break
        doing(f"the call on item {number}")
        one(alone, subject, item)
        if len(alone.raised) == min(TRIES, len(subject.items)) and not alone.good:
            raised = alone.raised[0]
            raise Trouble(
                f"{subject.name} raised {raised.text}{raised.place} on {'each item' if number else 'its first item'}",
                "Mend it, or give items that it accepts.",
            )
    alone.native_pools = native.pools()
    again(alone, subject, most, end, bench)
    in_one_go(alone, subject, most)
    if most == math.inf and stats.median(alone.reference) < BRIEF * bench.plan.budget_s:
        doing("calls in two threads at once")
        alone.together = together(alone, subject)
    return alone


def one(alone: Alone, subject: Subject, item: Any) -> None:
    """One call, with the pickling of what it is sent and what it returns if not enough of that is known."""
    result, failed, took = called(alone, subject, item)
    if failed:
        alone.raised.append(failed)
        return
    alone.first = alone.first or took
    alone.good.append(item)
    alone.reference.append(took)
    if len(alone.args_b) < PICKLED and not alone.denied:
        sent(alone, subject, item, result)


def called(alone: Alone, subject: Subject, item: Any) -> tuple[Any, Optional[Failure], float]:
    """One call, kept in the lists: its result, what it raised, and the seconds that it would take on a free CPU."""
    before = Clocks.now()
    begun = time.perf_counter()
    result, failed = attempt(subject.function, item)
    wall = time.perf_counter() - begun
    used = Clocks.now().since(before)
    alone.calls += 1
    if not failed:
        alone.wall.append(wall)
        alone.cpu.append(used.process)
        alone.beside.append(max(0.0, used.process - used.thread))
        alone.children.append(used.children)
        alone.ready.append(min(used.ready or 0.0, MOST_QUEUED * wall))
    # What the system says is of a little longer than the call; no call is shorter than its thread computed.
    return result, failed, max(wall - (used.ready or 0.0), min(wall, used.thread - AROUND), 1e-9)


def again(alone: Alone, subject: Subject, most: float, end: float, bench: Bench) -> None:
    """Call once more on what was called first, which was then new to caches and imports; the lesser time counts."""
    brief = alone.reference[0] <= BRIEF * bench.plan.budget_s if alone.reference else False
    end += SHARE * bench.plan.budget_s if brief else 0.0
    for place, item in enumerate(alone.good):
        if alone.calls + 1 > most or (bench.clock() >= end and (place or not brief)):
            break
        _, failed, took = called(alone, subject, item)
        if not failed:
            alone.repeated.append(took / max(alone.reference[place], 1e-9))
            alone.reference[place] = min(alone.reference[place], took)


def in_one_go(alone: Alone, subject: Subject, most: float) -> None:
    """Time calls that are shorter than the clock can tell all together."""
    usual = stats.median(alone.reference)
    loops = int(LASTING / (len(alone.good) * usual)) if usual < SHORT else 0
    if not loops or alone.calls + ONCE_MORE * loops * len(alone.good) > most:
        return
    took = []
    for _ in range(ONCE_MORE):
        begun = time.perf_counter()
        _, failed = attempt(repeated, subject.function, alone.good, loops)
        if not failed:
            took.append((time.perf_counter() - begun) / loops)
        alone.calls += loops * len(alone.good)
    if took:
        scale = min(1.0, min(took) / sum(alone.reference))
        alone.reference = [max(reference * scale, 1e-9) for reference in alone.reference]


def together(alone: Alone, subject: Subject) -> Optional[float]:
    """How many of two threads compute, or queue for a CPU, at a time: one, where the function holds the GIL.

    The one that waits for the GIL sleeps; it does not wake up to ask for it while the switch interval is this long.
    """
    ends: list[Clocks] = []
    barrier, until = threading.Barrier(3), time.perf_counter() + TOGETHER_S

    def work_on() -> None:
        barrier.wait()
        before = Clocks.now()
        for item in cycle(alone.good):
            alone.calls += 1
            if attempt(subject.function, item)[1] or time.perf_counter() > until:
                break
        ends.append(Clocks.now().since(before))

    usual = sys.getswitchinterval()
    workers = [threading.Thread(target=work_on, daemon=True) for _ in range(2)]
    try:
        sys.setswitchinterval(max(usual, 1.0))
        for worker in workers:
            worker.start()
        barrier.wait()
        begun = time.perf_counter()
        for worker in workers:
            worker.join()
        wall = time.perf_counter() - begun
    finally:
        sys.setswitchinterval(usual)
    return sum(end.thread + (end.ready or 0.0) for end in ends) / wall if wall > 0 else None


def has_company(alone: Alone) -> bool:
    """Whether threads of native libraries compute beside the calling one."""
    return total(alone.beside) > BESIDE * max(total(alone.cpu), 1e-9)


def takes_turns(alone: Alone) -> bool:
    """Whether threads compute one after the other, as far as is known."""
    gil: bool = getattr(sys, "_is_gil_enabled", lambda: True)() and not has_company(alone)
    return gil and (alone.together is None or alone.together < RELEASES)


def repeated(function: Callable[[Any], Any], items: list[Any], loops: int) -> None:
    """A plain loop over all items, some times."""
    for _ in range(loops):
        for item in items:
            function(item)


def sent(alone: Alone, subject: Subject, item: Any, result: Any) -> None:
    """Pickle what would be sent to a worker and back."""
    things = {"function": subject.function, "arguments": item, "result": result}
    for name, thing in things.items():
        told, failed = attempt(there_and_back, thing)
        if failed:
            alone.denied = f"its {name} cannot be pickled: {failed.text}" if name != "function" else failed.text
            return
        size, took = told
        if name == "arguments":
            alone.args_b.append(size)
            alone.pickle_args.append(took)
        elif name == "result":
            alone.result_b.append(size)
            alone.pickle_result.append(took)


def there_and_back(thing: Any) -> tuple[int, float]:
    """The size of ``thing`` pickled, and the seconds that pickling and unpickling it takes."""
    begun = time.perf_counter()
    wire = ForkingPickler.dumps(thing)
    ForkingPickler.loads(wire)
    return len(wire), time.perf_counter() - begun


def waiting(alone: Alone) -> float:
    """The part of the time in which neither the function nor its child processes computed, nor wanted to."""
    wall = total(alone.wall) - total(alone.ready)
    return min(max(1 - (total(alone.cpu) + total(alone.children)) / wall, 0.0), 1.0) if wall > 0 else 0.0


def total(values: list[float]) -> float:
    """The sum over all calls but the first, which also imported and filled caches, if there are others."""
    return sum(values[1:] or values)


def remembers(alone: Alone) -> bool:
    """Whether second calls on an item took next to no time: the function keeps its results."""
    return len(alone.repeated) > 1 and stats.median(alone.repeated[1:]) < REMEMBERED


def cells(alone: Alone, subject: Subject) -> dict[str, Cell]:
    """All of it, as one row."""
    raised = alone.raised[0] if alone.raised else Failure("")
    beside = has_company(alone)
    return {
        "target": subject.name,
        "items": len(subject.items),
        "whole": subject.whole,
        "calls": alone.calls,
        "first": alone.first,
        "wall": stats.measured(alone.reference),
        "children": stats.median(alone.children),
        "waiting": waiting(alone),
        "ready": total(alone.ready) / max(total(alone.wall), 1e-9),
        "remembers": remembers(alone),
        "slowest": max(alone.reference),
        "cpu": stats.median(alone.reference) * (1 - waiting(alone)) if not beside else stats.median(alone.cpu),
        "threads_beside": beside,
        "together": alone.together,
        "takes_turns": takes_turns(alone),
        "native_threads": alone.native_threads,
        "native_pools": ", ".join(alone.native_pools),
        "args_b": stats.median(alone.args_b) if alone.args_b else None,
        "result_b": stats.median(alone.result_b) if alone.result_b else None,
        "pickle_args": stats.median(alone.pickle_args) if alone.pickle_args else None,
        "pickle_result": stats.median(alone.pickle_result) if alone.pickle_result else None,
        "denied": alone.denied,
        "raised": len(alone.raised),
        "error": raised.text + raised.place,
    }
