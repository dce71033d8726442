"""Functions of known nature for `sizing.py`, each with its items."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

#: 24 MiB that every process has of its own, larger than what its caches hold.
LARGE = bytearray(24 * 2**20)
#: What the processes lock: it is there anyway.
LOCK = Path(__file__)


def computing(turns: int) -> int:
    """Pure Python, under the GIL."""
    total = 0
    for number in range(turns):
        total += number & 3
    return total


def sleeping(seconds: float) -> None:
    """Waits, as for a remote peer."""
    time.sleep(seconds)


def mixed(turns: int) -> int:
    """Waits three quarters of its time and computes in the rest."""
    time.sleep(turns * 1.2e-7)
    return computing(turns)


def copying(_number: int) -> int:
    """Is limited by the memory: copies more than the caches hold."""
    return len(bytes(LARGE))


def large_argument(data: bytes) -> int:
    """Is sent 2 MiB, and computes a little on them."""
    return data.count(b"a") + computing(10_000)


def large_result(size: int) -> bytes:
    """Computes a little and returns 2 MiB."""
    return bytes(size + computing(10_000) % 2)


def tiny(number: int) -> int:
    """Takes less than handing it out."""
    return number + 1


def small(turns: int) -> int:
    """Some 50 microseconds: a matter of the chunksize."""
    return computing(turns)


def locked(seconds: float) -> None:
    """Holds a lock that all processes share, for all its time."""
    import fcntl

    with LOCK.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        time.sleep(seconds)


def compressing(data: bytes) -> int:
    """Computes in C, with the GIL released."""
    return len(zlib.compress(data, 5))


def sorting(seed: int) -> float:
    """NumPy, with the GIL released for most of its time."""
    import numpy as np

    return float(np.sort(np.random.default_rng(seed).random(100_000))[0])


def imbalanced(turns: int) -> int:
    """Some items take forty times as long as others."""
    return computing(turns)


def uneven() -> list[int]:
    """Turns of which most are few."""
    chance = random.Random(7)
    return [int(5_000 * 40 ** chance.random() ** 3) for _ in range(200)]


#: The functions, and what makes their items.
NATURES: dict[Callable[[Any], Any], Callable[[], Sequence[Any]]] = {
    computing: lambda: [60_000 + 10 * number for number in range(200)],
    sleeping: lambda: [0.01] * 400,
    mixed: lambda: [60_000] * 200,
    copying: lambda: range(100),
    large_argument: lambda: [bytes([number]) * 2**21 for number in range(40)],
    large_result: lambda: [2**21] * 40,
    tiny: lambda: range(20_000),
    small: lambda: [1_500] * 20_000,
    locked: lambda: [0.003] * 100,
    compressing: lambda: [bytes([number, 255 - number]) * 60_000 for number in range(60)],
    sorting: lambda: range(100),
    imbalanced: uneven,
}


def __getattr__(name: str) -> Callable[[], Sequence[Any]]:
    """``computing_items`` makes the items of ``computing``."""
    for function, items in NATURES.items():
        if name == f"{function.__name__}_items":
            return items
    raise AttributeError(name)
