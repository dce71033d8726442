"""The tables of shared values: who reads and writes them, without a lock or with one, and what wrapped around."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mpdiag.tap import layout
from mpdiag.watch.lives import Life


@dataclass(frozen=True)
class Use:
    """What one process did with a value; elements are bits, told apart in turns and in blocks."""

    pid: int
    reads: int
    writes: int
    loose: int
    wrapped: int
    turns: int
    blocks: int
    loose_turns: int
    loose_blocks: int


@dataclass
class Wrap:
    """How often a value wrapped around, and how the first time."""

    count: int = 0
    steps: list[tuple[int, int]] = field(default_factory=list)


def rows(lives: Sequence[Life], leaps: Mapping[str, Wrap] | None = None) -> list[dict[str, Any]]:
    """One row for each Value and Array, in the order they were made.

    Args:
        lives: the processes.
        leaps: wraps that were seen from outside, by the value's name; None if nobody looked.
    """
    books = [life.book for life in lives if life.book]
    uses: dict[object, list[Use]] = defaultdict(list)
    wraps: dict[Any, Wrap] = defaultdict(Wrap, leaps or {})
    locked = {event.facts[0] for book in books for event in book.noted("locked")}
    for book in books:
        for slot in book.slots:
            if slot.kind == "value" and slot.words:
                uses[slot.name].append(_use(book.pid, slot.words))
                wraps[slot.name].count += uses[slot.name][-1].wrapped
        for event in book.noted("wrapped"):
            wraps[event.facts[0]].steps.append((event.facts[1], event.facts[2]))
    made = {event.facts[0]: event.facts for book in books for event in book.noted("value")}
    return [
        row(facts, uses[name], wraps[name], locked=name in locked, watched=leaps is not None)
        for name, facts in made.items()
    ]


def _use(pid: int, words: Sequence[int]) -> Use:
    return Use(
        pid=pid,
        reads=words[layout.S_COUNT],
        writes=words[layout.S_TIMED],
        loose=words[layout.S_BYTES],
        wrapped=words[layout.S_MAX],
        turns=words[layout.V_TURNS],
        blocks=words[layout.V_BLOCKS],
        loose_turns=words[layout.V_LOOSE_TURNS],
        loose_blocks=words[layout.V_LOOSE_BLOCKS],
    )


def row(facts: tuple[Any, ...], uses: Sequence[Use], wrap: Wrap, *, locked: bool, watched: bool) -> dict[str, Any]:
    """The facts of one value; what nobody sees of one without a lock is None."""
    name, code, length, where, _ = facts
    file, line, function, api, _ = where
    seen = locked or None
    before, after = wrap.steps[0] if wrap.steps else (None, None)
    return {
        "id": name,
        "type": api,
        "typecode": code,
        "length": length,
        "file": file,
        "line": line or None,
        "function": function,
        "locked": locked,
        "reads": seen and sum(use.reads for use in uses),
        "writes": seen and sum(use.writes for use in uses),
        "unlocked_updates": seen and sum(use.loose for use in uses),
        "clashing": seen and sum(use.loose for use in uses if clashes(use, uses)),
        "writers": seen and sum(use.writes > 0 for use in uses),
        "wrapped": wrap.count if locked or watched else None,
        "wrapped_from": before,
        "wrapped_to": after,
    }


def clashes(use: Use, uses: Sequence[Use]) -> bool:
    """Whether an element that a process updates without a lock is written by another one too.

    Of a long array several elements share a bit, so they must meet both in turns and in blocks.
    """
    others = [each for each in uses if each.pid != use.pid]
    return any(use.loose_turns & each.turns and use.loose_blocks & each.blocks for each in others)
