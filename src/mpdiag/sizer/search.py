"""Which settings to try: those that the function's nature predicts, then the neighbours of the best, until it is sure.

Pure decisions: what runs batches, and the clock, are given. `Search.run` asks for one batch after the other.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Optional

from mpdiag import stats
from mpdiag.bench import ENOUGH, SETTLED
from mpdiag.model import Measured
from mpdiag.sizer.settings import LOOP, NO_PROCESSES, PLAIN, THREADS, Batch, Setting, by_setting, speedups

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
#: Seconds of one batch: at least, at most, and as a part of the budget.
SHORTEST, LONGEST, PART = 0.05, 0.25, 1 / 120
#: Rounds after which settings far from the best are left: what never came near, and what others are then tried for.
LOOK, FAR = 2, 0.85
#: Items that each worker gets in a batch, if that takes no longer than so many seconds.
EACH, EACH_S = 4, 1.0
#: The part of the calls allowed that one batch may take: all settings are to get some.
SHARED = 1 / 24
#: The most items in a batch, and in one of the plain loop.
MOST_ITEMS, MOST_LOOPED = 50_000, 500_000


class Denied(Exception):
    """A setting cannot be had here; its text is the reason."""


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
    wanted = WORTH * DISPATCH["processes"] / max(outlook.item, 1e-7)
    most = outlook.items / (EACH * workers) if outlook.items else wanted
    return next((chunk for chunk in CHUNKS if chunk >= min(wanted, most)), CHUNKS[-1]) if min(wanted, most) > 1 else 1


def first(outlook: Outlook) -> list[Setting]:
    """The loop, what is most likely best, then what shows the shape of the curve."""
    counts: dict[str, list[int]] = {}
    share = max(1 - outlook.waiting, 0.01)
    for kind in outlook.kinds:
        most = outlook.most(kind)
        if outlook.waiting < WAITS:
            likely = outlook.cpus
            others = [1, outlook.cpus // 2] if kind in outlook.methods[:1] else [2] if kind == THREADS else []
        else:
            likely = math.ceil((1 if kind == THREADS and outlook.gil else outlook.cpus) / share)
            others = [2, 8] if kind == THREADS else []
        counts[kind] = [min(max(count, 1), most) for count in (rung(likely, (*LADDER, outlook.cpus)), *others)]
    order = sorted(outlook.kinds, key=lambda kind: (kind == THREADS) != (outlook.waiting >= WAITS))
    likely_first = [(kind, counts[kind][0]) for kind in order] + [(k, n) for k in order for n in counts[k][1:]]
    settings = [Setting(kind, n, chunk_for(outlook, kind, n)) for kind, n in likely_first]
    return list(dict.fromkeys([PLAIN, *settings]))


def neighbours(setting: Setting, outlook: Outlook) -> list[Setting]:
    """One step more and less of workers and of chunksize."""
    if setting.kind == LOOP:
        return []
    most = outlook.most(setting.kind)
    ladder = sorted({step for step in (*LADDER, outlook.cpus, most) if step <= most} | {setting.workers})
    place = ladder.index(setting.workers)
    workers = [ladder[at] for at in (place - 1, place + 1) if 0 <= at < len(ladder)]
    found = [Setting(setting.kind, count, setting.chunk) for count in workers]
    if setting.kind != THREADS:
        found += [Setting(setting.kind, setting.workers, chunk) for chunk in chunks_beside(setting, outlook)]
    return found


def chunks_beside(setting: Setting, outlook: Outlook) -> list[int]:
    """Larger chunks as long as they hold little work and leave some for each worker; smaller ones of much work."""
    place = CHUNKS.index(setting.chunk)
    larger = [chunk for chunk in CHUNKS[place + 1 : place + 2] if chunk * outlook.item < WORTH * DISPATCH["processes"]]
    smaller = [chunk for chunk in CHUNKS[:place][-1:] if chunk * outlook.item > DISPATCH["processes"]]
    most = outlook.items / setting.workers if outlook.items else math.inf
    return [chunk for chunk in (*larger, *smaller) if chunk <= most]


def best(gains: dict[Setting, Measured]) -> Setting:
    """The setting with the highest speed-up."""
    return max(gains, key=lambda setting: gains[setting].median)


@dataclass
class Search:
    """A search under way.

    Attributes:
        outlook: what is known before.
        run_batch: runs so many items on a setting in a round; raises `Denied` where it cannot be had.
        close: is told which setting is of no interest any more.
        clock: monotonic seconds.
        stopped: why it ended: ``interval``, ``budget`` or ``calls``.
    """

    outlook: Outlook
    run_batch: Callable[[int, Setting, int], Batch]
    close: Callable[[Setting], object]
    clock: Callable[[], float]
    batches: list[Batch] = field(default_factory=list)
    denied: dict[Setting, str] = field(default_factory=dict)
    stopped: str = ""
    calls: float = 0

    def run(self) -> Iterator[Batch]:
        """Every batch, as it has been measured."""
        end = self.clock() + self.outlook.budget
        ready = first(self.outlook)
        tried = set(ready)
        number = 0
        while not self.stopped:
            order = ready if number == 0 else random.sample(ready, len(ready))
            for place, setting in enumerate(order):
                if number + place > 1 and self.clock() + self.lasting(setting) > end:
                    self.stopped = "budget"  # with what is likely best measured
                    break
                batch = self.batch(number, setting)
                if batch:
                    yield batch
            if not self.stopped and (not self.batches or self.batches[-1].round < number):
                self.stopped = "calls"
            number += 1
            ready = self.next(ready, tried, number)

    def lasting(self, setting: Setting) -> float:
        """Seconds that one more batch on a setting will take."""
        last = self.last(setting)
        each = last.wall / last.items if last else self.outlook.expected(setting)
        return each * self.count(setting)

    def batch(self, number: int, setting: Setting) -> Optional[Batch]:
        """One batch; None where the setting is denied or no more calls are allowed."""
        count = self.count(setting)
        step = setting.workers * setting.chunk
        if self.outlook.calls < math.inf:
            least = max(step, int(self.outlook.calls * SHARED))
            count = min(count, step * (least // step), step * (int(self.outlook.calls - self.calls) // step))
        if setting in self.denied or count < 1:
            return None
        try:
            batch = self.run_batch(number, setting, count)
        except Denied as reason:
            self.denied[setting] = str(reason)
            return None
        self.calls += count
        self.batches.append(batch)
        return batch

    def last(self, setting: Setting) -> Optional[Batch]:
        """The last batch on a setting."""
        return next((batch for batch in reversed(self.batches) if batch.setting == setting), None)

    def count(self, setting: Setting) -> int:
        """Items of the next batch: for a moment's work, and some for each worker as long as that takes no minutes."""
        wanted = min(max(self.outlook.budget * PART, SHORTEST), LONGEST)
        last = self.last(setting)
        item = last.free / last.items if last else self.outlook.expected(setting)
        each = max(1, min(EACH, int(EACH_S / self.outlook.item))) if setting.kind != LOOP else 1
        step = setting.workers * setting.chunk
        count = max(wanted / max(item, 1e-9), step * each)
        return step * max(1, round(min(count, self.outlook.most_items if setting.kind != LOOP else MOST_LOOPED) / step))

    def next(self, ready: list[Setting], tried: set[Setting], number: int) -> list[Setting]:
        """What to go on with: what may still be best, and the neighbours of what now is; ends when that is sure."""
        kept = [setting for setting in ready if setting not in self.denied]
        if number < LOOK or self.stopped:
            return kept
        gains = speedups(self.batches)
        leader = best(gains)
        bar = FAR * gains[leader].median
        for setting in [each for each in kept if each != PLAIN and seen(self.batches, each) >= LOOK]:
            if setting != leader and max(gains[setting].samples) < bar:
                kept.remove(setting)
                self.close(setting)
        if leader not in kept:
            kept.append(leader)
        new = [each for each in neighbours(leader, self.outlook) if each not in tried]
        tried.update(new)
        if (
            not new
            and all(sure(gains[setting]) for setting in (leader, PLAIN) if setting in gains)
            and self.looked(kept)
        ):
            self.stopped = "interval"
        return [*kept, *new]

    def looked(self, ready: list[Setting]) -> bool:
        """Whether each of them was measured often enough to be told from the best."""
        return all(seen(self.batches, setting) >= ENOUGH for setting in ready)


def seen(batches: Sequence[Batch], setting: Setting) -> int:
    """How often a setting was measured."""
    return len(by_setting(batches).get(setting, ()))


def sure(gain: Measured) -> bool:
    """Whether the interval of a speed-up is narrow; that of the loop by itself has no width."""
    width = stats.half_width(gain)
    return width is not None and width <= SETTLED
