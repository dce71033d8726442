"""The curve and what is chosen of it."""

from __future__ import annotations

import pytest

from mpdiag.model import Measured
from mpdiag.sized.curve import Point, cells, choose, knee, named, points, steps
from mpdiag.sizer.settings import PLAIN, Setting


def point(kind, workers, gain, chunk=1, n=6, **more):
    return Point(
        Setting(kind, workers, chunk),
        Measured(gain, gain * 0.98, gain * 1.02, n, (gain,) * n),
        Measured(0.01 / gain, None, None, n, (0.01 / gain,) * n),
        **more,
    )


LOOP = point("loop", 1, 1.0)
CURVE = [LOOP, point("threads", 2, 1.0), *(point("fork", n, gain) for n, gain in ((1, 0.95), (2, 1.85), (4, 3.4)))]


def chosen(*more, default="fork"):
    return choose([*CURVE, *more], default).chosen.setting


def test_the_fewest_that_are_nearly_as_fast():
    assert chosen() == Setting("fork", 4)
    assert chosen(point("fork", 8, 3.5)) == Setting("fork", 4)
    assert chosen(point("fork", 8, 3.7)) == Setting("fork", 8)


def test_lighter_workers_come_first():
    assert chosen(point("threads", 4, 3.3)) == Setting("threads", 4)
    assert chosen(point("interpreters", 4, 3.4)) == Setting("interpreters", 4)


@pytest.mark.parametrize(("default", "kind"), [("fork", "fork"), ("spawn", "spawn")])
def test_of_start_methods_that_are_alike_the_default(default, kind):
    assert chosen(point("spawn", 4, 3.45), default=default).kind == kind


def test_a_start_method_that_is_clearly_slower_is_not_chosen():
    assert chosen(point("spawn", 4, 6.0)).kind == "spawn"


def test_the_loop_where_nothing_is_faster():
    assert choose([LOOP, point("fork", 2, 1.02)], "fork").chosen == LOOP


def test_one_lucky_batch_is_not_chosen():
    assert chosen(point("fork", 6, 9.0, n=1)) == Setting("fork", 4)
    assert choose([point("fork", 2, 2.0, n=1)], "fork").chosen.setting.workers == 2
    assert choose([], "fork") is None


def test_what_the_search_has_left_is_not_chosen():
    late = [point(each.setting.kind, each.setting.workers, each.speedup.median, last=9) for each in CURVE]

    assert choose([*late, point("fork", 6, 9.0, n=3, last=4)], "fork").chosen.setting == Setting("fork", 4)
    assert choose([*late, point("fork", 6, 9.0, n=3, last=8)], "fork").chosen.setting.workers == 6


def test_the_loop_can_be_chosen_when_the_search_has_left_it():
    assert choose([LOOP, point("threads", 8, 1.02, last=9), point("fork", 8, 0.99, last=9)], "fork").chosen == LOOP


def test_a_chunksize_only_where_it_wins_something():
    assert chosen(point("fork", 4, 3.45, chunk=16)).chunk == 1
    assert chosen(point("fork", 4, 3.9, chunk=16)).chunk == 16


def test_limited_workers_are_a_curve_of_their_own():
    limited = [Point(Setting("fork", n, native=1), *[point("fork", n, 2.0 * n).speedup] * 2) for n in (1, 2, 4)]

    assert steps([*CURVE, *limited], Setting("fork"))[4].speedup.median == 3.4
    assert steps([*CURVE, *limited], Setting("fork", native=1))[4].speedup.median == 8.0


def test_the_knee_is_where_a_further_worker_adds_less_than_half():
    assert knee(CURVE, Setting("fork")) is None
    assert knee([*CURVE, point("fork", 8, 3.6)], Setting("fork")).setting.workers == 4
    assert knee(CURVE, Setting("loop")) is None


def test_batches_become_points():
    batch = {"native": 0, "items": 4, "work": 0.4, "parent": 0.02, "ready": 0.0, "queued": 0.1}
    rows = [
        {**batch, "round": 0, "kind": "loop", "workers": 1, "chunk": 1, "wall": 0.5, "cpu": 0.4},
        {**batch, "round": 0, "kind": "fork", "workers": 2, "chunk": 2, "wall": 0.3, "cpu": 0.6},
    ]

    loop, pool = points(rows, [{"kind": "fork", "workers": 2, "native": 0, "start": 0.05, "own": 2**20, "pss": 2**21}])

    assert (loop.setting, loop.speedup.median, loop.item.median) == (PLAIN, 1.0, 0.1)
    assert (pool.speedup.median, pool.item.median) == (pytest.approx(2.0), pytest.approx(0.05))
    assert (pool.parent, pool.dearness, pool.start, pool.own) == (0.005, pytest.approx(1.5), 0.05, 2**20)


def test_a_row_says_what_it_is_for():
    further = point("fork", 8, 3.55, start=0.2, own=2**20)
    choice = choose([*CURVE, further], "fork")
    rows = {(row["kind"], row["workers"]): row["mark"] for each in (*CURVE, further) for row in [cells(each, choice)]}

    assert rows["processes, fork", 8] == "fastest"
    assert rows["processes, fork", 4] == "choose"
    assert rows["plain loop", 1] == ""


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (PLAIN, "a plain loop"),
        (Setting("threads", 1), "1 thread"),
        (Setting("spawn", 2, 4), "2 processes (spawn), chunksize 4"),
        (Setting("interpreters", 3), "3 interpreters"),
        (Setting("fork", 2, native=1), "2 processes (fork), native threads limited to 1"),
        (Setting("loop", native=1), "a plain loop, native threads limited to 1"),
    ],
)
def test_a_setting_in_words(setting, words):
    assert named(setting) == words
