"""MP608 from dropped records."""

from __future__ import annotations

from mpdiag.rules.child_logging_unconfigured import RULE

DROPPED = {"kind": "log", "count": 6000, "unread": 6000, "example": "INFO loans"}


def test_records_that_nobody_kept(table):
    (finding,) = RULE.run(table("failures", DROPPED, {"kind": "task", "count": 2}))

    assert (finding.rule, finding.level, finding.gain) == ("MP608", "error", None)
    assert "Children dropped 6,000 records logged there (app.py:7), such as 'INFO loans'" in finding.seen


def test_silent_where_all_were_kept(table):
    assert list(RULE.run(table("failures", {**DROPPED, "count": 0}))) == []


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
