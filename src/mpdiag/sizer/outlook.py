"""What is known of a function before the first batch, and which settings that suggests: pure decisions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

from mpdiag.sizer.settings import INTERPRETERS, LOOP, NO_PROCESSES, PLAIN, THREADS, Setting

#: Numbers of workers that are tried.
LADDER = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
#: Chunksizes that are tried.
CHUNKS = (1, 4, 16, 64, 256, 1024, 4096)
#: The most threads for tasks that wait, and the most processes for them: those have to be started.
MOST_THREADS, MOST_PROCESSES = 128, 16
#: From this part of its time on, a function counts as one that waits.
WAITS = 0.5
#: Seconds that handing one task to processes and to threads takes, until it is known better.
DISPATCH = {"processes": 150e-6, "threads": 20e-6}
#: A chunk is to hold this many times what handing it out takes.
WORTH = 20
#: A chunk that holds so many seconds of work costs next to nothing to hand out.
LASTING = 0.03
#: Items that each worker gets in a batch, if that takes no longer than so many seconds.
EACH, EACH_S = 4, 1.0
#: The most items in a batch, and in one of the plain loop.
MOST_ITEMS, MOST_LOOPED = 50_000, 500_000


@dataclass(frozen=True)
class Outlook:
    """What is known before the first batch.

    Attributes:
        item: seconds of one call.
        waiting: the part of it that needs no CPU.
        sending: seconds that pickling an item and its result takes.
        items: how many there are, if these are all; a batch may repeat them.
        cpus: that workers can use at once.
        kinds: what can be had, the interpreter's default method of processes first among those.
        most_processes: for which there is memory.
        gil: whether one thread computes at a time.
        budget: seconds for the search.
        calls: executions allowed.
        most_items: in one batch on workers, whose results may all be held at once.
        native: whether libraries compute on threads of their own, which can be limited.
        curve: whether what fewer workers gain matters as well, as a law is to be fitted.
    """

    item: float
    waiting: float
    sending: float
    items: Optional[int]
    cpus: int
    kinds: Sequence[str]
    most_processes: int = MOST_PROCESSES
    gil: bool = True
    budget: float = 30.0
    calls: float = math.inf
    most_items: int = MOST_ITEMS
    native: bool = False
    curve: bool = False

    @property
    def methods(self) -> tuple[str, ...]:
        """The start methods of processes among the kinds."""
        return tuple(kind for kind in self.kinds if kind not in NO_PROCESSES)

    def most(self, kind: str) -> int:
        """The most workers worth a try."""
        if kind == THREADS:
            most = MOST_THREADS if self.waiting > 0.05 else 2 * self.cpus
        else:
            most = min(max(2 * self.cpus, MOST_PROCESSES if self.waiting >= WAITS else 0), self.most_processes)
        return max(1, min(most, self.items or most))

    def expected(self, setting: Setting) -> float:
        """Seconds per item to expect of a setting, roughly."""
        if setting.kind == LOOP:
            return self.item
        kind = "threads" if setting.kind == THREADS else "processes"
        cpus = 1 if setting.kind == THREADS and self.gil else min(self.cpus, setting.workers)
        computing = self.item * (1 - self.waiting) / cpus
        sending = self.sending if kind == "processes" else 0.0
        return max(self.item / setting.workers, computing) + DISPATCH[kind] / setting.chunk + sending


def rung(wanted: float, ladder: Sequence[int]) -> int:
    """The step of ``ladder`` nearest to ``wanted`` from below, or its first."""
    return max([step for step in ladder if step <= wanted] or ladder[:1])


def chunk_for(outlook: Outlook, kind: str, workers: int) -> int:
    """A chunksize whose work outweighs handing it out, and that leaves four chunks for each worker."""
    if kind in (LOOP, THREADS):
        return 1
    wanted = WORTH * DISPATCH["processes"] / max(outlook.item + outlook.sending, 1e-7)
    most = outlook.items / (EACH * workers) if outlook.items else wanted
    return next((chunk for chunk in CHUNKS if chunk >= min(wanted, most)), CHUNKS[-1]) if min(wanted, most) > 1 else 1


def first(outlook: Outlook) -> list[Setting]:
    """The loop, what is most likely best, then what shows the shape of the curve."""
    counts: dict[str, list[int]] = {}
    share = max(1 - outlook.waiting, 0.01)
    for kind in outlook.kinds:
        most = outlook.most(kind)
        if outlook.waiting < WAITS or kind in outlook.methods[1:]:  # more of these would cost their start only
            likely = outlook.cpus
            shape = [1, outlook.cpus // 2, outlook.cpus // 4] if kind in outlook.methods[:1] else []
            others = [2] if kind == THREADS else shape
        else:
            likely = math.ceil((1 if kind == THREADS and outlook.gil else outlook.cpus) / share)
            others = [2, 8] if kind == THREADS else []
        counts[kind] = [min(max(count, 1), most) for count in (rung(likely, (*LADDER, outlook.cpus)), *others)]
    best = THREADS if outlook.waiting >= WAITS else next(iter(outlook.methods), THREADS)
    order = sorted(outlook.kinds, key=lambda kind: (kind != best, kind != THREADS))  # threads cost next to nothing
    likely_first = [(kind, counts[kind][0]) for kind in order] + [(k, n) for k in order for n in counts[k][1:]]
    settings = [Setting(kind, n, chunk_for(outlook, kind, n)) for kind, n in likely_first]
    usual = (LOOP, THREADS, *outlook.methods[:1]) if outlook.native else ()
    limited = {each: [replace(each, native=1)] for each in (*settings, PLAIN) if each.kind in usual}
    both = [each for setting in (*settings, PLAIN) for each in (*limited.get(setting, []), setting)]
    return list(dict.fromkeys([PLAIN, *both]))


def neighbours(setting: Setting, outlook: Outlook) -> list[Setting]:
    """One step less and one and two more of workers, and one of chunksize; with and without a limit."""
    other = [replace(setting, native=1 - setting.native)] if outlook.native and setting.kind != INTERPRETERS else []
    if setting.kind == LOOP:
        return other
    most = outlook.most(setting.kind)
    ladder = sorted({step for step in (*LADDER, outlook.cpus, most) if step <= most} | {setting.workers})
    place = ladder.index(setting.workers)
    workers = [ladder[at] for at in (place - 1, place + 1, place + 2) if 0 <= at < len(ladder)]
    found = [replace(setting, workers=count) for count in workers]
    if setting.kind != THREADS:
        found += [replace(setting, chunk=chunk) for chunk in chunks_beside(setting, outlook)]
    return found + other


def chunks_beside(setting: Setting, outlook: Outlook) -> list[int]:
    """Larger chunks as long as they hold little work and leave some for each worker; smaller ones of much work."""
    place = CHUNKS.index(setting.chunk)
    each = outlook.item + outlook.sending
    larger = [chunk for chunk in CHUNKS[place + 1 : place + 2] if chunk * each < LASTING]
    smaller = [chunk for chunk in CHUNKS[:place][-1:] if chunk * each > DISPATCH["processes"]]
    most = outlook.items / (EACH * setting.workers) if outlook.items else math.inf
    return [chunk for chunk in (*larger, *smaller) if chunk <= most]
