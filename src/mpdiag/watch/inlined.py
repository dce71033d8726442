"""Processes whose own run() was called where start() was meant: a class of the program's has no tap, stacks tell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from mpdiag.watch.invariance import defined
from mpdiag.watch.lives import Life, Run
from mpdiag.watch.observation import Frame, Stack
from mpdiag.watch.stacks import is_entry

#: A class's run(): its file and first line.
Own = tuple[str, int]


def rows(run: Run, lives: Sequence[Life]) -> list[dict[str, Any]]:
    """One row for each line from which run() of such a class was seen to compute, not started as a process."""
    names = {(file, line): name for _, name, file, line in _made(lives)}
    if not names or run.outside is None:
        return []
    spent: dict[tuple[Own, Frame], float] = defaultdict(float)
    pids: dict[tuple[Own, Frame], set[int]] = defaultdict(set)
    for sample in run.outside.stacks:
        met = called(sample.stack, names)
        if met:
            spent[met] += sample.cpu_s
            pids[met].add(sample.pid)
    left = never_started(lives)
    return [
        {
            "target": names[own],
            "count": left[names[own]],
            "s": cpu_s,
            "cpu_s": cpu_s,
            "s_max": cpu_s / max(left[names[own]], 1),
            "sampled": True,
            "processes": len(pids[own, caller]),
            "file": caller.file,
            "line": caller.line or None,
            "function": caller.function,
        }
        for (own, caller), cpu_s in spent.items()
    ]


def called(stack: Stack, names: Mapping[Own, str]) -> tuple[Own, Frame] | None:
    """The outermost run() of such a class in a stack, and who called it; none below what a process or thread runs."""
    if any(frame.function == "_bootstrap" and is_entry(frame) for frame in stack):
        return None
    files = {file for file, _ in names}
    for inner, outer in reversed(list(pairwise(stack))):
        if inner.function == "run" and inner.file in files:
            own = inner.file, defined(inner.file, "run", inner.line)
            if own in names:
                return own, outer
    return None


def never_started(lives: Sequence[Life]) -> Counter[str]:
    """How many objects of each class were made beyond those that became processes, by the name of its run()."""
    left = Counter(name for _, name, *_ in _made(lives))
    left.subtract(life.target for life in lives if life.target)
    return left


def _made(lives: Sequence[Life]) -> Iterator[tuple[int, str, str, int]]:
    """Who made an object of which class: the process, and name, file and first line of the class's run()."""
    return ((life.pid, *event.facts) for life in lives if life.book for event in life.book.noted("made"))
