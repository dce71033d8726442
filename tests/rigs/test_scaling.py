"""Laws of scalability: known parameters come back, impossible ones do not."""

import pytest

from mpdiag.rigs import scaling
from mpdiag.rigs.scaling import Law


@pytest.mark.parametrize(("sigma", "kappa"), [(0.0, 0.0), (0.1, 0.0), (0.05, 0.002), (0.9, 0.01)])
def test_parameters_of_a_perfect_curve_come_back(sigma, kappa):
    law = Law(sigma, kappa)
    fitted = scaling.universal([(n, law.speedup(n)) for n in (1, 2, 4, 8, 16)])

    assert (fitted.sigma, fitted.kappa, fitted.error) == pytest.approx((sigma, kappa, 0.0), abs=1e-9)


def test_amdahl_leaves_what_it_cannot_say_in_the_error():
    law = Law(0.05, 0.01)
    points = [(n, law.speedup(n)) for n in (1, 2, 4, 8, 16)]
    fitted = scaling.amdahl(points)

    assert fitted.kappa == 0
    assert fitted.sigma > 0.05
    assert fitted.error > 0.1
    # Four points beyond one worker, one parameter.
    assert fitted.error == pytest.approx((sum((fitted.speedup(n) - s) ** 2 for n, s in points) / 3) ** 0.5)


def test_amdahl_of_the_textbook():
    assert scaling.amdahl([(2, 1.6), (4, 2 / 0.875)]).sigma == pytest.approx(0.25)
    assert Law(0.05, 0.0).speedup(20) == pytest.approx(10.256, abs=1e-3)


def test_coherency_takes_all_of_the_loss():
    law = Law(0.0, 0.004)

    assert scaling.coherency([(n, law.speedup(n)) for n in (1, 2, 4)]).kappa == pytest.approx(0.004)
    assert scaling.coherency([(2, 2.2), (4, 5.0)]).kappa == 0.0
    assert scaling.coherency([(1, 1.0)]) is None


@pytest.mark.parametrize(
    "curve", [[(2, 2.2), (3, 3.5), (4, 5.0)], [(2, 1.2), (4, 3.9), (8, 7.9)], [(2, 1.9), (4, 2.0), (8, 9.0)]]
)
def test_parameters_are_never_negative(curve):
    fitted = scaling.universal(curve)

    assert fitted.sigma >= 0
    assert fitted.kappa >= 0
    assert squares(fitted, curve) <= squares(scaling.amdahl(curve), curve) + 1e-9


def squares(law, points):
    return sum((law.speedup(n) - speedup) ** 2 for n, speedup in points)


@pytest.mark.parametrize(("curve", "sigma"), [([(2, 2.2), (4, 5.0)], 0.0), ([(2, 0.6), (4, 0.3)], 1.0)])
def test_a_serial_share_is_none_to_all(curve, sigma):
    fitted = scaling.amdahl(curve)

    assert fitted.sigma == sigma
    assert fitted.error == pytest.approx(squares(fitted, curve) ** 0.5)


def test_a_law_that_must_fit_has_no_error():
    """One worker is where every law starts: no evidence for any of them."""
    assert scaling.amdahl([(1, 1.0), (2, 1.6)]) == Law(pytest.approx(0.25), 0.0, None)
    assert scaling.amdahl([(1, 1.0), (2, 1.6), (2, 1.8)]).error > 0
    fitted = scaling.universal([(1, 1.0), (2, 1.6), (3, 1.9), (4, 2.4)])
    # Three points, two parameters.
    assert fitted.error == pytest.approx(squares(fitted, [(2, 1.6), (3, 1.9), (4, 2.4)]) ** 0.5)


def test_peak_is_where_the_law_turns():
    law = Law(0.1, 0.01)

    assert law.peak == pytest.approx(90**0.5)
    assert law.speedup(law.peak) > max(law.speedup(law.peak - 1), law.speedup(law.peak + 1))
    assert Law(0.1, 0.0).peak is None


def test_too_few_points_fit_nothing():
    assert scaling.amdahl([(1, 1.0)]) is None
    assert scaling.universal([(1, 1.0), (2, 1.8)]) is None
    assert scaling.universal([(1, 1.0), (2, 1.8), (4, 3.0)]) is None
    assert scaling.universal([(1, 1.0), (2, 1.8), (4, 3.0), (4, 3.1)]) is None
    assert scaling.universal([(1, 1.0), (2, 1.8), (3, 2.5), (4, 3.0)]) is not None


@pytest.mark.parametrize("workers", [2, 4, 64])
@pytest.mark.parametrize("share", [0.5, 0.75, 0.9])
def test_the_least_task_reaches_its_share(workers, share):
    task = scaling.least_task(share, workers, 90e-6, 65e-6)

    assert scaling.pool_speedup(task, workers, 90e-6, 65e-6) == pytest.approx(share * workers)
    assert scaling.pool_speedup(task / 2, workers, 90e-6, 65e-6) < share * workers


def test_break_even_of_two_workers_is_the_overhead():
    assert scaling.least_task(1 / 2, 2, 90e-6, 65e-6) == pytest.approx(90e-6)


def test_many_workers_wait_for_the_one_that_feeds_them():
    assert scaling.least_task(1 / 64, 64, 90e-6, 65e-6) == pytest.approx(65e-6)
    assert scaling.pool_speedup(1e-3, 64, 90e-6, 65e-6) == pytest.approx(1e-3 / 65e-6)
