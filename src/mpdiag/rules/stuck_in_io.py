"""Advice when a thread waits in the kernel for a device or file system that does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals, standstill
from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc
from mpdiag.standstill import Standing
from mpdiag.units import seconds

#: Calls that read, write, open or lock files; elsewhere in the kernel, memory or a child may be waited for.
CALLS: Final = ("read", "write", "outside")


def stuck(standing: Standing, look: Facts) -> Iterator[Finding]:
    """Find threads that were in the same uninterruptible call of this kind at both looks, and did not run between."""
    apart_s = look.number("apart_s")
    for row in standing.waits:
        if row.get("deep") and row.get("doing") in CALLS:
            yield RULE.finding(
                **{**standstill.blame(row, sure=False), "level": "warning"},
                seen=f"{standstill.waits(row)} in an I/O call that no signal interrupts, of "
                f"{row.get('target') or 'a file'}: what is behind it has not answered for {seconds(apart_s)} at least.",
                do="Look whether other programs hang there too (ls, df; dmesg tells of disks and servers that do not "
                "answer). Copy the data to a local disk first, or mount with a time limit, so that the call fails. "
                "The process can be killed only when the call returns.",
                evidence=(
                    Evidence("seconds in the call, at least", apart_s, "s"),
                    Evidence("CPU time of the thread meanwhile", ideals.at_least(row, "ran_s"), "s"),
                ),
            )


RULE: Final = Rule(
    module=__name__,
    id="MP618",
    hang=stuck,
    doc=Doc(
        title="Stuck in an I/O call",
        why="A call on a disk, a network file system or a device returns when that answers. When it does not, the "
        "process waits in the kernel, where neither Ctrl-C nor kill -9 reaches it, and all who wait for it wait too.",
        how="Stuck: a thread is in uninterruptible sleep (D) in a call that reads, writes, opens or locks at both "
        "looks, and has not run between them. Input, peers and other waits that may go on at any time are named in "
        "the graph, with their descriptor, and are no finding.",
        claim="'kill -9 ends everything' is wrong here: the signal waits until the call returns.",
        bad="""\
with Pool() as pool:
    pool.map(convert, Path("/mnt/nfs/scans").iterdir())     # the server went away
""",
        good="""\
shutil.copytree("/mnt/nfs/scans", local)                    # one process waits, and it can be seen
with Pool() as pool:
    pool.map(convert, Path(local).iterdir())
""",
        applies="Linux",
        links=("https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html",),
    ),
)
