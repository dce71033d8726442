"""What is known of a program while it runs, in the form in which it is known at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mpdiag import units
from mpdiag.watch import lives
from mpdiag.watch.books import NS, read
from mpdiag.watch.folder import LEDGERS
from mpdiag.watch.observation import Observation, Surroundings, Vital
from mpdiag.watch.sampler import Sampler


class Glance:
    """Looks at a running program again and again.

    Args:
        folder: the private folder of the run.
        pid: the program's own process.
        began_s: when it began, on the monotonic clock.
        cpus: how many it may use.
        sampler: looks at its processes from outside.
    """

    def __init__(self, folder: Path, pid: int, began_s: float, cpus: float, sampler: Sampler) -> None:
        self.folder = folder
        self.pid = pid
        self.began_s = began_s
        self.cpus = cpus
        self.sampler = sampler
        self._last = (began_s, 0.0)

    def run(self) -> lives.Run:
        """All that is known, as if everything ended now."""
        vitals = self.sampler.vitals()
        now_s = time.monotonic()
        around = Surroundings(now_s - self.began_s, None, None, None, None, None, None, 0, 0.0, 0)
        since_began = (time.monotonic_ns() - self.sampler.began_ns) * NS
        outside = Observation(self.sampler.began_ns, tuple(ending(vital, since_began) for vital in vitals), (), around)
        return lives.Run(self.pid, self.began_s, now_s, None, self.cpus, read(self.folder / LEDGERS), outside)

    def headline(self, run: lives.Run) -> str:
        """How long it has run, and what it uses now: ``running for 12.3 s: 4 processes, 1.9 of 2 CPUs, 240 MiB``."""
        alive = [vital for vital in run.vitals if vital.ended and run.at(vital.ended) >= run.ended_s - 1e-3]
        used = sum(vital.cpu_s or 0.0 for vital in run.vitals)
        (then_s, before), self._last = self._last, (run.ended_s, used)
        busy = (used - before) / max(run.ended_s - then_s, 1e-3)
        held = sum(memory_now(alive))
        parts = [f"{len(alive)} process{'es' * (len(alive) != 1)}", f"{max(busy, 0.0):.1f} of {self.cpus:g} CPUs"]
        if held:
            parts.append(units.size(held))
        return f"Running for {units.seconds(run.wall_s)}: {', '.join(parts)}."


def memory_now(alive: Sequence[Vital]) -> Iterator[int]:
    """What each process held when it was last looked at: its fair share, or else all that is resident."""
    for vital in alive:
        if vital.memory:
            look = vital.memory[-1]
            yield look.pss or look.rss or 0


def ending(vital: Vital, now: float) -> Vital:
    """A process as if it ended now, if it lives."""
    return vital if vital.ended else replace(vital, ended=now)
