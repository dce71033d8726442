"""Looks at a program twice: at what its processes say of themselves, at their stacks, and at what the system shows."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from mpdiag.hang import answers, kernel, sockets, unwinding
from mpdiag.hang.answers import Answer, ThreadAnswer
from mpdiag.hang.kernel import ProcessLook
from mpdiag.hang.snapshot import Seen, Snapshot, difference, runs_python
from mpdiag.hang.tree import Tree
from mpdiag.machine.cgroups import memory_woes
from mpdiag.tap import layout
from mpdiag.watch import processes, procfs
from mpdiag.watch.folder import LEDGERS

#: Seconds between the two looks.
APART: Final = 0.7
SETTLING: Final = 0.02
#: Descriptors that a program has from whoever started it.
STANDARD: Final = (0, 1, 2)


class Look:
    """The processes of a program at one moment.

    Args:
        tree: the program.
        answers: what they say of themselves, by pid.
    """

    def __init__(self, tree: Tree, answers: Mapping[int, Answer]) -> None:
        self.at = time.monotonic()
        self.answers = answers
        found = {pid: kernel.look(pid) for pid in tree.pids()}
        self.processes = {pid: look for pid, look in found.items() if look is not None}
        #: Seconds in which any waited for memory, and how many the kernel killed for want of it, so far.
        self.stalled_s, self.killed = memory_woes(pid=tree.root)
        #: How often each was asked for its stacks so far.
        self.asks = {pid: word(tree, pid, number, layout.H_ASKED) for pid, number in tree.numbers().items()}

    def same(self, now: ProcessLook) -> ProcessLook | None:
        """A process as it was then; None if it is younger, whoever had its pid."""
        then = self.processes.get(now.pid)
        return then if then and then.stat.started == now.stat.started else None


def take(tree: Tree, apart_s: float = APART) -> Snapshot:
    """Look at a program twice.

    Args:
        tree: the program.
        apart_s: seconds between the looks.
    """
    before = asked(tree)
    time.sleep(SETTLING)  # who has just answered goes back to its wait
    first = Look(tree, before)
    unwound = seen_outside([pid for pid in first.processes if pid not in before])
    time.sleep(max(0.0, apart_s - (time.monotonic() - first.at)))
    second = Look(tree, {})
    second.answers = asked(tree)
    found = compared(first, second, unwound)
    opened = {pid: procfs.descriptors(pid) for pid in found}
    ends = kernel.ends(opened)
    names = {end.object for end in ends}
    standard = {end.object for end in ends if end.pid == tree.root and end.descriptor in STANDARD}
    same = sum(seen.then is not None for seen in found.values())
    return Snapshot(
        tree=tree,
        processes=found,
        ends=ends,
        shared=kernel.held_outside(names, found.keys()) | standard,
        peers={f"pipe:{one}": f"pipe:{other}" for one, other in sockets.peers().items() if f"pipe:{one}" in names},
        apart_s=second.at - first.at,
        born=len(found) - same,
        gone=len(first.processes) - same,
        at_s=time.monotonic(),
        opened=opened,
        stalled_s=difference(second.stalled_s, first.stalled_s),
        killed=second.killed,
    )


def compared(first: Look, second: Look, unwound: Mapping[int, tuple[ThreadAnswer, ...]]) -> dict[int, Seen]:
    """The processes of the second look, with what is known of them from the first and of their stacks."""
    found = {}
    for pid, look in second.processes.items():
        then = first.same(look)
        found[pid] = Seen(
            pid=pid,
            look=look,
            then=then,
            command=processes.command_line(pid),
            before=first.answers.get(pid) if then else None,
            answer=second.answers.get(pid),
            unwound=unwound.get(pid, ()) if then else (),
            asked=second.asks.get(pid, 0) - first.asks.get(pid, 0),
        )
    return found


def asked(tree: Tree) -> dict[int, Answer]:
    """What the processes say of themselves that can be asked."""
    numbers = tree.numbers()
    return answers.ask(tree.folder / LEDGERS, numbers) if tree.folder and numbers else {}


def seen_outside(pids: list[int]) -> dict[int, tuple[ThreadAnswer, ...]]:
    """The threads of those processes that run Python, as far as they can be seen."""
    python = [pid for pid in pids if runs_python(pid, processes.command_line(pid))]
    return unwinding.stacks(python) if python else {}


def word(tree: Tree, pid: int, number: int, place: int) -> int:
    """A word of a ledger; 0 where it is gone."""
    assert tree.folder
    with suppress(OSError), (tree.folder / LEDGERS / f"{pid}.{number}").open("rb") as file:
        return int.from_bytes(os.pread(file.fileno(), 8, 8 * place), sys.byteorder)
    return 0
