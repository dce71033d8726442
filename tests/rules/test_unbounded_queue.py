"""MP303 from what waited in queues."""

from __future__ import annotations

import pytest

from mpdiag.rules.unbounded_queue import RULE

QUEUE = {"id": 1, "type": "Queue", "maxsize": None, "backlog_max": 1500, "backlog_b": 400 * 2**20}


def test_a_backlog_in_a_queue_without_bound(table):
    (finding,) = RULE.run(table("channels", QUEUE))

    assert (finding.rule, finding.level, finding.gain) == ("MP303", "warning", None)
    assert "Up to 1,500 messages, 400 MiB, waited in the Queue (app.py:7)" in finding.seen
    assert "Queue(maxsize=8)" in finding.do
    assert "2.13 MiB" in finding.do
    assert finding.concern == pytest.approx(12.5)


@pytest.mark.parametrize(
    "changed", [{"maxsize": 2000}, {"backlog_b": 2**20}, {"backlog_b": None}, {"user": False}], ids=str
)
def test_silent_on_bounded_or_short_queues(table, changed):
    assert list(RULE.run(table("channels", {**QUEUE, **changed}))) == []


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
