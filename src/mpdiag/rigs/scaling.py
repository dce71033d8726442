"""Laws of scalability fitted to a measured speed-up curve. Standard library only: used inside the measured interpreter.

Both laws say how much faster N workers are than one. Amdahl: N / (1 + σ(N - 1)), σ the share of the work that only
one can do at a time. Universal scalability law: N / (1 + σ(N - 1) + κN(N - 1)), κ the cost of keeping each other
informed; from it follows a number of workers beyond which things get slower.
Source: N. J. Gunther, Guerrilla Capacity Planning (2007), chapters 4 to 6: N / speed-up - 1 is linear in σ and κ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Law:
    """A fitted law, its parameters and how far off it is.

    Attributes:
        error: root of the squared differences from the measured speed-ups per degree of freedom (points beyond one
            worker, less parameters), itself a speed-up; None where no degree is left, as then the law must fit.
    """

    sigma: float
    kappa: float
    error: float | None = None

    def speedup(self, workers: float) -> float:
        """How much faster than one worker so many are."""
        return workers / (1 + self.sigma * (workers - 1) + self.kappa * workers * (workers - 1))

    @property
    def peak(self) -> float | None:
        """The number of workers that does best; None if more are always better."""
        return math.sqrt(max(1 - self.sigma, 0.0) / self.kappa) if self.kappa > 0 else None


#: Number of workers, and how much faster they were than one.
Points = Sequence[tuple[float, float]]


def amdahl(points: Points) -> Law | None:
    """Amdahl's law by least squares, σ a share: 0 to 1; None without a point beyond one worker."""
    terms = [(n - 1, n / speedup - 1) for n, speedup in points if n > 1 and speedup > 0]
    if not terms:
        return None
    sigma = sum(x * y for x, y in terms) / sum(x * x for x, _ in terms)
    return _judged(Law(min(max(sigma, 0.0), 1.0), 0.0), points, parameters=1)


def coherency(points: Points) -> Law | None:
    """The universal law without contention, by least squares: all of the loss is κ's; None where `amdahl` is."""
    terms = [(n * (n - 1), n / speedup - 1) for n, speedup in points if n > 1 and speedup > 0]
    if not terms:
        return None
    kappa = sum(x * y for x, y in terms) / sum(x * x for x, _ in terms)
    return _judged(Law(0.0, max(kappa, 0.0)), points, parameters=1)


def universal(points: Points) -> Law | None:
    """The universal scalability law by least squares, σ and κ not negative.

    None with fewer than three worker counts beyond one: two parameters go through any two points.
    """
    terms = [(n - 1, n * (n - 1), n / speedup - 1) for n, speedup in points if n > 1 and speedup > 0]
    if len({x for x, _, _ in terms}) < 3:
        return None
    xx, xz, zz = _dot((x, x) for x, _, _ in terms), _dot((x, z) for x, z, _ in terms), _dot((z, z) for _, z, _ in terms)
    xy, zy = _dot((x, y) for x, _, y in terms), _dot((z, y) for _, z, y in terms)
    determinant = xx * zz - xz * xz
    sigma, kappa = (xy * zz - zy * xz) / determinant, (xx * zy - xz * xy) / determinant
    sigma, kappa = round(sigma, 12), round(kappa, 12)  # what is nothing shall be nothing: a peak follows from it
    inside = [(sigma, kappa)] if sigma >= 0 and kappa >= 0 else []
    # Outside the allowed quadrant the best fit lies on its edge.
    candidates = inside or [(max(xy / xx, 0.0), 0.0), (0.0, max(zy / zz, 0.0))]
    laws = [Law(sigma, kappa) for sigma, kappa in candidates]
    return _judged(min(laws, key=lambda law: _squares(law, points)), points, parameters=2)


def least_task(share: float, workers: int, overhead: float, parent: float) -> float:
    """The task duration d from which the speed-up is ``share`` x ``workers``.

    Two things bound it: the CPUs, S = w·d / (d + o), and the one parent that feeds them all, S = d / o_parent.
    """
    return max(overhead * share / (1 - share), parent * share * workers)


def pool_speedup(task: float, workers: int, overhead: float, parent: float) -> float:
    """The speed-up to expect for tasks of that duration."""
    return min(workers * task / (task + overhead), task / parent if parent > 0 else workers)


def _dot(pairs: Iterable[tuple[float, float]]) -> float:
    return sum(a * b for a, b in pairs)


def _squares(law: Law, points: Points) -> float:
    """The sum of the squared differences; with one worker every law says 1."""
    return sum((law.speedup(n) - speedup) ** 2 for n, speedup in points if n > 1)


def _judged(law: Law, points: Points, parameters: int) -> Law:
    """``law`` with its error over ``points``."""
    freedom = sum(n > 1 for n, _ in points) - parameters
    error = math.sqrt(_squares(law, points) / freedom) if freedom > 0 else None
    return Law(law.sigma, law.kappa, error)
