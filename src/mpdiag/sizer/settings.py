"""Settings that are tried, what one batch on them gave, and how much faster than a plain loop that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Optional

from mpdiag import stats
from mpdiag.model import Measured

LOOP, THREADS, INTERPRETERS = "loop", "threads", "interpreters"
#: Kinds that are no start method of processes.
NO_PROCESSES = (LOOP, THREADS, INTERPRETERS)

#: The most of a batch that queueing is believed to have taken: clocks are read one after the other.
MOST_QUEUED = 0.95


@dataclass(frozen=True)
class Setting:
    """A way to run the function: what does the work, how many of them, how many items at a time.

    Attributes:
        kind: `LOOP`, `THREADS`, `INTERPRETERS`, or the start method of processes.
        native: threads that native libraries may use in each worker; 0 for what they take by themselves.
    """

    kind: str
    workers: int = 1
    chunk: int = 1
    native: int = 0

    @property
    def crew(self) -> tuple[str, int, int]:
        """What settings on the same workers have in common."""
        return self.kind, self.workers, self.native

    @property
    def processes(self) -> bool:
        """Whether other processes do the work, to which everything has to be sent."""
        return self.kind not in NO_PROCESSES


#: The plain loop, which every speed-up refers to.
PLAIN = Setting(LOOP)


@dataclass(frozen=True)
class Batch:
    """What one batch on a setting gave; seconds.

    Attributes:
        work: what its items take in a plain loop, from the reference of each.
        wall: from handing out the first to having the last result.
        parent: CPU time of the process that hands out.
        cpu: CPU time of the workers; None where they share the parent's, or the system does not tell.
        ready: how long the workers waited for a CPU; None where the system does not tell.
        queued: what of the wall time was such waiting, because others used the CPUs.
    """

    round: int
    setting: Setting
    items: int
    work: float
    wall: float
    parent: float = 0.0
    cpu: Optional[float] = None
    ready: Optional[float] = None
    queued: float = 0.0

    @property
    def free(self) -> float:
        """The wall time without that in which others used the CPUs."""
        return self.wall - self.queued

    @property
    def speed(self) -> float:
        """Seconds of work done in a second, on CPUs that are free."""
        return self.work / self.free


def queueing(wall: float, waits: float, most: float) -> float:
    """Seconds of ``wall`` that would not have been on CPUs nobody else uses.

    A worker's own waits for a CPU lengthen the whole by its share of them. Workers also wait behind each other, and
    these waits remain: others held all of them up no longer than they had the CPUs.

    Args:
        wall: seconds of the batch.
        waits: by how much waits for a CPU lengthened it.
        most: what others can have taken of it: see `beyond`.
    """
    return min(max(0.0, min(waits, most)), MOST_QUEUED * wall)


def beyond(wall: float, cpu: float, cpus: float, others: Optional[float] = None) -> float:
    """The most of ``wall`` that others can have taken: what computing on all these CPUs does not, nor idleness.

    Args:
        wall: seconds of the batch.
        cpu: CPU seconds of all workers.
        cpus: how many CPUs these can use.
        others: CPU seconds of everybody else meanwhile; None where the system does not tell.
    """
    most = wall - cpu / cpus
    return most if others is None else min(most, others / cpus)


def by_setting(batches: Iterable[Batch]) -> dict[Setting, list[Batch]]:
    """The batches of each setting, in their order."""
    found: dict[Setting, list[Batch]] = {}
    for batch in batches:
        found.setdefault(batch.setting, []).append(batch)
    return found


def speedups(batches: Iterable[Batch]) -> dict[Setting, Measured]:
    """How much faster than the loop of the same round each setting was; without a loop, than the items' reference."""
    found = by_setting(batches)
    loop: Mapping[int, float] = {batch.round: batch.speed for batch in found.get(PLAIN, ())}
    usual = stats.median(list(loop.values())) if loop else 1.0
    return {
        setting: stats.measured([batch.speed / loop.get(batch.round, usual) for batch in each])
        for setting, each in found.items()
    }
