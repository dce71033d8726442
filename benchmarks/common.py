"""What the benchmark scripts share: interleaved runs, and one small table."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from mpdiag import stats
from mpdiag.model import Measured

Key = TypeVar("Key", bound=Hashable)
Sample = TypeVar("Sample")

MPDIAG = (sys.executable, "-m", "mpdiag")


def interleaved(cases: Mapping[Key, Callable[[], Sample]], rounds: int) -> dict[Key, list[Sample]]:
    """Call every case once a round, in a new order each time; the first round is dropped.

    Args:
        cases: each gives one sample.
        rounds: how many are kept.
    """
    samples: dict[Key, list[Sample]] = {key: [] for key in cases}
    for number in range(rounds + 1):
        for key in random.sample(list(cases), len(cases)):
            sample = cases[key]()
            if number:
                samples[key].append(sample)
    return samples


def wall(*command: str) -> float:
    """Seconds that ``command`` takes; it has to succeed."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def spread(values: Sequence[float]) -> float:
    """The coefficient of variation: standard deviation over mean."""
    mean = sum(values) / len(values)
    return float((sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)) ** 0.5 / mean)


def ratio(numerator: Sequence[float], denominator: Sequence[float]) -> Measured:
    """The ratio of two cases of the same rounds."""
    return stats.ratio(numerator, denominator)


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table with a title; the leading column is flush left, the others right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    print(f"\n{title}")
    for first, *rest in lines:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        print("  ".join(cells).rstrip(), flush=True)
