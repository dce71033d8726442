"""Looks at a program twice: at what its processes say of themselves, at their stacks, and at what the system shows."""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from itertools import zip_longest
from typing import Final

from mpdiag.hang import answers, holders, kernel, sockets, unwinding
from mpdiag.hang.answers import Answer, ThreadAnswer
from mpdiag.hang.kernel import ProcessLook
from mpdiag.hang.snapshot import Seen, Snapshot, difference, runs_python
from mpdiag.hang.tree import Tree
from mpdiag.machine import cgroups
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
        self.stalled_s = cgroups.stalled(pid=tree.root)
        self.killed = next(iter(cgroups.killed(pid=tree.root).values()), None)
        #: Bytes that the machine has read back from its swap space and written to it, so far.
        self.swapped_in, self.swapped_out = procfs.swapped()
        #: How often each was asked for its stacks so far.
        self.asks = {pid: word(tree, pid, number, layout.H_ASKED) for pid, number in tree.numbers().items()}

    def same(self, now: ProcessLook) -> ProcessLook | None:
        """A process as it was then; None if it is younger, whoever had its pid."""
        then = self.processes.get(now.pid)
        return then if then and then.stat.started == now.stat.started else None


def take(tree: Tree, apart_s: float = APART) -> Snapshot:
    """Look at a program twice.

    Who waits without a limit is asked only once: what it said holds while it sleeps.

    Args:
        tree: the program.
        apart_s: seconds between the looks.
    """
    numbers = tree.numbers()
    slept = {pid: kernel.slept(pid) for pid in numbers}
    before = asked(tree, numbers)
    time.sleep(SETTLING)  # who has just answered goes back to its wait
    first = Look(tree, before)
    unwound = seen_outside({pid: look for pid, look in first.processes.items() if pid not in before})
    time.sleep(max(0.0, apart_s - (time.monotonic() - first.at)))
    second = Look(tree, {})
    rest = {pid for pid in before if rested(slept[pid], first.processes.get(pid), second.processes.get(pid))}
    second.answers = asked(tree, {pid: number for pid, number in tree.numbers().items() if pid not in rest})
    return together(tree, first, second, compared(first, second, unwound, rest))


def together(tree: Tree, first: Look, second: Look, found: Mapping[int, Seen]) -> Snapshot:
    """What two looks show, with who holds the ends of what threads wait for.

    Args:
        tree: the program.
        first: the first look.
        second: the second look.
        found: the processes of the second one, as they changed since the first.
    """
    peers = {**sockets.connected(tree.root), **sockets.peers()}
    targets = holders.waited_for(found.values(), peers)
    opened = holders.opened(found.values(), targets)
    ends = kernel.ends(opened)
    readable, writable = holders.ready(found.values(), ends)
    standard = {end.object for end in ends if end.pid == tree.root and end.descriptor in STANDARD}
    same = sum(seen.then is not None for seen in found.values())
    return Snapshot(
        tree=tree,
        processes=found,
        ends=ends,
        shared=holders.outside(targets, found.keys()) | standard,
        peers={f"pipe:{one}": f"pipe:{other}" for one, other in peers.items()},
        private=frozenset(f"pipe:{each}" for each in sockets.private(tree.root)),
        apart_s=second.at - first.at,
        born=len(found) - same,
        gone=len(first.processes) - same,
        at_s=time.monotonic(),
        opened=opened,
        readable=readable,
        writable=writable,
        stalled_s=difference(second.stalled_s, first.stalled_s),
        killed=second.killed,
        swapped_in=difference(second.swapped_in, first.swapped_in),
        swapped_out=difference(second.swapped_out, first.swapped_out),
        in_swap=in_swap(found.values()),
    )


def rested(slept: Mapping[int, int], first: ProcessLook | None, second: ProcessLook | None) -> bool:
    """Whether a process has waited without a limit since before it was asked: what it said then holds.

    Args:
        slept: how often each thread had gone to sleep before; the question wakes the main thread once.
        first: the process at the first look.
        second: the process at the second look.
    """
    if first is None or second is None or not first.at_rest or first.stat.started != second.stat.started:
        return False
    woken = ((each.slept or 0) - slept.get(each.native, -1) - (each.native == second.pid) for each in second.threads)
    return all(times <= 0 for times in woken)


def compared(
    first: Look, second: Look, unwound: Mapping[int, tuple[ThreadAnswer, ...]], rest: Container[int]
) -> dict[int, Seen]:
    """The processes of the second look, with what is known of them from the first.

    Args:
        first: the first look.
        second: the second look.
        unwound: the stacks of those that did not answer, by pid.
        rest: those that were asked before the first look alone.
    """
    found = {}
    for pid, look in second.processes.items():
        then = first.same(look)
        found[pid] = Seen(
            pid=pid,
            look=look,
            then=then,
            command=processes.command_line(pid),
            before=first.answers.get(pid) if then and pid not in rest else None,
            answer=(first if pid in rest else second).answers.get(pid),
            unwound=unwound.get(pid, ()) if then else (),
            asked=second.asks.get(pid, 0) - first.asks.get(pid, 0),
        )
    return found


def in_swap(found: Iterable[Seen]) -> int | None:
    """Bytes in the swap space of those processes that had to wait for a page; None where that is not told."""
    waited = [status for seen in found if seen.faults or seen.paging if (status := procfs.status(seen.pid))]
    told = [status.swapped for status in waited if status.swapped is not None]
    return sum(told) if told else None


def asked(tree: Tree, numbers: Mapping[int, int]) -> dict[int, Answer]:
    """What processes say of themselves, of those that can be asked.

    Args:
        tree: the program.
        numbers: the number of each process's ledger, by pid.
    """
    return answers.ask(tree.folder / LEDGERS, numbers) if tree.folder and numbers else {}


def seen_outside(looks: Mapping[int, ProcessLook]) -> dict[int, tuple[ThreadAnswer, ...]]:
    """The threads of those processes that run Python, as far as they can be seen in time: unlike ones first."""
    kinds: dict[tuple[tuple[str, int | None], ...], list[int]] = defaultdict(list)
    for pid, look in looks.items():
        if runs_python(pid, processes.command_line(pid)):
            kinds[tuple((thread.doing, thread.argument) for thread in look.threads)].append(pid)
    found = unwinding.stacks([pid for each in zip_longest(*kinds.values()) for pid in each if pid is not None])
    natives = {pid: [thread.native for thread in looks[pid].threads] for pid in found}
    return {pid: unwinding.numbered(pid, threads, natives[pid]) for pid, threads in found.items()}


def word(tree: Tree, pid: int, number: int, place: int) -> int:
    """A word of a ledger; 0 where it is gone."""
    assert tree.folder
    with suppress(OSError), (tree.folder / LEDGERS / f"{pid}.{number}").open("rb") as file:
        return int.from_bytes(os.pread(file.fileno(), 8, 8 * place), sys.byteorder)
    return 0
