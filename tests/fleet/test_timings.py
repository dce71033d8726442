"""Tasks by the clocks of several machines."""

import pytest

from mpdiag.fleet.timings import Task, within


@pytest.mark.parametrize(
    ("began", "ended", "by"), [(-5.0, 2.0, 5.0), (4.0, 13.0, -3.0), (1.0, 9.0, 0.0), (-5.0, 30.0, 5.0)]
)
def test_tasks_by_another_clock_are_moved_into_the_run(began, ended, by):
    (moved,), moved_s = within([Task("spin", "w1", 1, began, ended, fetched=((began - 1, began),))], 10.0)

    assert moved_s == by
    assert (moved.began_s, moved.ended_s, moved.fetched) == (began + by, ended + by, ((began + by - 1, began + by),))
