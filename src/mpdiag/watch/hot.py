"""The lines at which a program's processes burn CPU time, and which of them do the same again and again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mpdiag.watch import stacks
from mpdiag.watch.invariance import EVERY, invariant, kept, looped
from mpdiag.watch.lives import Life, Run
from mpdiag.watch.observation import HotLine
from mpdiag.watch.polling import spinning

#: Files that are no part of the program itself.
INSTALLED = re.compile(r"[/\\](?:(?:site|dist)-packages|lib[/\\]python[\d.]+|Lib)[/\\]")
#: Of what ran but once for each process, however often it was called.
NOT_KNOWN: Mapping[str, Any] = {"invariant": None, "rounds": None}


def rows(run: Run, lives: Sequence[Life], tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each line at which CPU time was burnt, below a task's function, a target or the main module."""
    if run.outside is None:
        return []
    same = {str(row["function"]).rpartition(".")[2]: row["same_args"] for row in tasks}
    roles = {life.pid: life.role for life in lives}
    whole = sum(sample.cpu_s for sample in run.outside.stacks)
    lines = stacks.hot_lines(run.outside.stacks, roles)
    once = {line.function for line in lines if not INSTALLED.search(line.file) and kept(line.file, line.function)}
    return [
        {
            "role": hot.role,
            "target": hot.root.function,
            "file": hot.file,
            "line": hot.line,
            "function": hot.function,
            "callee": hot.callee,
            "samples": hot.samples,
            "s": hot.cpu_s,
            "share": hot.share,
            "part": hot.cpu_s / whole if whole else None,
            "depth": hot.depth,
            "root_count": times_run(hot.root.function, lives),
            "spins": not INSTALLED.search(hot.file) and spinning(hot.file, hot.function, hot.line),
            **(NOT_KNOWN if hot.callee in once else repeats(hot, same.get(hot.root.function, ""), lives)),
        }
        for hot in lines
    ]


def repeats(hot: HotLine, same_args: str | None, lives: Sequence[Life]) -> dict[str, Any]:
    """Whether the call at a line does the same each time, and how often a process's own loop came to it.

    Of functions further in, nothing is known of their arguments: only calls that need none of them are the same.
    """
    place = hot.file, hot.function, hot.line
    same: bool | None = None
    rounds: int | None = None
    if hot.callee and hot.depth:
        same = None if INSTALLED.search(hot.file) or looped(*place) else invariant(*place, callee=hot.callee) or None
    elif hot.callee and hot.role == "process" and looped(*place) and invariant(*place, EVERY, hot.callee):
        same, rounds = True, taken(hot.root.function, lives)
    elif hot.callee:
        same = invariant(*place, same_args, hot.callee)
    return {"invariant": same, "rounds": rounds}


def taken(function: str, lives: Sequence[Life]) -> int:
    """How many messages the processes that ran ``function`` took in: their loops go around once for each."""
    books = [life.book for life in lives if life.book and (life.target or "").rpartition(".")[2] == function]
    return sum(slot.count - slot.empty for book in books for slot in book.of("get", "recv") if slot.main)


def times_run(function: str, lives: Sequence[Life]) -> int:
    """How many tasks or processes ran ``function``."""
    tasks = sum(
        slot.count
        for life in lives
        if life.book
        for slot in life.book.of("task")
        if str(slot.name).rpartition(".")[2] == function
    )
    return tasks or sum((life.target or "").rpartition(".")[2] == function for life in lives)
