"""Gates: by kind of event, an iterator in C that lets some go by untimed. Woven modules have them as globals."""

from __future__ import annotations

from itertools import repeat

from . import layout
from .layout import GATES

TYPE_CHECKING = False  # `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

#: Above one timed event of a kind in 5 ms, fewer are timed; below one in four times as long, more. A timed event costs
#: 20 µs and may put processes out of step, and the more there have been, the less the next one adds to what is known:
#: each makes the 5 ms a 16th of that longer, up to 50 ms, and of a kind that has taken little of the time so far, by
#: half of what they have become: how much it is matters less.
OFTEN_NS, OFTEN_AT_LAST_NS, SELDOM, LITTLE = 5_000_000, 50_000_000, 4, 8
#: So many in a row have to come so fast: a few at the end of each task would hide the one that then has to wait.
PATIENCE = 6
MOST_PASSED = 8191
#: Of kinds that are added up, so much goes by before one is timed again, or this part of all that has gone by, in
#: seconds; and so many.
PASSES_S, PASSES_PART, PASSES = 0.016, 0.25, 65_535
SUMMED = frozenset(layout.KIND[name] for name in layout.SUMMED)
LIGHT_FROM = 7

#: Lets none go by.
CLOSED: Any = iter(())
now: list[Any] = [CLOSED] * len(GATES)
#: By kind: whether it comes so often that a look at the clock must do before it.
light = [False] * len(GATES)
#: By kind that is added up: how many seconds may still go by.
left = [0.0] * len(GATES)
_modules: list[list[dict[str, Any]]] = [[] for _ in GATES]


class Paces:
    """How often events of each kind are timed in this process; all gates are closed at first.

    Args:
        words: of the ledger that counts what passes.
    """

    def __init__(self, words: memoryview) -> None:
        self.words = words
        self.given = [0] * len(GATES)  # events of each kind that its gate lets pass in all
        self.rate = [0] * len(GATES)  # how many of each kind may go by untimed
        self.timed_at = [0] * len(GATES)
        self.often = [OFTEN_NS] * len(GATES)
        self.fast = [0] * len(GATES)  # how many timed events of each kind came fast, one after the other
        self.allowed = [0.0] * len(GATES)  # what was `left` at first
        self.summed = [0.0] * len(GATES)  # seconds that have gone by before
        self.began = [0] * len(GATES)  # when the first of each kind was timed
        self.took = [0] * len(GATES)  # what all have taken since, by those that were timed
        self.over = [0] * len(GATES)  # what the last one stands for beyond the time that there was
        close()

    def passed(self, kind: int) -> int:
        """Count what went by untimed, and the event at hand; how many it is in all."""
        gone: int = self.given[kind] - now[kind].__length_hint__() + 1
        self.words[layout.COUNTS + kind] += gone
        self._open(kind, 0)
        return gone

    def stands_for(self, kind: int, took: int, at: int) -> tuple[int, int, int]:
        """Count as `passed`, and let more go by.

        Args:
            kind: of the timed event at hand.
            took: how long that was, in nanoseconds.
            at: the time.

        Returns:
            How many events it stands for, in which time all of them came (0 if the next was measured), and how long
            the others took.
        """
        gone: int = self.given[kind] - now[kind].__length_hint__() + 1
        self.words[layout.COUNTS + kind] += gone
        if kind in SUMMED:
            return gone, 0, self.added_up(kind)
        gap = at - self.timed_at[kind]
        self.timed_at[kind] = at
        whole = self._scaled(kind, took, gone, gap)
        self.took[kind] += whole
        rate = self._rated(kind, gap, at)
        # Kinds that take turns must not be timed in the same turn: the tap of one would slow down the next.
        self._open(kind, rate - (at >> 6) % (rate // 2 + 1))
        return gone, gap, whole - took

    def _scaled(self, kind: int, took: int, weight: int, gap: int) -> int:
        """Time of ``weight`` events of which one took that long: all of them came after the last timed one.

        If it took longer than they can have on average, some of them will be shorter when one of them is timed.
        """
        if weight == 1:
            return took
        whole, most = took * weight + self.over[kind], max(took, gap)
        self.over[kind] = min(max(whole - most, 0), gap)
        return min(whole, most)

    def _rated(self, kind: int, gap: int, at: int) -> int:
        """How many may go by next, the last ones having come in ``gap``."""
        rate, often = self.rate[kind], self.often[kind]
        if gap < often:
            self.fast[kind] += 1
            if self.fast[kind] >= PATIENCE:
                rate = min(rate * 4 + 3, rate * often // max(gap, 1) + 3, MOST_PASSED)
        elif gap > SELDOM * often:
            self.fast[kind] = 0
            rate >>= 1
        elif not rate:
            self.fast[kind] = 0
        if not rate:
            often = OFTEN_NS
            self.began[kind] = at
            self.took[kind] = 0
        elif self.took[kind] * LITTLE < at - self.began[kind]:
            often += often // 2
        else:
            often += OFTEN_NS // 16
        self.often[kind] = min(often, OFTEN_AT_LAST_NS)
        self.rate[kind] = rate
        light[kind] = rate >= LIGHT_FROM
        return rate

    def added_up(self, kind: int) -> int:
        """The nanoseconds that have gone by since this was asked last; lets more go by."""
        passed = self.allowed[kind] - left[kind]
        self.summed[kind] += passed
        self.allowed[kind] = left[kind] = max(PASSES_S, PASSES_PART * self.summed[kind])
        self._open(kind, PASSES)
        return int(passed * 1e9)

    def _open(self, kind: int, count: int) -> None:
        if count or self.given[kind]:
            self.given[kind] = count
            put(kind, repeat(True, count))


def stand_in(module: dict[str, Any], kinds: list[int]) -> None:
    """A module with these globals has gates of ``kinds``."""
    module["_mpd_light"], module["_mpd_left"] = light, left
    for kind in kinds:
        module[GATES[kind]] = now[kind]
        if not any(each is module for each in _modules[kind]):
            _modules[kind].append(module)


def put(kind: int, gate: Any) -> None:
    """From now on the next events of ``kind`` go through ``gate``."""
    now[kind] = gate
    name = GATES[kind]
    for module in _modules[kind]:
        module[name] = gate


def close() -> None:
    """Let none go by."""
    light[:] = [False] * len(GATES)
    left[:] = [0.0] * len(GATES)
    for kind, gate in enumerate(now):
        if gate is not CLOSED:
            put(kind, CLOSED)
