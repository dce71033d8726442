"""The profiles that the processes of an observed program have written, as one."""

from __future__ import annotations

import marshal
import pstats
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def merged(folder: Path) -> tuple[bytes, int]:
    """The sum of all profiles in ``folder``, as `pstats.Stats` reads it from a file, and how many there were."""
    found = list(profiles(folder))
    whole = found[0] if found else empty()
    for each in found[1:]:
        whole.add(each)
    return marshal.dumps(whole.stats, 4), len(found)  # type: ignore[attr-defined]


def profiles(folder: Path) -> Iterator[pstats.Stats]:
    """Each process's own, but for those that cannot be read."""
    for path in sorted(folder.glob("*.[0-9]*")):
        if path.suffix[1:].isdigit():
            with suppress(OSError, ValueError, EOFError, TypeError):
                yield pstats.Stats(str(path))


def empty() -> pstats.Stats:
    """Of a program in which nothing was profiled."""
    stats = pstats.Stats()
    stats.stats = {}  # type: ignore[attr-defined]
    return stats
