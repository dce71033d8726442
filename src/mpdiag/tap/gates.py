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
#: each after which some go by makes the 5 ms a 16th of that longer, up to 20 ms.
OFTEN_NS, OFTEN_AT_LAST_NS, SELDOM = 5_000_000, 20_000_000, 4
#: So many in a row have to come so fast: a few at the end of each task would hide the one that then has to wait.
PATIENCE = 8
MOST_PASSED = 8191
#: A short event is longer for what its tap has to fetch first, by half in a busy machine; the next one finds it there.
#: One that is not short was waiting: the next, after the tap's time, might not.
SHORT_NS = 5_000
#: Of kinds that are added up, so much goes by before one is timed again, or this part of all that has gone by, in
#: seconds; and so many.
PASSES_S, PASSES_PART, PASSES = 0.016, 0.25, 65_535
SUMMED = frozenset(layout.KIND[name] for name in layout.SUMMED)
SEEN_NS = {layout.KIND[name]: int(seconds * 1e9) for name, seconds in layout.SEEN_LONG.items()}
#: How far from the mean an event is unusual: so many times, and so much more.
UNUSUAL, UNUSUAL_NS = 8, 20_000
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
        self.long_ns = [0] * len(GATES)  # what each kind has taken since then up to its last long event
        self.short = [0] * len(GATES)  # events of kinds of which no long one goes by that were not long,
        self.short_ns = [0] * len(GATES)  # and what they took
        self.often = [OFTEN_NS] * len(GATES)
        self.owed = [0] * len(GATES)  # how many of each kind went by for which the next short one stands
        self.fast = [0] * len(GATES)  # how many timed events of each kind came fast, one after the other
        self.allowed = [0.0] * len(GATES)  # what was `left` at first
        self.summed = [0.0] * len(GATES)  # seconds that have gone by before
        close()

    def passed(self, kind: int) -> int:
        """Count what went by untimed, and the event at hand; how many it is in all."""
        gone: int = self.given[kind] - now[kind].__length_hint__() + 1
        self.words[layout.COUNTS + kind] += gone
        self.given[kind] = 0
        put(kind, CLOSED)
        return gone

    def owes(self, kind: int, took: int) -> bool:
        """Whether the next short event of ``kind`` is to stand for this one, and for those that went by before it."""
        if took >= SHORT_NS or not self.given[kind]:
            return False
        self.owed[kind] += self.passed(kind)
        return True

    def stands_for(self, kind: int, slot: int, own: int, took: int, at: int) -> tuple[int, int, int]:
        """How many events of ``kind`` a timed one stands for, and what all took, without what is nested and with it.

        Args:
            kind: its number.
            slot: where it is counted.
            own: what it took itself.
            took: and with what is nested in it.
            at: when it ended.
        """
        if kind in SUMMED:
            weight, others = self.passed(kind), self.added_up(kind)
            return weight, own + others, took + others
        if took > SEEN_NS.get(kind, took):
            weight, others = self.long(kind, at, took)
            return weight, own + others, took + others
        weight, room = self.weight(kind, at, took)
        if kind in SEEN_NS:  # none of those that went by was long
            own, took = _scaled(own, weight, room), _scaled(took, weight, room)
            self.short[kind] += weight
            self.short_ns[kind] += own
            return weight, own, took
        count = self.words[slot + layout.S_COUNT]
        if weight > 1 and count:  # one that is far from what is usual was met by chance: it stands for itself
            usual = self.words[slot + layout.S_NS] // count
            if own > UNUSUAL * usual + UNUSUAL_NS:
                others = max(0, min(usual * (weight - 1), room - took))
                return weight, own + others, took + others
        return weight, _scaled(own, weight, room), _scaled(took, weight, room)

    def weight(self, kind: int, at: int, took: int) -> tuple[int, int]:
        """How many events of ``kind`` this timed one stands for, and the time they can have taken.

        How many go by untimed follows the rate.
        """
        weight = self.passed(kind)
        gap = at - self.timed_at[kind]
        room = self._room(kind, at)
        often = self.often[kind]
        if took < SHORT_NS:
            weight += self.owed[kind]
            self.owed[kind] = 0
        elif self.owed[kind] and gap < SELDOM * often:
            return weight, room
        self.timed_at[kind] = at
        self.long_ns[kind] = 0
        given = self.rate[kind]
        if gap < often:
            self.fast[kind] += 1
            if self.fast[kind] >= PATIENCE:
                given = min(given * 8 + 7 if gap < often >> 2 else given * 2 + 1, MOST_PASSED)
        else:
            self.fast[kind] = 0
            if gap > SELDOM * often:
                given >>= 1
        self.often[kind] = min(often + OFTEN_NS // 16, OFTEN_AT_LAST_NS) if given else OFTEN_NS
        light[kind] = given >= LIGHT_FROM
        self.rate[kind] = given
        if given:
            # Kinds that take turns must not be timed in the same turn: the tap of one would slow down the next.
            self._open(kind, given - (at >> 6) % (given // 2 + 1))
        return weight, room

    def long(self, kind: int, at: int, took: int) -> tuple[int, int]:
        """Count a long event of a kind of which none goes by untimed, and those before it that did and were short.

        Returns:
            How many it is with those, and what those took.
        """
        gone: int = self.given[kind] - now[kind].__length_hint__()
        self.given[kind] -= gone
        self.words[layout.COUNTS + kind] += gone + 1
        others = min(self._short_ones(kind, gone), max(0, self._room(kind, at) - took))
        self.long_ns[kind] += took + others
        return gone + 1, others

    def _short_ones(self, kind: int, count: int) -> int:
        return self.short_ns[kind] * count // max(1, self.short[kind])

    def _room(self, kind: int, at: int) -> int:
        """The time that events of ``kind`` can have taken of which nothing is known yet."""
        return at - self.timed_at[kind] - self.long_ns[kind]

    def added_up(self, kind: int) -> int:
        """The nanoseconds that have gone by since this was asked last; lets more go by."""
        passed = self.allowed[kind] - left[kind]
        self.summed[kind] += passed
        self.allowed[kind] = left[kind] = max(PASSES_S, PASSES_PART * self.summed[kind])
        self._open(kind, PASSES)
        return int(passed * 1e9)

    def rest(self, kind: int, slot: int, at: int) -> None:
        """Count the last events of ``kind``, which went by untimed, as those in ``slot``; 0: who reads it does that."""
        if not self.given[kind] and not self.owed[kind]:
            return
        words = self.words
        passed = self.passed(kind) - 1 + self.owed[kind]
        words[layout.COUNTS + kind] -= 1  # there is no event at hand
        self.owed[kind] = 0
        if not slot:
            return
        count = words[slot + layout.S_COUNT]
        words[slot + layout.S_COUNT] = count + passed
        for each in (layout.S_BYTES, layout.S_EMPTY):
            words[slot + each] += words[slot + each] * passed // count
        if kind in SUMMED:
            took = self.added_up(kind)
        else:  # the longest is the first, which had to fetch everything
            others = max(0, words[slot + layout.S_NS] - words[slot + layout.S_MAX])
            usual = self._short_ones(kind, passed) if self.short[kind] else others * passed // max(1, count - 1)
            took = max(0, min(usual, self._room(kind, at)))
        words[slot + layout.S_NS] += took
        words[slot + layout.S_WALL] += took

    def _open(self, kind: int, count: int) -> None:
        self.given[kind] = count
        put(kind, repeat(True, count))


def _scaled(took: int, weight: int, room: int) -> int:
    """Time of ``weight`` events of which one took that long: all of them came after the last timed one."""
    return took if weight == 1 else max(took, min(took * weight, room))


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


def let_go() -> None:
    """The process ends: what keeps modules alive makes its last collections of garbage longer."""
    for modules in _modules:
        modules.clear()


def close() -> None:
    """Let none go by."""
    light[:] = [False] * len(GATES)
    left[:] = [0.0] * len(GATES)
    for kind, gate in enumerate(now):
        if gate is not CLOSED:
            put(kind, CLOSED)
