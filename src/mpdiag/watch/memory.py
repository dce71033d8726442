"""How much memory the processes of a program hold, each for itself and together."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from mpdiag.watch.lives import Life, Run
from mpdiag.watch.observation import Vital

CHILDREN = ("worker", "process")
#: Seconds until a change of memory is seen from outside.
SEEN_WITHIN = 0.2


def row(run: Run, lives: Sequence[Life]) -> dict[str, Any]:
    """The memory of the parent and of its workers."""
    main = next((life for life in lives if life.role == "main"), None)
    children = [life for life in lives if life.role in CHILDREN and life.vital]
    own = [life.vital.uss_peak for life in children if life.vital and life.vital.uss_peak]
    loads = [load for life in children if (load := loaded(run, life, lives)) is not None]
    return {
        "parent_rss": main.vital.rss_peak if main and main.vital else None,
        "worker_uss_sum": sum(own) if own else None,
        "workers": len(loads),
        "private_load_b": statistics.median_low(loads) if loads else None,
        "peak": peak(run, lives),
    }


def loaded(run: Run, life: Life, lives: Sequence[Life] = ()) -> int | None:
    """How much a child grew until it had done its first task; one that has no tasks, until its peak."""
    vital = life.vital
    if vital is None:
        return None
    began = min((task.began_s for task in life.book.tasks), default=None) if life.book else None
    if began is None or life.book is None or not vital.held:
        return growth(vital)
    first = next(task for task in life.book.tasks if task.began_s == began)
    until = first.ended_s + SEEN_WITHIN
    held = [size for at, size in vital.held if run.at(at) <= until]
    return max(0, held[-1] - inherited(run, life, lives)) if held else 0


def inherited(run: Run, life: Life, lives: Sequence[Life]) -> int:
    """The private memory a child began with: what it was seen with first, or its parent had then, if that was less.

    The first look at a child may come when it has already loaded what it needs; one that is not forked mostly imports
    what its parent has imported.
    """
    assert life.vital
    first = life.vital.held[0][1]
    parent = next((each.vital for each in lives if each.pid == life.parent and each.vital), None)
    if parent is None:
        return first
    before = [size for at, size in parent.held if run.at(at) <= life.born_s]
    return min(first, before[-1]) if before else first


def growth(vital: Vital) -> int | None:
    """How much memory of its own a process has got between the first look at it and its peak."""
    looks = [look.uss for look in vital.memory if look.uss is not None]
    ways = [max(looks) - looks[0]] if len(looks) > 1 else []
    if vital.held:
        ways.append(max(size for _, size in vital.held) - vital.held[0][1])
    return max(ways, default=None)


def peak(run: Run, lives: Sequence[Life]) -> int | None:
    """The most memory the program held at once, shared pages counted once.

    Weighing is dear and so seldom done: where the processes are known to have grown since, that is added up.
    """
    weighed = run.outside.surroundings.memory_peak if run.outside else None
    changes: list[tuple[float, int]] = []
    for life in lives:
        held = life.vital.held if life.vital else ()
        if not held:
            continue
        shared = inherited(run, life, lives) if life.start_method in ("fork", "forkserver") else 0
        sizes = [max(0, size - shared) for _, size in held]
        steps = zip(held, sizes, [0, *sizes], strict=False)
        changes += [(run.at(at), size - before) for (at, _), size, before in steps]
        changes.append((life.ended_s, -sizes[-1]))
    most = total = 0
    for _, change in sorted(changes):
        total += change
        most = max(most, total)
    return max(weighed or 0, most) or None
