"""run() where start() was meant."""

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.run_instead_of_start import RULE


def call(**cells):
    return {"count": 4, "s": 3.2, "cpu_s": 3.1, "s_max": 0.9, "target": "work", "file": "app.py", "line": 5, **cells}


def test_work_done_by_the_caller(observe):
    (finding,) = observe(RULE, inline=[call()])

    assert finding.level == "warning"
    assert finding.gain.ceiling_s == 2.0, "half of 3.2, with slack"
    assert "run() was called on 4 processes (app.py:5): work ran for 3.20 s" in finding.seen


def test_what_stacks_told_is_inferred(observe):
    (finding,) = observe(RULE, inline=[call(sampled=True)])

    assert finding.confidence == "inferred"


def test_a_note_where_little_is_lost(observe):
    (finding,) = observe(RULE, inline=[call(count=1)])

    assert (finding.level, finding.gain) == ("note", None)


def test_silent_where_it_never_happened(observe):
    assert observe(RULE) == []
    assert observe(RULE, inline=[call(count=0)]) == []


def test_not_judged_without_times(observe):
    with pytest.raises(NotJudged, match="s is unknown"):
        observe(RULE, inline=[call(s=None)])
