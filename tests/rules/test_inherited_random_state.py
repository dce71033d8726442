"""MP509 from states of random numbers that did not differ."""

from __future__ import annotations

from mpdiag.rules.inherited_random_state import RULE


def test_workers_that_drew_the_same_numbers(table):
    (finding,) = RULE.run(table("draws", {"processes": 3, "target": "__main__.sample"}))

    assert (finding.rule, finding.level, finding.place.line) == ("MP509", "warning", 7)
    assert finding.seen.startswith("3 processes (app.py:7) that ran sample began with the same state")
    assert "default_rng" in finding.do


def test_silent_where_none_did(table):
    assert list(RULE.run(table("draws"))) == []
