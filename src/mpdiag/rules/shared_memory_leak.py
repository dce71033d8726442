"""Advice when a program left shared-memory segments behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import ideals
from mpdiag.advice import Evidence, Facts, Finding, Rule
from mpdiag.model import Doc


def observed(memory: Facts) -> Iterator[Finding]:
    """Count the segments that were there when the last process had ended."""
    left = memory.number("shm_left")
    if not left:
        return
    yield RULE.finding(
        level="warning",
        concern=left,
        seen=f"{ideals.counted(left, 'shared-memory segment')} stayed when the program had ended: nobody had called "
        "unlink().",
        do="Call close() in every process and unlink() once, in the process that made the segment, in a finally "
        "block; or make segments through a SharedMemoryManager, which unlinks them when its with block ends. `mpdiag "
        "doctor` shows what is left on this machine.",
        evidence=(Evidence("segments left", left, "1"), Evidence("reference", 0, "1")),
    )


RULE: Final = Rule(
    module=__name__,
    id="MP508",
    run=observed,
    doc=Doc(
        title="Shared-memory segments are left behind",
        why="A segment is a file in memory: it stays after its processes have ended, until someone unlinks it or the "
        "machine restarts. Programs that leave them fill /dev/shm for everyone.",
        how="In an observed program: segments made while it ran that were still there when its last process had ended.",
        claim="'The resource tracker cleans up' holds as long as it lives; it warns of each segment. A process that is "
        "killed together with its tracker leaves them, and so do segments made with track=False.",
        bad="""\
segment = SharedMemory(create=True, size=len(image))
use(segment)                        # an exception here leaves it
""",
        good="""\
with SharedMemoryManager() as manager:
    use(manager.SharedMemory(size=len(image)))
""",
        links=("https://docs.python.org/3/library/multiprocessing.shared_memory.html",),
    ),
)
