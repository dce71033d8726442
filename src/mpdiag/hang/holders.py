"""Which descriptors matter: those that threads wait for, and who else holds the ends of what they lead to."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import psutil

from mpdiag.hang import kernel
from mpdiag.hang.kernel import STREAMS, End
from mpdiag.hang.snapshot import Seen
from mpdiag.watch import procfs
from mpdiag.watch.procfs import Descriptor

#: Seconds that may be spent on looking at all processes of the machine.
PATIENCE: Final = 0.4
#: Kinds of things that are told by their descriptors.
NUMBERED: Final = ("descriptor", "selected")
#: Numbers of descriptors that are tried, before all of a process are looked at.
TRIED: Final = 32


def numbers(seen: Seen) -> set[int]:
    """The descriptors that a process's threads wait for, as far as the kernel and their calls tell."""
    sleeping = [look for look in seen.look.threads if look.doing in ("read", "write", "several", "outside")]
    found = {number for look in sleeping for number in look.polled or (look.argument,) if number is not None}
    things = (thing for thread in seen.threads for thing in thread.things)
    return found.union(int(each) for thing in things if thing.kind in NUMBERED for each in thing.facts)


def waited_for(found: Iterable[Seen], peers: Mapping[int, int]) -> set[str]:
    """Where the descriptors lead that threads wait for, with the other ends of the sockets among them.

    Args:
        found: the processes.
        peers: connected sockets, by inode.
    """
    targets: set[str | None] = set()
    for seen in found:
        for thing in (thing for thread in seen.threads for thing in thread.things):
            if thing.kind in ("connection", "queue"):
                inode = str(thing.facts[0]).removeprefix("pipe:")
                targets |= {f"pipe:[{inode}]", f"socket:[{inode}]"}
        targets.update(procfs.leads_to(seen.pid, number) for number in numbers(seen))
        if any(look.function and look.doing in ("read", "write") for look in seen.look.threads):
            targets.update(procfs.streams(seen.pid))
    known = {each for each in targets if each}
    return known | {f"socket:[{other}]" for one, other in peers.items() if f"socket:[{one}]" in known}


def opened(found: Iterable[Seen], targets: Collection[str]) -> dict[int, list[Descriptor] | None]:
    """The descriptors of processes that lead to one of ``targets``, by pid; None of one whose are not ours to see.

    A forked process has what it inherited under the numbers that its parent has it under. So those are tried first: who
    has both ends of everything there need not be searched, which takes long where siblings inherit of each other.
    """
    inodes = {target.partition("[")[2] for target in targets if target.startswith(STREAMS)}
    alike = all(target.startswith(STREAMS) for target in targets)
    known: set[int] = set()
    results: dict[int, list[Descriptor] | None] = {}
    for seen in found:
        tried: list[Descriptor] | None = None
        if alike and 0 < len(known) <= TRIED and numbers(seen) <= known:
            tried = [each for number in known if (each := procfs.descriptor(seen.pid, number, targets))]
            if not all(whole(inode, tried) for inode in inodes):
                tried = None
        results[seen.pid] = procfs.descriptors(seen.pid, targets) if tried is None else tried
        known.update(each.number for each in results[seen.pid] or ())
    return results


def ready(found: Iterable[Seen], ends: Iterable[End]) -> tuple[frozenset[str], frozenset[str]]:
    """Of the pipes that a thread may be reading or writing, those from which it could read, and those with room.

    Args:
        found: the processes; those alone matter of which the kernel tells no more than the function that sleeps.
        ends: the ends that they hold.
    """
    untold = {seen.pid: {look.doing for look in seen.look.threads if look.function} for seen in found}
    asked: dict[tuple[str, bool], bool | None] = {}
    for end in ends:
        for doing, writes in (("read", False), ("write", True)):
            concerned = (end.writes if writes else end.reads) and not end.socket
            if concerned and doing in untold.get(end.pid, ()) and (end.object, writes) not in asked:
                asked[end.object, writes] = procfs.ready(end.pid, end.descriptor, writes)
    readable, writable = (
        frozenset(name for (name, writes), yes in asked.items() if yes and writes is wanted) for wanted in (False, True)
    )
    return readable, writable


def whole(inode: str, held: Iterable[Descriptor]) -> bool:
    """Whether both ends of a pipe or a socket are among those that are held."""
    ends = [each for each in held if each.target.endswith(f"[{inode}")]
    return any(each.reads for each in ends) and any(each.writes for each in ends)


def outside(targets: Collection[str], pids: Collection[int]) -> frozenset[str]:
    """Which of these pipes and sockets other processes hold too, as far as that can be seen in time.

    Args:
        targets: where descriptors of them lead.
        pids: the processes of the program; we ourselves are no other process.
    """
    if not targets:
        return frozenset()
    deadline = time.monotonic() + PATIENCE
    others = (pid for pid in psutil.pids() if pid not in pids and pid != os.getpid() and time.monotonic() < deadline)
    return frozenset(end.object for end in kernel.ends({pid: procfs.descriptors(pid, targets) for pid in others}))
