"""What could not be seen of a program, and what would show it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mpdiag.hang import unwinding
from mpdiag.hang.snapshot import Snapshot
from mpdiag.watch import processes
from mpdiag.watch.folder import VARIABLE

TRACING: Final = "that takes the right to trace: the same user where it is granted, root, or SYS_PTRACE in a container"


def of(taken: Snapshot) -> Iterator[str]:
    """One sentence for each kind of evidence that is missing.

    Args:
        taken: what was seen.
    """
    living = taken.living.values()
    own = [each for each in living if each.python and each.pid not in taken.helpers]
    silent = [each for each in own if each.answer is None]
    if silent and taken.tree.folder is None:
        theirs = processes.variable(taken.tree.root, VARIABLE)
        under = "a program that runs under `mpdiag run` tells its stacks, locks and queues"
        alien = "it tells its stacks, locks and queues to the user alone who started the `mpdiag run` that it is under"
        yield f"seen from outside alone: {alien if theirs and Path(theirs).is_dir() else under}"
    elif silent:
        yield f"{len(silent)} of {len(own)} processes did not answer: they wait in native code, or load no taps"
    if blind := [each for each in silent if not each.unwound]:
        missing = f"py-spy is not installed (pip install '{unwinding.EXTRA}')" if not unwinding.py_spy() else TRACING
        yield f"the stacks of {len(blind)} of {len(own)} processes could not be read from outside: {missing}"
    if not processes.LINUX:
        yield "this system does not tell which thread waits for what: that is known of stacks alone"
        return
    if hidden := [each for each in living if taken.opened.get(each.pid, ()) is None]:
        yield f"{len(hidden)} of {len(living)} processes are not ours to see: ask as their user, or as root"
    asleep = [thread for each in living for thread in each.look.threads if thread.doing != "runs"]
    if asleep and all(thread.limited is None for thread in asleep):
        yield f"the kernel does not tell what threads wait for in their system calls: {TRACING}"
