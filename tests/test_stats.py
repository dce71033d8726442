"""Medians and their intervals, against binomial theory and against simulation."""

import math
import random

import pytest

from mpdiag import stats
from mpdiag.model import Measured

#: For n samples, the rank k whose x(k) and x(n+1-k) enclose the median with at least 95 %
#: (tables of the sign test, two-sided 5 %).
RANKS = {6: 1, 7: 1, 8: 1, 9: 2, 10: 2, 11: 2, 12: 3, 15: 4, 17: 5, 20: 6, 25: 8, 30: 10, 40: 14, 50: 18}


def coverage(rank, count):
    """The probability that x(rank) and x(count+1-rank) enclose the median."""
    return 1 - 2 * sum(math.comb(count, below) for below in range(rank)) / 2**count


@pytest.mark.parametrize(
    ("samples", "expected"), [([3.0], 3.0), ([4, 1], 2.5), ([9, 1, 5], 5), ([4, 1, 3, 2], 2.5), ([1, 1, 1, 99], 1)]
)
def test_median(samples, expected):
    assert stats.median(samples) == expected


@pytest.mark.parametrize("summary", [stats.median, stats.measured])
def test_nothing_has_no_median(summary):
    with pytest.raises(ValueError, match="no samples"):
        summary([])


@pytest.mark.parametrize("count", range(1, 6))
def test_too_few_samples_have_no_interval(count):
    assert stats.median_interval(range(count)) is None
    assert stats.measured(range(count)).low is None
    assert stats.measured(range(count)).high is None


@pytest.mark.parametrize(("count", "rank"), RANKS.items())
def test_interval_ends_at_the_order_statistics_of_the_sign_test(count, rank):
    samples = random.Random(count).sample(range(1, count + 1), count)

    assert stats.median_interval(samples) == (rank, count + 1 - rank)


@pytest.mark.parametrize("count", [*range(6, 120), 501])
def test_interval_is_the_narrowest_that_keeps_95_percent(count):
    low, high = stats.median_interval(range(1, count + 1))

    assert low + high == count + 1
    assert coverage(low, count) >= 0.95
    assert coverage(low + 1, count) < 0.95 or low + 1 > count // 2


@pytest.mark.parametrize("count", [6, 9, 14, 31])
@pytest.mark.parametrize(
    ("draw", "true"),
    [
        (lambda source: source.random(), 0.5),
        (lambda source: source.expovariate(1), math.log(2)),
        (lambda source: source.paretovariate(0.5), 4.0),  # has no mean
        (lambda source: source.random() + 10 * (source.random() < 0.3), 0.5 / 0.7),  # now and then a stall
    ],
    ids=["uniform", "exponential", "pareto", "stalls"],
)
def test_interval_covers_the_true_median(draw, true, count):
    """Whatever the distribution; one percent below what is promised leaves three standard errors to chance."""
    source = random.Random(count)
    trials = 5_000
    intervals = (stats.median_interval([draw(source) for _ in range(count)]) for _ in range(trials))
    hits = sum(low <= true <= high for low, high in intervals)

    assert hits / trials >= 0.94


def test_interval_shrinks_with_more_samples():
    source = random.Random(1)
    widths = [stats.half_width(stats.measured([source.uniform(1, 2) for _ in range(n)])) for n in (6, 30, 300, 3000)]

    assert widths == sorted(widths, reverse=True)


def test_measured_keeps_the_samples_in_the_order_of_the_rounds():
    samples = [5.0, 1.0, 4.0, 2.0, 3.0, 6.0]

    assert stats.measured(samples) == Measured(3.5, 1.0, 6.0, 6, tuple(samples))


def test_ratio_is_paired_by_round():
    """Drift that hits both alike cancels: unpaired, the ratios would reach from 0.2 to 20."""
    drift = [1.0, 2.0, 4.0, 8.0, 10.0, 3.0, 5.0]

    assert stats.ratio([2 * each for each in drift], drift) == Measured(2.0, 2.0, 2.0, 7, (2.0,) * 7)


def test_ratio_has_as_many_samples_as_the_shorter_side():
    assert stats.ratio([2.0, 4.0, 6.0], [1.0, 1.0]).samples == (2.0, 4.0)


def test_ratio_leaves_out_rounds_too_short_for_the_clock():
    assert stats.ratio([1.0, 2.0, 3.0], [1.0, 0.0, 1.0]).samples == (1.0, 3.0)


def test_scaled():
    value = stats.measured([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

    assert stats.scaled(value, 1000) == Measured(3500, 1000, 6000, 6, (1000, 2000, 3000, 4000, 5000, 6000))


def test_scaled_without_an_interval():
    assert stats.scaled(stats.measured([1.0, 3.0]), 2) == Measured(4, None, None, 2, (2, 6))


def test_rate_swaps_the_ends():
    """The slowest round is the lowest rate."""
    value = Measured(0.5, 0.25, 1.0, 6, (0.5, 0.25, 1.0))

    assert stats.rate(value, 100) == Measured(200, 100, 400, 6, (200, 400, 100))


def test_rate_without_an_interval():
    assert stats.rate(Measured(0.5, None, None, 1, (0.5,))) == Measured(2, None, None, 1, (2.0,))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Measured(10, 9, 12, 6), 0.15),
        (Measured(-10, -12, -9, 6), 0.15),
        (Measured(10, None, None, 3), None),
        (Measured(0, -1, 1, 6), None),
    ],
)
def test_half_width_is_relative_to_the_median(value, expected):
    assert stats.half_width(value) == expected


def test_undisturbed_is_the_20th_percentile():
    assert stats.undisturbed([5.0, 1.0, 4.0, 2.0, 900.0, 3.0]) == 2.0
    assert stats.undisturbed([7.0]) == 7.0


@pytest.mark.parametrize(("hits", "of", "least"), [(0, 10, 0.0), (5, 10, 0.2366), (10, 10, 0.7225), (81, 263, 0.2553)])
def test_a_share_is_at_least_what_wilson_says(hits, of, least):
    assert stats.share_at_least(hits / of, of) == pytest.approx(least, abs=1e-4)
