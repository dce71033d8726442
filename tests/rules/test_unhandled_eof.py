"""MP305 from EOFErrors that nobody caught."""

from __future__ import annotations

from mpdiag.rules.unhandled_eof import RULE

PIPE = {"id": 1, "type": "Pipe", "eof": 1}


def test_a_process_that_died_of_a_closed_connection(table):
    (finding,) = RULE.run(table("channels", PIPE, PIPE, {"id": 3, "type": "Pipe", "eof": 0}))

    assert (finding.rule, finding.level, finding.gain, finding.place.line) == ("MP305", "error", None, 7)
    assert "EOFError 2 times" in finding.seen
    assert "and of 1 more" in finding.seen


def test_silent_where_every_end_was_expected(table):
    assert list(RULE.run(table("channels", {**PIPE, "eof": 0}, {**PIPE, "user": False}))) == []


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
