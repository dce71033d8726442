"""How long the threads of a pool wait for a lock, by the lines at which they are seen: such locks have no taps."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from mpdiag.watch.imports import parsed
from mpdiag.watch.invariance import called, holds
from mpdiag.watch.observation import Frame, ThreadLook
from mpdiag.watch.stacks import is_library

#: Looks at threads below which nothing is said.
FEW = 8


def waited(looks: Iterable[ThreadLook], pids: Iterable[int], task_s: float) -> dict[str, Any]:
    """The line at which the threads of some processes waited most for a lock, and for how long.

    Args:
        looks: where threads were seen.
        pids: the processes that have the pool.
        task_s: the time within the pool's tasks, which the looks are a sample of.
    """
    own = set(pids)
    seen: Counter[Frame] = Counter()
    for look in looks:
        if look.pid in own and not is_library(look.frame):  # else it has no task
            seen[look.frame] += look.times
    at_locks = {frame: count for frame, count in seen.items() if takes_lock(frame.file, frame.line)}
    frame = max(at_locks, key=lambda each: at_locks[each], default=None)
    if frame is None or seen.total() < FEW:
        return cells(None, None)
    return cells(task_s * at_locks[frame] / seen.total(), frame)


def cells(seconds: float | None, frame: Frame | None) -> dict[str, Any]:
    """What a row of pools says of it."""
    file, line, function = frame or (None, None, None)
    return {"thread_lock_s": seconds, "lock_file": file, "lock_line": line, "lock_function": function}


@lru_cache(maxsize=1024)
def takes_lock(file: str, line: int) -> bool:
    """Whether a line of a file takes a lock by ``with lock:`` or ``lock.acquire()``, and does nothing that lasts."""
    tree = parsed(file)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, (ast.With, ast.AsyncWith)):
            # A call makes something; it may wait for what it opens.
            if any(
                isinstance(each.context_expr, (ast.Name, ast.Attribute)) and holds(each.context_expr, line)
                for each in node.items
            ):
                return True
        elif isinstance(node, ast.Call) and called(node) == "acquire" and holds(node, line):
            return True
    return False
