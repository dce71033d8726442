from hypothesis import given
from hypothesis import strategies as st

from mpdiag.advice import Finding, Gain
from mpdiag.gains import shared_out


def finding(rule, seconds, wall):
    gain = None if seconds is None else Gain.of(seconds, wall, "because")
    return Finding(rule, rule, "warning", "measured", "", "", "", gain=gain)


def ceilings(findings):
    return [one.gain and one.gain.ceiling_s for one in findings]


def test_what_fits_stays_as_it_is():
    findings = [finding("MP1", 4.0, 10.0), finding("MP2", None, 10.0), finding("MP3", 6.0, 10.0)]

    assert shared_out(findings, 10.0) == (findings, [])


def test_who_comes_later_gets_what_is_left():
    findings = [finding("MP1", 8.0, 10.0), finding("MP2", 5.0, 10.0), finding("MP3", 1.0, 10.0)]

    shared, remarks = shared_out(findings, 10.0)

    assert ceilings(shared) == [8.0, 2.0, None]
    assert shared[1].gain.ceiling_fraction == 0.2
    assert shared[1].gain.basis == "because"
    assert remarks == ["gains overlap: for MP2, MP3 only what the findings above leave of the wall time is told"]


def test_what_is_left_of_a_warning_is_a_note():
    shared, _ = shared_out([finding("MP1", 9.9, 10.0), finding("MP2", 5.0, 10.0)], 10.0)

    assert [one.level for one in shared] == ["warning", "note"]


def test_rounding_gives_nothing_away():
    (one,), _ = shared_out([finding("MP1", 1.29, 1.29)], 1.29)

    assert one.gain.ceiling_s == 1.2


@given(st.floats(1e-6, 1e6), st.lists(st.floats(0, 2e6), max_size=6))
def test_together_they_stay_within_the_wall(wall, seconds):
    shared, _ = shared_out([finding(f"MP{n}", each, wall) for n, each in enumerate(seconds)], wall)

    assert sum(filter(None, ceilings(shared))) <= wall * (1 + 1e-12)
