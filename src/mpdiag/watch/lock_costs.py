"""What taking locks and using shared values costs where nobody has to wait, as far as stacks were sampled there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mpdiag.watch.lives import Life
from mpdiag.watch.observation import Frame, Stack, StackSample

#: Where locks are taken, and shared values read and written: the latter by functions that are made of text.
SYNCHRONISING: Final = re.compile(r"[/\\]multiprocessing[/\\](?:synchronize|sharedctypes|context)\.py$")
ACCESS: Final = frozenset({"getvalue", "setvalue"})
#: A function: its file and name.
Spot = tuple[str, str]


def spent(samples: Iterable[StackSample], stretch: Mapping[int, float]) -> dict[Spot, float]:
    """Wall time spent in each function at lines that use locks or shared values.

    Args:
        samples: the stacks that were seen.
        stretch: wall time for each CPU second of a process, by its pid.
    """
    lines: dict[Frame, float] = defaultdict(float)
    using: set[Frame] = set()
    for sample in samples:
        inside, frame = caller(sample.stack)
        if frame:
            lines[frame] += sample.cpu_s * stretch.get(sample.pid, 1.0)
            using |= {frame} if inside else set()
    found: dict[Spot, float] = defaultdict(float)
    for frame in using:
        found[frame.file, frame.function] += lines[frame]
    return found


def caller(stack: Stack) -> tuple[bool, Frame | None]:
    """The innermost line that is not of the library, and whether it takes a lock or uses a shared value."""
    for number, frame in enumerate(stack):
        if not (SYNCHRONISING.search(frame.file) or (frame.file == "<string>" and frame.function in ACCESS)):
            return number > 0, frame
    return False, None


def stretched(lives: Iterable[Life]) -> dict[int, float]:
    """Wall time for each CPU second of a process: more than one where it had to queue for a CPU."""
    found = {}
    for life in lives:
        cpu, ready = life.main_cpu_s, life.vital.main_ready_s if life.vital else None
        if cpu and ready:
            found[life.pid] = (cpu + ready) / cpu
    return found


def added(
    rows: Sequence[Mapping[str, Any]],
    values: Sequence[Mapping[str, Any]],
    lives: Sequence[Life],
    samples: Iterable[StackSample],
) -> list[dict[str, Any]]:
    """The rows of locks, with what taking them cost.

    Args:
        rows: the table of locks.
        values: the table of shared values.
        lives: the processes, whose ledgers tell where a lock was waited for.
        samples: the stacks that were seen.
    """
    costs = spent(samples, stretched(lives))
    spots: dict[object, set[Spot]] = defaultdict(set)
    for life in lives:
        for slot in life.book.slots if life.book else ():
            if slot.kind == "lock" and slot.file and slot.function:
                spots[slot.name].add((slot.file, slot.function))
    writes = {(value["file"], value["line"]): locked_writes(value) for value in values}
    taken = {
        row["id"]: writes.get((row["file"], row["line"]), row["taken"]) if row["user"] else row["taken"] for row in rows
    }
    often = {row["id"]: taken[row["id"]] or row["contended"] or 1 for row in rows}
    shares = shared(costs, spots, often)
    return [
        {
            **row,
            "op_s": row["wait_s"] + shares[row["id"]] if costs else row["op_s"],
            "taken": taken[row["id"]],
        }
        for row in rows
    ]


def shared(
    costs: Mapping[Spot, float], spots: Mapping[object, set[Spot]], often: Mapping[object, float]
) -> dict[object, float]:
    """What each lock cost: those that are used in one function share what that costs by how often each is taken."""
    found: dict[object, float] = dict.fromkeys(often, 0.0)
    for spot, cost in costs.items():
        using = [name for name in often if spot in spots.get(name, ())]
        for name in using:
            found[name] += cost * often[name] / sum(often[each] for each in using)
    return found


def locked_writes(value: Mapping[str, Any]) -> int | None:
    """How often a value's lock was taken at least: for each of its writes that was guarded."""
    if value["writes"] is None or value["unlocked_updates"] is None:
        return None
    return int(value["writes"] - value["unlocked_updates"])
