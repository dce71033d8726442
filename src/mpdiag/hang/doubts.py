"""What could not be seen of a program, and what would show it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from mpdiag.hang import unwinding
from mpdiag.hang.snapshot import Seen, Snapshot
from mpdiag.watch import processes, procfs
from mpdiag.watch.folder import VARIABLE

#: Where Linux says whom Yama lets trace, if it has that.
YAMA: Final = "/proc/sys/kernel/yama/ptrace_scope"
INSTALL: Final = f"pip install '{unwinding.EXTRA}'"
UNDER: Final = "start it under `mpdiag run --hang-after 60`: it tells by itself then, without any such right"


class Right(NamedTuple):
    """Why we may not trace, and what would let us."""

    lacks: str
    remedy: str


#: By what Yama says.
SCOPES: Final = {
    1: Right("kernel.yama.ptrace_scope is 1: only root and its own parents may trace it", "Ask as root (sudo)"),
    2: Right("kernel.yama.ptrace_scope is 2: only root may trace", "Ask as root (sudo)"),
    3: Right("kernel.yama.ptrace_scope is 3: nobody may trace until the next boot", ""),
}
OF_ROOT: Final = Right("root lacks SYS_PTRACE, as in a container", "Let root trace (docker run --cap-add SYS_PTRACE)")
OF_OTHERS: Final = Right(
    "that takes the right to trace: the same user where it is granted, root, or SYS_PTRACE in a container",
    "Ask as root, or with SYS_PTRACE in a container",
)


def of(taken: Snapshot) -> Iterator[str]:
    """One sentence for each kind of evidence that is missing.

    Args:
        taken: what was seen.
    """
    living = taken.living.values()
    own = people(taken)
    silent = [each for each in own if each.answer is None]
    if silent and taken.tree.folder is None:
        theirs = processes.variable(taken.tree.root, VARIABLE)
        under = "a program that runs under `mpdiag run` tells its stacks, locks and queues"
        alien = "it tells its stacks, locks and queues to the user alone who started the `mpdiag run` that it is under"
        yield f"seen from outside alone: {alien if theirs and Path(theirs).is_dir() else under}"
    elif silent:
        yield f"{len(silent)} of {len(own)} processes did not answer: they wait in native code, or load no taps"
    if blind := [each for each in silent if not each.unwound]:
        late = right().lacks if untold(taken) else "there was no time for it"
        missing = late if unwinding.py_spy() else f"py-spy is not installed ({INSTALL})"
        yield f"the stacks of {len(blind)} of {len(own)} processes could not be read from outside: {missing}"
    if not processes.LINUX:
        yield "this system does not tell which thread waits for what: that is known of stacks alone"
        return
    if hidden := taken.hidden:
        yield f"{len(hidden)} of {len(living)} processes are not ours to see: ask as their user, or as root"
    if untold(taken):
        yield f"the kernel does not tell what threads wait for in their system calls: {right().lacks}"


def why(taken: Snapshot) -> tuple[str, str]:
    """Why it could not be seen what a program waits for, and what to do about it, as sentences without full stops.

    Args:
        taken: what was seen.
    """
    blind = [each for each in people(taken) if not each.threads]
    under = "" if taken.tree.folder else UNDER
    spy = f"install py-spy ({INSTALL})" if blind and not unwinding.py_spy() else ""
    if not processes.LINUX:
        return "This system does not tell what threads wait for", either("", spy, under)
    if hidden := taken.hidden:
        return f"{len(hidden)} of its processes are not ours to see", either("Ask as their user, or as root", under)
    if untold(taken):
        lacks, remedy = right()
        what = "Neither stacks nor what" if blind else "What"
        return f"{what} its threads wait for could {'' if blind else 'not '}be read: {lacks}", either(remedy, under)
    if spy:
        return "Its stacks could not be read: py-spy is not installed", either("", spy, under)
    return "Nothing names what it waits for", either("Look again, by --watch 10", under)


def people(taken: Snapshot) -> list[Seen]:
    """The living processes that run the user's Python."""
    return [each for each in taken.living.values() if each.python and each.pid not in taken.helpers]


def untold(taken: Snapshot) -> bool:
    """Whether the kernel tells of no thread what it waits for in its system call."""
    threads = [thread for each in taken.living.values() for thread in each.look.threads]
    asleep = [thread for thread in threads if thread.doing != "runs"]
    return bool(asleep) and all(thread.limited is None for thread in asleep)


def right() -> Right:
    """Why we may not trace, as far as the system says."""
    scope = int(procfs.read(YAMA) or 0)
    root = processes.LINUX and os.geteuid() == 0
    if scope == max(SCOPES) or (scope in SCOPES and not root):
        return SCOPES[scope]
    return OF_ROOT if root else OF_OTHERS


def either(*remedies: str) -> str:
    """Remedies as one sentence: ``Ask as root, or start it …``."""
    told: Sequence[str] = [each for each in remedies if each]
    whole = ", or ".join(told)
    return whole[:1].upper() + whole[1:]
