"""Workers for the user's function, opened when first asked for; what a batch on them takes, and what each holds."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent import futures
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, islice
from typing import Any, Optional

from mpdiag import stats, work
from mpdiag.bench import CHILD_DEADLINE, UNAVAILABLE, Bench
from mpdiag.rigs import pools
from mpdiag.rigs.pools import EXECUTOR, Staff, Warm
from mpdiag.sizer import alone as one
from mpdiag.sizer import native
from mpdiag.sizer.alone import Alone
from mpdiag.sizer.clocks import idle, memory, queued
from mpdiag.sizer.outlook import WAITS
from mpdiag.sizer.search import Denied
from mpdiag.sizer.settings import INTERPRETERS, LOOP, THREADS, Batch, Setting, beyond, queueing
from mpdiag.sizer.subject import Subject, attempt

#: What the library calls the kinds that are no start method.
POOLS = {THREADS: pools.THREADS, INTERPRETERS: pools.INTERPRETERS}
FORK, SPAWN = "fork", "spawn"
#: Seconds below which a call is made once in each worker before anything is timed, if calls are not counted.
BRIEF = 0.5
#: A batch that takes this many times as long as it should, and so many seconds, will not come.
LATE, LATE_S = 10.0, 5.0
#: Seconds of a call from which on looking at the clock after each is nothing.
CHECKED = 1e-3
#: Seconds that waiting for a batch lasts at least, however late it is.
AT_LEAST = 0.05
#: Seconds for all around a batch: starting workers, ending those that stand still.
SLACK_S = 25.0


@dataclass(frozen=True)
class Cost:
    """What workers cost to have: seconds from asking for them until the last was up, and bytes of each.

    Attributes:
        own: memory of a worker that it shares with nobody, at its peak; None where the system does not tell.
        pss: its share of all memory, where pages in common are divided.
    """

    start: float
    own: Optional[int] = None
    pss: Optional[int] = None


class Crews:
    """Runs batches of the user's items on any setting; use as a context manager.

    Args:
        bench: its clock.
        subject: the function and what prepares a worker.
        alone: the items that raise nothing, and what each takes.
        doing: is told what is about to be done, and how long it may take.
    """

    def __init__(self, bench: Bench, subject: Subject, alone: Alone, doing: Callable[[str, float], None]) -> None:
        self.bench = bench
        self.subject = subject
        self.doing = doing
        self.cpus = float((bench.plan.size or {}).get("usable_cpus") or bench.cpus)
        self.costs: dict[tuple[str, int, int], Cost] = {}
        self._takes_turns, self._waiting = one.takes_turns(alone), one.waiting(alone)
        self._waits = self._waiting >= WAITS
        self._usual = stats.median(alone.reference)
        self._until = math.inf
        self._counted = bool((bench.plan.size or {}).get("calls_most"))
        self._supply = cycle(list(zip(alone.good, alone.reference)))
        self._open: dict[tuple[str, int, int], tuple[Warm, ExitStack]] = {}

    def __enter__(self) -> Crews:
        return self

    def __exit__(self, *error: object) -> None:
        for _, stack in self._open.values():
            stack.close()

    def close(self, setting: Setting) -> None:
        """End the workers of a setting."""
        if entry := self._open.pop(setting.crew, None):
            entry[1].close()

    def run(self, number: int, setting: Setting, count: int, until: float = math.inf) -> Batch:
        """One batch of so many items, in the round ``number``; workers that are not done ``until`` then are ended.

        Raises:
            Denied: the setting cannot be had, or failed.
        """
        if setting.native and setting.kind != SPAWN and not native.controllable():
            raise Denied("limiting the threads of native libraries takes threadpoolctl in this interpreter")
        taken = list(islice(self._supply, count))
        items, due = [item for item, _ in taken], sum(reference for _, reference in taken)
        self._until = until
        self.doing(f"{count} calls {named(setting)}", 2 * self._late(due) + SLACK_S)
        with native.limited(0 if setting.processes else setting.native):
            on = self._loop if setting.kind == LOOP else self._on_workers
            return on(number, setting, items, due)

    def _on_workers(self, number: int, setting: Setting, items: Sequence[Any], due: float) -> Batch:
        warm = self._warm(setting, self._late(due))
        warm.staff = replace(warm.staff, deadline=self._late(due))
        before, begun = readings(warm), self.bench.clock()
        self._give(warm, setting, items)
        wall, after = self.bench.clock() - begun, readings(warm)
        self._weigh(setting, warm)
        return self._batch(number, setting, (len(items), due), wall, after.since(before))

    def _batch(self, number: int, setting: Setting, what: tuple[int, float], wall: float, used: Readings) -> Batch:
        """What was measured, as a batch; ``what`` are its items and their work."""
        turns = setting.kind == LOOP or (setting.kind == THREADS and self._takes_turns)
        at_once = 1 if turns and not self._waits else setting.workers
        cpus = 1.0 if turns else min(self.cpus, setting.workers)
        most = beyond(wall, used.cpu or 0.0, cpus, self._others(wall, used, setting))
        waits = (used.ready or 0.0) / at_once
        if setting.processes and not self._waits:  # those that wait stand still for what they wait for
            waits += self._unfed(wall, what[1], used, setting.workers)
        queued = queueing(wall, waits, most)
        return Batch(number, setting, *what, wall, used.parent, used.cpu, used.ready, queued)

    def _unfed(self, wall: float, due: float, used: Readings, workers: int) -> float:
        """Seconds in which workers stood still because the process that hands out waited for a CPU, at most."""
        busy = (used.cpu or 0.0) + (used.ready or 0.0) + due * self._waiting
        return min(used.held or 0.0, max(wall - busy / workers, 0.0))

    def _others(self, wall: float, used: Readings, setting: Setting) -> Optional[float]:
        """CPU seconds that everybody else had meanwhile; None where that is not known, or a quota grants less."""
        if used.idle is None or used.cpus > self.cpus:
            return None
        own = used.parent + ((used.cpu or 0.0) if setting.processes else 0.0)
        return max(used.cpus * wall - used.idle - own, 0.0)

    def _loop(self, number: int, setting: Setting, items: Sequence[Any], due: float) -> Batch:
        before, begun = readings(None), self.bench.clock()
        each, late = (through, ()) if due < CHECKED * len(items) else (in_time, (self.bench.clock, self._until))
        done, failed = attempt(each, self.subject.function, items, *late)
        wall, after = self.bench.clock() - begun, readings(None)
        if done is False:
            raise Denied(f"it was not done within {wall:.3g} s")
        if failed:
            raise Denied(f"it raised {failed.text}{failed.place} when it was called again")
        return self._batch(number, setting, (len(items), due), wall, after.since(before))

    def _give(self, warm: Warm, setting: Setting, items: Sequence[Any]) -> None:
        """Hand out a batch and take its results, one after the other as a program would."""
        _, failed = attempt(partial(self._through, warm), items, setting.chunk)
        if failed:
            self.close(setting)
            raise Denied(warm.broken or f"it raised {failed.text}{failed.place} there")

    def _through(self, warm: Warm, items: Sequence[Any], chunk: int) -> None:
        with warm.guarded() as handle:
            for _ in handle.map(self.subject.function, items, timeout=warm.deadline, chunksize=chunk):
                pass

    def _late(self, due: float) -> float:
        """Seconds after which a batch with so much work counts as one that never ends, or there is no time for it."""
        return min(max(min(LATE * due, self.bench.plan.budget_s), LATE_S), self._left())

    def _left(self) -> float:
        """Seconds until workers are to be done."""
        return max(self._until - self.bench.clock(), AT_LEAST)

    def _warm(self, setting: Setting, late: float) -> Warm:
        """The workers of a setting, all of them up and past their first call."""
        key = setting.crew
        if setting.kind == FORK:  # a child does not survive it that the parent has further interpreters
            for kind, workers, _ in [each for each in self._open if each[0] == INTERPRETERS]:
                self.close(Setting(kind, workers))
        if key not in self._open:
            stack = ExitStack()
            kind = POOLS.get(setting.kind, EXECUTOR)
            method = None if setting.kind in POOLS else setting.kind
            patience = min(CHILD_DEADLINE, self._left())
            staff = Staff(method, self._initializer(setting), self.subject.function, late, patience)
            try:
                with native.inherited(setting.native if setting.processes else 0):
                    warm = stack.enter_context(pools.opened(self.bench, kind, setting.workers, staff))
            except UNAVAILABLE as error:
                raise Denied(str(error) or type(error).__name__) from error
            self._open[key] = warm, stack
            self.costs[key] = Cost(warm.start_s)
            if self._usual < BRIEF and not self._counted:  # each worker's first call imports and fills caches
                warm.staff = replace(warm.staff, deadline=min(late, self._left()))
                self._give(
                    warm, replace(setting, chunk=1), [item for item, _ in islice(self._supply, 2 * setting.workers)]
                )
        warm, _ = self._open[key]
        return warm

    def _initializer(self, setting: Setting) -> Optional[Callable[[], object]]:
        if setting.kind == INTERPRETERS:
            # Interpreters look for modules where Python does by itself, and not where this one was told to.
            from multiprocessing.reduction import ForkingPickler

            return partial(work.settle, tuple(sys.path), bytes(ForkingPickler.dumps(self.subject.initializer)))
        if not setting.processes:
            return None
        if setting.native:
            return native.initializer(setting.native, self.subject.function, self.subject.initializer)
        return self.subject.initializer

    def _weigh(self, setting: Setting, warm: Warm) -> None:
        """See what the workers hold, once they have worked."""
        key = setting.crew
        cost = self.costs[key]
        held = [found for process in warm.processes if (found := memory(process.pid))]
        if held:
            own, pss = max(each[0] for each in held), max(each[1] for each in held)
            self.costs[key] = Cost(cost.start, max(own, cost.own or 0), max(pss, cost.pss or 0))


def through(function: Callable[[Any], Any], items: Sequence[Any]) -> None:
    """The plain loop."""
    for item in items:
        function(item)


def in_time(function: Callable[[Any], Any], items: Sequence[Any], clock: Callable[[], float], until: float) -> bool:
    """The plain loop, as long as there is time; whether it was done by then."""
    for item in items:
        function(item)
        if clock() > until:
            return False
    return True


def named(setting: Setting) -> str:
    """Where a batch runs, in words."""
    if setting.kind == LOOP:
        return "in a loop"
    return f"on {setting.workers} {setting.kind if setting.kind in POOLS else f'processes ({setting.kind})'}"


@dataclass(frozen=True)
class Readings:
    """What the system has told so far, in seconds.

    Attributes:
        parent: CPU time of this process.
        cpu: that of the workers.
        ready: how long these waited for a CPU.
        idle: how long the CPUs were idle.
        cpus: how many CPUs that is of.
        held: how long the threads of this process waited for a CPU.
    """

    parent: float
    cpu: Optional[float]
    ready: Optional[float]
    idle: Optional[float] = None
    cpus: int = 0
    held: Optional[float] = None

    def since(self, before: Readings) -> Readings:
        """What has been used since ``before``."""
        return Readings(
            self.parent - before.parent,
            grown(before.cpu, self.cpu),
            grown(before.ready, self.ready),
            grown(before.idle, self.idle),
            self.cpus,
            grown(before.held, self.held),
        )


def readings(warm: Optional[Warm]) -> Readings:
    """What the system says of the workers; of threads, and of a loop, that is what it says of this process."""
    own, (stood, cpus) = time.process_time(), idle() or (None, 0)
    if warm and warm.processes:
        waits = [queued(process.pid) for process in warm.processes]
        here = ["thread-self", *tasks()]
        held = summed([queued(each) for each in here])
        return Readings(own, warm.cpu(), summed(waits), stood, cpus, held)
    return Readings(own, own, summed([queued(each) for each in (tasks() if warm else ["thread-self"])]), stood, cpus)


def tasks() -> list[str]:
    """What the system calls these threads."""
    return [f"self/task/{each.native_id}" for each in helpers()]


def helpers() -> list[threading.Thread]:
    """The threads of this process beside the one that hands out."""
    return [each for each in threading.enumerate() if each is not threading.current_thread()]


def summed(values: Sequence[Optional[float]]) -> Optional[float]:
    """The sum; None if one is unknown, or there is none."""
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def grown(before: Optional[float], after: Optional[float]) -> Optional[float]:
    """By how much a reading has grown; None where there was none. Threads that ended take their share along."""
    return None if before is None or after is None else max(after - before, 0.0)


def kinds(bench: Bench, sendable: bool) -> list[str]:
    """What can do the work here: threads, then processes by each start method, then interpreters."""
    found = [THREADS]
    if sendable:
        found += [method for method in bench.methods if not (method == "fork" and sys.platform == "darwin")]
        if hasattr(futures, pools.INTERPRETERS):
            found.append(INTERPRETERS)
    return found
