"""Results awaited in order."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.ordered_wait import RULE


def test_a_parent_with_work_to_do_on_each_result(observe, a_pool):
    (finding,) = observe(RULE, pools=[a_pool(ordered_wait_s=1.5, handled_s=0.9)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 1.1
    assert "For 1.50 s the parent waited for one result of the Pool (app.py:7)" in finding.seen


@pytest.mark.parametrize("cells", [{}, {"ordered_wait_s": 3.0}, {"handled_s": 3.0}])
def test_silent_where_there_is_nothing_to_fill_the_waiting_with(observe, a_pool, cells):
    assert observe(RULE, pools=[a_pool(**cells)]) == []


def test_not_judged_where_waits_were_not_seen(observe, a_pool):
    with pytest.raises(NotJudged, match="ordered_wait_s"):
        observe(RULE, pools=[a_pool(ordered_wait_s=None)])
