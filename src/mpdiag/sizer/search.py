"""Tries what the function's nature predicts, then the neighbours of the best, then the few best in finals.

What runs batches, and the clock, are given. `Search.run` asks for one batch after the other.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

from mpdiag import stats
from mpdiag.bench import ENOUGH, SETTLED
from mpdiag.model import Measured
from mpdiag.sizer.outlook import EACH, EACH_S, MOST_LOOPED, Outlook, first, neighbours
from mpdiag.sizer.settings import LOOP, PLAIN, Batch, Setting, by_setting, speedups

#: Seconds of one batch: at least, at most, and as a part of the budget.
SHORTEST, LONGEST, PART = 0.05, 0.25, 1 / 120
#: Rounds after which settings far from the best are left, and how far: what never came near; after one, what was lost.
LOOK, FAR, LOST = 2, 0.85, 0.6
#: Finals are rounds of the few best: the part of the budget kept for them, how many these are, how near to the best.
FINALS, FINALISTS, NEAR = 0.4, 5, 0.9
#: The interpreter's own start method stands for the others where it is this near: workers that are up do not differ.
TWINS = 0.95
#: The part of the calls allowed that one batch may take: all settings are to get some.
SHARED = 1 / 24


class Denied(Exception):
    """A setting cannot be had here; its text is the reason."""


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
        final: whether only the few best are measured any more.
    """

    outlook: Outlook
    run_batch: Callable[[int, Setting, int], Batch]
    close: Callable[[Setting], object]
    clock: Callable[[], float]
    batches: list[Batch] = field(default_factory=list)
    denied: dict[Setting, str] = field(default_factory=dict)
    stopped: str = ""
    calls: float = 0
    final: bool = False

    def run(self) -> Iterator[Batch]:
        """Every batch, as it has been measured."""
        end = self.clock() + self.outlook.budget
        finals = end - FINALS * self.outlook.budget
        ready = first(self.outlook)
        tried = set(ready)
        number = 0
        while not self.stopped:
            order = ready if number == 0 else random.sample(ready, len(ready))
            for place, setting in enumerate(order):
                if number + place > 1 and self.clock() + self.lasting(setting) > end:
                    self.stopped = "budget"  # with what is likely best measured
                    break
                begun = self.clock()
                batch = self.batch(number, setting)
                if batch:
                    yield batch
                else:
                    end += self.clock() - begun  # what cannot be had takes nothing from the rest
            if not self.stopped and (not self.batches or self.batches[-1].round < number):
                self.stopped = "calls"
            number += 1
            ready = self.next(ready, tried, number, self.clock() >= finals)

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
        if self.refused(setting) or count < 1:
            return None
        try:
            batch = self.run_batch(number, setting, count)
        except Denied as reason:
            self.denied[setting] = str(reason)
            return None
        self.calls += count
        self.batches.append(batch)
        return batch

    def refused(self, setting: Setting) -> bool:
        """Whether it was denied; a kind of which nothing was ever had is not tried again."""
        had = any(batch.setting.kind == setting.kind for batch in self.batches)
        return setting in self.denied or (not had and any(each.kind == setting.kind for each in self.denied))

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

    def next(self, ready: list[Setting], tried: set[Setting], number: int, late: bool) -> list[Setting]:
        """What to go on with: what may still be best, and the neighbours of what now is; at last the finalists.

        Args:
            ready: what the last round measured.
            tried: all that was ever measured; grows by the neighbours.
            number: of the next round.
            late: whether it is time for the finals.
        """
        kept = [setting for setting in ready if not self.refused(setting)]
        if self.stopped or not self.batches:
            return kept
        gains = speedups(self.batches)
        leader = best(gains)
        if self.final:
            settled = all(sure(gains[setting]) for setting in (leader, PLAIN) if setting in gains)
            self.stopped = "interval" if settled and self.looked(kept, ENOUGH) else ""
            return kept
        self.leave(kept, gains)
        beside = neighbours(self.usual(leader, gains), self.outlook)
        new = [each for each in beside if each not in tried]
        if not late and (new or not self.looked(kept, LOOK)):
            tried.update(new)
            return [*dict.fromkeys([*kept, leader]), *new]
        self.final = True
        return self.finalists(gains)

    def leave(self, kept: list[Setting], gains: dict[Setting, Measured]) -> None:
        """Take out, and close, what never came near the best."""
        leader = best(gains)
        for setting in [each for each in kept if each not in (PLAIN, leader) and each in gains]:
            far = FAR if seen(self.batches, setting) >= LOOK else LOST
            if max(gains[setting].samples) < far * gains[leader].median:
                kept.remove(setting)
                self.close(setting)

    def finalists(self, gains: dict[Setting, Measured]) -> list[Setting]:
        """The loop and the few best, each by one start method; where the curve matters, also fewer workers."""
        leader = self.usual(best(gains), gains)
        bar = NEAR * gains[best(gains)].median
        order = sorted((each for each in gains if each != PLAIN), key=lambda each: gains[each].median, reverse=True)
        near = dict.fromkeys(self.usual(each, gains) for each in order if gains[each].median >= bar)
        fewer = [each for each in gains if each.kind == leader.kind and each.workers < leader.workers]
        plain = [PLAIN] if PLAIN in gains else []
        return list(dict.fromkeys([*plain, *list(near)[:FINALISTS], *(fewer if self.outlook.curve else [])]))

    def usual(self, setting: Setting, gains: dict[Setting, Measured]) -> Setting:
        """The same by the interpreter's own start method, or else another, if that is about as fast."""
        twins = [replace(setting, kind=method) for method in self.outlook.methods if setting.processes]
        bar = TWINS * gains[setting].median
        return next((twin for twin in twins if twin in gains and gains[twin].median >= bar), setting)

    def looked(self, ready: list[Setting], times: int) -> bool:
        """Whether each of them was measured so many times."""
        return all(seen(self.batches, setting) >= times for setting in ready)


def seen(batches: Sequence[Batch], setting: Setting) -> int:
    """How often a setting was measured."""
    return len(by_setting(batches).get(setting, ()))


def sure(gain: Measured) -> bool:
    """Whether the interval of a speed-up is narrow; that of the loop by itself has no width."""
    width = stats.half_width(gain)
    return width is not None and width <= SETTLED
