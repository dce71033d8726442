"""The instrument that probes measure with: interleaved rounds, contexts, children with deadlines.

It runs inside the measured interpreter: standard library only. A probe reaches the clock and starts processes only
through `Bench.measure` and `Bench.once`, so a test that replaces those two needs neither.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, Optional, TypeVar

from mpdiag import stats

T = TypeVar("T")

#: One round of a case: named quantities, the leading one first. Times in seconds.
Quantities = Mapping[str, float]
#: Opening a case sets it up and gives the function that one round calls; leaving it takes everything down.
Case = Callable[[], AbstractContextManager[Callable[[], Quantities]]]
#: Samples by quantity; the same index is the same round in every case.
Samples = dict[str, list[float]]

#: The half-width of the leading quantity's interval at which measuring may stop.
SETTLED = 0.05
#: Rounds every case gets even when the budget is spent, by level: fewer would be a single accident.
FLOORS = {"quick": 2, "default": 3, "thorough": 6}
#: The fewest rounds with a 95 % interval of the median.
ENOUGH = 6
#: Seconds a child may take for what takes milliseconds.
CHILD_DEADLINE = 10.0


class Skip(Exception):
    """Raised by a probe that cannot run here; its text is the reason."""


class DeadlineExceeded(Exception):
    """A measured child did not answer in time."""


class PassOver(Exception):
    """Ends the profile pass once its time is used up."""


#: What a case may raise where the machine denies it ("can't start new thread" is a RuntimeError); the others go on.
UNAVAILABLE = (OSError, ImportError, EOFError, MemoryError, RuntimeError, DeadlineExceeded)


@dataclass(frozen=True)
class Plan:
    """What the engine asks of one host process; crosses as JSON."""

    #: The probe to run; empty: only the facts of the interpreter.
    probe: str
    #: The package it is in.
    folder: str = "probes"
    #: ``quick``, ``default`` or ``thorough``.
    level: str = "default"
    #: Seconds for timing.
    budget_s: float = 2.0
    #: Seconds for the separate cProfile pass.
    profile_s: float = 0.2
    #: Seconds after which the host ends itself, come what may.
    deadline_s: float = 60.0
    #: Modules whose import a started worker pays for, named by the user.
    imports: tuple[str, ...] = ()
    #: ``pkg.mod:factory`` whose product the user wants measured.
    object: Optional[str] = None
    #: Memory that a probe may use, in bytes.
    memory: int = 2**30
    #: CPUs that workers can use at once.
    cpus: int = 1
    #: For the facts of the interpreter: also look for native thread pools, which imports NumPy.
    blas: bool = True
    #: Where the user stands: their modules are found there.
    cwd: str = ""
    #: What `mpdiag size` is asked for: ``target``, ``items`` or ``calls``, ``setup``, ``calls_most``.
    size: Optional[dict[str, Any]] = None


def steady(function: Callable[[], Quantities]) -> Case:
    """A case that needs no setting up."""
    return lambda: nullcontext(function)


class Bench:
    """What a probe is handed.

    Args:
        plan: level, budget and the user's wishes.
        clock: monotonic seconds.
    """

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.perf_counter) -> None:
        self.plan = plan
        self.clock = clock
        #: Remarks on the quality of what was measured.
        self.notes: list[str] = []
        #: Why each `measure` stopped: ``interval``, ``budget`` or ``rounds``.
        self.stops: list[str] = []
        self._begun = clock()

    # --- choosing

    @property
    def cpus(self) -> int:
        """CPUs that workers can use at once (affinity and quota observed)."""
        return self.plan.cpus

    @property
    def methods(self) -> tuple[str, ...]:
        """The start methods of this interpreter, its default first."""
        return tuple(multiprocessing.get_all_start_methods())

    def context(self, method: Optional[str] = None) -> BaseContext:
        """The context of ``method``; of the interpreter's default when None."""
        return multiprocessing.get_context(method or self.methods[0])

    def pick(self, quick: T, default: T, thorough: Optional[T] = None) -> T:
        """The value for the level asked for; ``thorough`` falls back to ``default``."""
        if self.plan.level == "quick":
            return quick
        return thorough if self.plan.level == "thorough" and thorough is not None else default

    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self._begun + self.plan.budget_s - self.clock()

    def sweep(self, what: str, values: Iterable[T], show: Callable[[T], str] = str) -> Iterator[T]:
        """``values`` for as long as there is budget, at least the first; what is left out is noted.

        Args:
            what: names the values in the note.
            values: what to try, in turn.
            show: how the note writes a value.
        """
        skipped = []
        for index, value in enumerate(values):
            if index and self.left() <= 0:
                skipped.append(value)
            else:
                yield value
        if skipped:
            self.notes.append(f"the budget was spent before {what} {', '.join(map(show, skipped))}")

    # --- measuring

    def measure(self, cases: Mapping[Any, Case], *, share: float, most: int = 200) -> dict[Any, Samples]:
        """Run ``cases`` in interleaved, shuffled rounds and return their samples.

        The first round is dropped. It goes on until the interval of every case's leading quantity is within ±5 %,
        the share of the budget is spent (but see `FLOORS`), or after ``most`` rounds. A case that the machine denies
        is left out and noted; when all are, `Skip` is raised.

        Args:
            cases: what to compare, by key.
            share: the part of the probe's budget that this may take, 0 to 1.
            most: the most rounds.
        """
        end = self.clock() + min(share * self.plan.budget_s, max(self.left(), 0.0))
        samples: dict[Any, Samples] = {}
        with ExitStack() as stack:
            ready = self._open(stack, cases)
            self._round(ready)
            for number in range(1, most + 1):
                for key, quantities in self._round(ready).items():
                    for name, value in quantities.items():
                        samples.setdefault(key, {}).setdefault(name, []).append(value)
                if number >= FLOORS[self.plan.level] and self.clock() >= end:
                    self.stops.append("budget")
                    break
                if number >= ENOUGH and all(_settled(samples[key]) for key in ready):
                    self.stops.append("interval")
                    break
            else:
                self.stops.append("rounds")
        return {key: samples[key] for key in ready}

    def attempt(self, cases: Mapping[Any, Case], *, share: float, most: int = 200) -> dict[Any, Samples]:
        """As `measure`, for a part that the probe can do without: empty where the machine denies all of it."""
        try:
            return self.measure(cases, share=share, most=most)
        except Skip:
            return {}

    def _open(self, stack: ExitStack, cases: Mapping[Any, Case]) -> dict[Any, Callable[[], Quantities]]:
        ready = {}
        for key, case in cases.items():
            try:
                ready[key] = stack.enter_context(case())
            except UNAVAILABLE as error:
                self._denied(key, error)
        if cases and not ready:
            raise Skip(self.notes[-1])
        return ready

    def _round(self, ready: dict[Any, Callable[[], Quantities]]) -> dict[Any, Quantities]:
        results: dict[Any, Quantities] = {}
        for key in random.sample(list(ready), len(ready)):
            try:
                results[key] = ready[key]()
            except UNAVAILABLE as error:
                self._denied(key, error)
                del ready[key]
                if not ready:
                    raise Skip(self.notes[-1]) from error
        return results

    def once(self, key: Hashable, function: Callable[[], T]) -> Optional[T]:
        """Call ``function`` once, for facts that need no repeats; None (and a note) where the machine denies it."""
        try:
            return function()
        except UNAVAILABLE as error:
            self._denied(key, error)
            return None

    def _denied(self, key: Hashable, error: BaseException) -> None:
        name = " ".join(map(str, key)) if isinstance(key, tuple) else str(key)
        reason = str(error) or type(error).__name__
        self.notes.append(f"{name} could not be measured: {reason}")

    # --- children

    @contextmanager
    def child(self, target: Callable[..., object], *args: Any, method: Optional[str] = None) -> Iterator[BaseProcess]:
        """A started process that runs ``target(*args)``; it is ended on leaving, whatever happened."""
        process: BaseProcess = self.context(method).Process(target=target, args=args, daemon=True)  # type: ignore[attr-defined]
        process.start()
        try:
            yield process
        finally:
            end(process)

    def receive(self, connection: Connection, timeout: float = CHILD_DEADLINE) -> Any:
        """The next object from ``connection``; raises `DeadlineExceeded` when none comes in time."""
        if not connection.poll(timeout):
            raise DeadlineExceeded(f"no answer from a child within {timeout:g} s")
        return connection.recv()


