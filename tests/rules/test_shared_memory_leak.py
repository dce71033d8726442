"""MP508 from segments that were left."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.shared_memory_leak import RULE


def test_segments_that_were_left(table):
    (finding,) = RULE.run(table("memory", {"shm_left": 3}))

    assert (finding.rule, finding.level, finding.gain) == ("MP508", "warning", None)
    assert finding.seen.startswith("3 shared-memory segments stayed")


def test_silent_where_none_was(table):
    assert list(RULE.run(table("memory", {"shm_left": 0}))) == []


def test_not_judged_where_nobody_counted(table):
    with pytest.raises(NotJudged, match="shm_left"):
        list(RULE.run(table("memory", {"shm_left": None})))


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
