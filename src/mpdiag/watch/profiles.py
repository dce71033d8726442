"""The profiles that the processes of an observed program have written, as one."""

from __future__ import annotations

import marshal
import pstats
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path


def merged(folder: Path, without: Collection[int] = ()) -> tuple[bytes, int]:
    """The sum of the profiles in ``folder``, as `pstats.Stats` reads it from a file, and how many there were.

    Args:
        folder: where the processes have written them.
        without: processes that are none of the program's own.
    """
    found = list(profiles(folder, without))
    whole = found[0] if found else empty()
    for each in found[1:]:
        whole.add(each)
    return marshal.dumps(whole.stats, 4), len(found)  # type: ignore[attr-defined]


def profiles(folder: Path, without: Collection[int] = ()) -> Iterator[pstats.Stats]:
    """Each process's own, but for those that cannot be read."""
    for path in sorted(folder.glob("*.[0-9]*")):
        pid, _, number = path.name.partition(".")
        if number.isdigit() and int(pid) not in without:
            with suppress(OSError, ValueError, EOFError, TypeError):
                yield pstats.Stats(str(path))


def empty() -> pstats.Stats:
    """Of a program in which nothing was profiled."""
    stats = pstats.Stats()
    stats.stats = {}  # type: ignore[attr-defined]
    return stats
