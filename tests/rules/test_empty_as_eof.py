"""MP306 from messages that were left in queues."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.empty_as_eof import RULE

QUEUE = {"id": 1, "type": "Queue", "puts": 350, "left": 340, "empty_polls": 2, "gave_up": 2}


def test_readers_that_left_early(table):
    (finding,) = RULE.run(table("channels", QUEUE))

    assert (finding.rule, finding.level, finding.confidence) == ("MP306", "error", "measured")
    assert "340 of 350 messages put into the Queue (app.py:7) were never read: 2 readers ended" in finding.seen


def test_who_left_is_inferred_where_it_is_unknown(table):
    (finding,) = RULE.run(table("channels", {**QUEUE, "gave_up": None}))

    assert finding.confidence == "inferred"


@pytest.mark.parametrize("changed", [{"left": 0}, {"empty_polls": 0}, {"gave_up": 0}, {"type": "Pipe"}], ids=str)
def test_silent_where_all_was_read_or_readers_waited(table, changed):
    assert list(RULE.run(table("channels", {**QUEUE, **changed}))) == []


def test_not_judged_without_a_count(table):
    with pytest.raises(NotJudged, match="puts"):
        list(RULE.run(table("channels", {**QUEUE, "puts": None})))


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
