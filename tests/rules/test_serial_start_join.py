"""Processes each of which is joined before the next starts."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.serial_start_join import RULE


def serial(a_site, **cells):
    times = {"work_s": 3.6, "work_cpu_s": 3.5, "life_s": 3.7, "span_s": 3.75}
    return a_site(**{**times, "count": 6, "alive_max": 1, "joined_at_once": 5, **cells})


def test_one_process_at_a_time(observe, a_site):
    (finding,) = observe(RULE, starts=[serial(a_site)])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.2, "half of 3.6, with slack"
    assert "6 processes ran work one after the other (app.py:7)" in finding.seen


def test_processes_that_wait_could_all_wait_at_once(observe, a_site):
    (finding,) = observe(RULE, starts=[serial(a_site, work_cpu_s=0.1)])

    assert finding.gain.ceiling_s == 3.6, "five sixths of 3.6, with slack"


@pytest.mark.parametrize("cells", [{"alive_max": 2}, {"joined_at_once": 2}, {"count": 1}, {"work_s": 0.1}])
def test_silent_where_processes_run_together_or_hardly(observe, a_site, cells):
    assert observe(RULE, starts=[serial(a_site, **cells)]) == []


def test_not_judged_where_joins_were_not_counted(observe, a_site):
    with pytest.raises(NotJudged, match="joined_at_once"):
        observe(RULE, starts=[serial(a_site, joined_at_once=None)])
