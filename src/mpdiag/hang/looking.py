"""Looks at a program twice: at what its processes say of themselves, at their stacks, and at what the system shows."""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import zip_longest
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

    Args:
        tree: the program.
        apart_s: seconds between the looks.
    """
    before = asked(tree)
    time.sleep(SETTLING)  # who has just answered goes back to its wait
    first = Look(tree, before)
    unwound = seen_outside({pid: look for pid, look in first.processes.items() if pid not in before})
    time.sleep(max(0.0, apart_s - (time.monotonic() - first.at)))
    second = Look(tree, {})
    second.answers = asked(tree)
    found = compared(first, second, unwound)
    peers = sockets.peers()
    targets = waited_for(found.values(), peers)
    opened = {pid: procfs.descriptors(pid, targets) for pid in found}
    ends = kernel.ends(opened)
    standard = {end.object for end in ends if end.pid == tree.root and end.descriptor in STANDARD}
    same = sum(seen.then is not None for seen in found.values())
    return Snapshot(
        tree=tree,
        processes=found,
        ends=ends,
        shared=kernel.held_outside(targets, found.keys()) | standard,
        peers={f"pipe:{one}": f"pipe:{other}" for one, other in peers.items()},
        apart_s=second.at - first.at,
        born=len(found) - same,
        gone=len(first.processes) - same,
        at_s=time.monotonic(),
        opened=opened,
        stalled_s=difference(second.stalled_s, first.stalled_s),
        killed=second.killed,
        swapped_in=difference(second.swapped_in, first.swapped_in),
        swapped_out=difference(second.swapped_out, first.swapped_out),
        in_swap=in_swap(found.values()),
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


def in_swap(found: Iterable[Seen]) -> int | None:
    """Bytes in the swap space of those processes that had to wait for a page; None where that is not told."""
    waited = [status for seen in found if seen.faults or seen.paging if (status := procfs.status(seen.pid))]
    told = [status.swapped for status in waited if status.swapped is not None]
    return sum(told) if told else None


def asked(tree: Tree) -> dict[int, Answer]:
    """What the processes say of themselves that can be asked."""
    numbers = tree.numbers()
    return answers.ask(tree.folder / LEDGERS, numbers) if tree.folder and numbers else {}


def seen_outside(looks: Mapping[int, ProcessLook]) -> dict[int, tuple[ThreadAnswer, ...]]:
    """The threads of those processes that run Python, as far as they can be seen in time: unlike ones first."""
    kinds: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for pid, look in looks.items():
        if runs_python(pid, processes.command_line(pid)):
            kinds[tuple(thread.doing for thread in look.threads)].append(pid)
    return unwinding.stacks([pid for each in zip_longest(*kinds.values()) for pid in each if pid is not None])


def waited_for(found: Iterable[Seen], peers: Mapping[int, int]) -> set[str]:
    """Where the descriptors lead that threads wait for, with the other ends of the sockets among them.

    Args:
        found: the processes.
        peers: connected sockets, by inode.
    """
    targets: set[str | None] = set()
    for seen in found:
        sleeping = [look for look in seen.look.threads if look.doing in ("read", "write", "several", "outside")]
        numbers = {number for look in sleeping for number in look.polled or (look.argument,) if number is not None}
        for thing in (thing for thread in seen.threads for thing in thread.things):
            if thing.kind == "descriptor":
                numbers.add(int(thing.facts[0]))
            elif thing.kind in ("connection", "queue"):
                inode = str(thing.facts[0]).removeprefix("pipe:")
                targets |= {f"pipe:[{inode}]", f"socket:[{inode}]"}
        targets.update(procfs.leads_to(seen.pid, number) for number in numbers)
        if any(look.function and look.doing in ("read", "write") for look in sleeping):
            targets.update(procfs.streams(seen.pid))
    known = {each for each in targets if each}
    return known | {f"socket:[{other}]" for one, other in peers.items() if f"socket:[{one}]" in known}


def word(tree: Tree, pid: int, number: int, place: int) -> int:
    """A word of a ledger; 0 where it is gone."""
    assert tree.folder
    with suppress(OSError), (tree.folder / LEDGERS / f"{pid}.{number}").open("rb") as file:
        return int.from_bytes(os.pread(file.fileno(), 8, 8 * place), sys.byteorder)
    return 0
