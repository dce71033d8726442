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
#: By how much of the budget a batch that was to fit into it may overrun it, until it is ended.
OVER = 0.1
#: Seconds that a kind which cannot be had takes from nobody: it may only be silent.
TRIAL_S = 6.0


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
        run_batch: runs so many items on a setting in a round, ends by the time given last (of the clock), and raises
            `Denied` where the setting cannot be had, or not by then.
        close: is told which setting is of no interest any more.
        clock: monotonic seconds.
        end: when the budget is spent.
        opening: seconds for a worker of a kind to be up and past its first call, as far as known.
        dear: settings that take too long to start for the time that is left.
        stopped: why it ended: ``interval``, ``budget`` or ``calls``.
        final: whether only the few best are measured any more.
    """

    outlook: Outlook
    run_batch: Callable[[int, Setting, int, float], Batch]
    close: Callable[[Setting], object]
    clock: Callable[[], float]
    batches: list[Batch] = field(default_factory=list)
    denied: dict[Setting, str] = field(default_factory=dict)
    end: float = math.inf
    opening: dict[str, float] = field(default_factory=dict)
    dear: set[Setting] = field(default_factory=set)
    stopped: str = ""
    calls: float = 0
    final: bool = False

    def run(self) -> Iterator[Batch]:
        """Every batch, as it has been measured."""
        self.end = self.clock() + self.outlook.budget
        ready = first(self.outlook)
        tried = set(ready)
        number = 0
        while not self.stopped:
            order = ready if number == 0 else random.sample(ready, len(ready))
            for place, setting in enumerate(order):
                likely = number == 0 and place <= 1  # the loop, and what is likely best: without these all is idle
                if (likely or self.fits(setting, number)) and (batch := self.batch(number, setting)):
                    yield batch
            self.end_without_batches(number)
            number += 1
            ready = self.next(ready, tried, number, self.clock() >= self.finals)

    def end_without_batches(self, number: int) -> None:
        """Stop after a round in which no call was allowed."""
        if not self.stopped and (not self.batches or self.batches[-1].round < number):
            self.stopped = "calls"

    @property
    def finals(self) -> float:
        """When it is time for the finals."""
        return self.end - FINALS * self.outlook.budget

    def fits(self, setting: Setting, number: int) -> bool:
        """Whether there is time for a setting in a round; workers that would have to be started do not end the rest."""
        late = self.clock() + self.lasting(setting)
        if not self.manned(setting):
            if late > (self.finals if number else self.end):
                self.dear.add(setting)
        elif late > self.end:
            self.stopped = "budget"
        return not self.stopped and setting not in self.dear

    def lasting(self, setting: Setting) -> float:
        """Seconds that one more batch on a setting will take, with the start of workers that are not there yet."""
        last = self.last(setting)
        each = last.wall / last.items if last else self.outlook.expected(setting)
        opening = 0.0 if self.manned(setting) else self.opening.get(setting.kind, 0.0) * setting.workers
        return opening + each * self.count(setting)

    def batch(self, number: int, setting: Setting) -> Optional[Batch]:
        """One batch; None where the setting is denied or no more calls are allowed."""
        count = self.count(setting)
        step = setting.workers * setting.chunk
        if self.outlook.calls < math.inf:
            least = max(step, int(self.outlook.calls * SHARED))
            count = min(count, step * (least // step), step * (int(self.outlook.calls - self.calls) // step))
        if self.refused(setting) or count < 1:
            return None
        begun, until = self.clock(), self.until()
        try:
            batch = self.run_batch(number, setting, count, until)
        except Denied as reason:
            self.forgo(setting, str(reason), begun, until)
            return None
        if not self.manned(setting):
            self.opening[setting.kind] = (self.clock() - begun - batch.wall) / setting.workers
        self.calls += count
        self.batches.append(batch)
        return batch

    def forgo(self, setting: Setting, reason: str, begun: float, until: float) -> None:
        """Keep in mind that a batch on a setting was begun and not had."""
        if self.clock() >= until and not self.alone:
            self.dear.add(setting)  # there was no time for it, whatever else may be wrong
            return
        if not self.had(setting.kind):
            self.end += min(self.clock() - begun, TRIAL_S)
        self.denied[setting] = reason

    @property
    def alone(self) -> bool:
        """Whether no workers have been tried so far."""
        tried = (*self.denied, *(batch.setting for batch in self.batches))
        return all(setting.kind == LOOP for setting in tried)

    def until(self) -> float:
        """When a batch that begins now is to be ended: soon after the budget, but the first workers get some time."""
        least = self.outlook.budget if self.alone else 0.0
        return max(self.end + OVER * self.outlook.budget, self.clock() + least)

    def had(self, kind: str) -> bool:
        """Whether anything was measured of a kind."""
        return any(batch.setting.kind == kind for batch in self.batches)

    def manned(self, setting: Setting) -> bool:
        """Whether its workers have been up."""
        return any(batch.setting.crew == setting.crew for batch in self.batches)

    def refused(self, setting: Setting) -> bool:
        """Whether it is too dear or was denied; of a kind never had, nothing with the same limit is tried again."""
        alike = [each for each in self.denied if (each.kind, each.native) == (setting.kind, setting.native)]
        return setting in self.dear or setting in alike or (bool(alike) and not self.had(setting.kind))

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
