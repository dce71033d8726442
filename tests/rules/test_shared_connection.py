"""MP308 from ends of pipes with several writers."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.shared_connection import RULE

PIPE = {"id": 1, "type": "Pipe", "end_writers": 4, "unlocked_sends": 900, "mean_b": 9000}


@pytest.mark.parametrize(("size", "level"), [(9000, "error"), (100, "warning")])
def test_writers_without_a_lock(table, size, level):
    (finding,) = RULE.run(table("channels", {**PIPE, "mean_b": size}))

    assert (finding.rule, finding.level) == ("MP308", level)
    assert "4 processes sent 900 messages" in finding.seen


@pytest.mark.parametrize("changed", [{"end_writers": 1}, {"unlocked_sends": 0}, {"type": "SimpleQueue"}], ids=str)
def test_silent_with_one_writer_or_a_lock(table, changed):
    assert list(RULE.run(table("channels", {**PIPE, **changed}))) == []


def test_not_judged_where_locks_are_unknown(table):
    with pytest.raises(NotJudged, match="unlocked_sends"):
        list(RULE.run(table("channels", {**PIPE, "unlocked_sends": None})))


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