class ProfilingBench(Bench):
    """A bench for the separate profile pass: one round of each case, until the pass is over."""

    def measure(self, cases: Mapping[Any, Case], *, share: float, most: int = 200) -> dict[Any, Samples]:
        """One round of ``cases``, not kept as a measurement; raises `PassOver` when the time is used up."""
        samples = {}
        for key, case in cases.items():
            if self.left() <= 0:
                raise PassOver
            with ExitStack() as stack:
                ready = self._open(stack, {key: case})
                samples[key] = {name: [value] for name, value in self._round(ready)[key].items()}
        return samples

    def once(self, key: Hashable, function: Callable[[], T]) -> Optional[T]:
        """As `Bench.once`, while there is time; else raises `PassOver`."""
        if self.left() <= 0:
            raise PassOver
        return super().once(key, function)


def end(process: BaseProcess) -> None:
    """End ``process`` (terminate, then kill) and reap it."""
    if process.is_alive():
        process.terminate()
        process.join(1.0)
    if process.is_alive():
        process.kill()
        process.join(CHILD_DEADLINE)
    process.join(CHILD_DEADLINE)
    process.close()


def _settled(samples: Samples) -> bool:
    leading = next(iter(samples.values()))
    width = stats.half_width(stats.measured(leading))
    return width is not None and width <= SETTLED
