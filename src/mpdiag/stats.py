"""Medians, their intervals and paired ratios. Standard library only: used inside the measured interpreter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

from mpdiag.model import Measured

COVERAGE = 0.95
#: How many standard deviations of a normal distribution to either side cover as much.
NORMAL = 1.96


def median(samples: Sequence[float]) -> float:
    """The middle of ``samples``; raises ValueError when there is none."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def undisturbed(samples: Sequence[float]) -> float:
    """The 20th percentile of a batch of short waits: what one takes when nothing else gets in between.

    A turn that the system gives to somebody else takes a hundred times as long as the exchange it interrupts; neither
    mean nor median of a batch stands that on a busy machine, and the minimum is an accident of its own.
    """
    return sorted(samples)[(len(samples) - 1) // 5]


def median_interval(samples: Sequence[float]) -> Optional[tuple[float, float]]:
    """An interval that covers the true median with at least 95 %, whatever the distribution.

    The order statistics x(k) and x(n+1-k) enclose the median with probability 1 - 2·P(B ≤ k-1), B binomial(n, ½);
    the largest k that keeps 95 % is taken. Below six samples no such pair exists, and the answer is None.
    Source: H. A. David, Order Statistics, §7.1 (distribution-free confidence intervals for quantiles).
    """
    ordered = sorted(samples)
    count = len(ordered)
    # In whole numbers: floats overflow at about a thousand samples.
    tail, rank, binomial = 0, 0, 1
    while rank < count // 2:
        tail += binomial
        if 1 - 2 * tail / 2**count < COVERAGE:
            break
        binomial = binomial * (count - rank) // (rank + 1)
        rank += 1
    return (ordered[rank - 1], ordered[count - rank]) if rank else None


def share_at_least(share: float, of: float) -> float:
    """The lower end of the 95 % interval of a share that was found in so many samples.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    squared = NORMAL**2 / of
    return float(share + squared / 2 - (squared * (share * (1 - share) + squared / 4)) ** 0.5) / (1 + squared)


def measured(samples: Sequence[float]) -> Measured:
    """Sum up ``samples``."""
    low, high = median_interval(samples) or (None, None)
    return Measured(median(samples), low, high, len(samples), tuple(samples))


def ratio(numerator: Iterable[float], denominator: Iterable[float]) -> Measured:
    """The ratio of two things measured in the same rounds, paired round by round."""
    pairs = [a / b for a, b in zip(numerator, denominator) if b > 0]
    return measured(pairs)


def scaled(value: Measured, factor: float) -> Measured:
    """``value`` in another unit; ``factor`` is positive."""

    def scale(number: Optional[float]) -> Optional[float]:
        return None if number is None else number * factor

    return Measured(
        value.median * factor, scale(value.low), scale(value.high), value.n, tuple(s * factor for s in value.samples)
    )


def rate(value: Measured, amount: float = 1.0) -> Measured:
    """``amount / value``: turns a time per message into messages (or bytes) per second."""
    low = None if value.high is None else amount / value.high
    high = None if value.low is None else amount / value.low
    return Measured(amount / value.median, low, high, value.n, tuple(amount / sample for sample in value.samples))


def half_width(value: Measured) -> Optional[float]:
    """Half the interval's width relative to the median; None without an interval or at a median of zero."""
    if value.low is None or value.high is None or value.median == 0:
        return None
    return (value.high - value.low) / 2 / abs(value.median)
