"""MP509 from states of random numbers that did not differ."""

from __future__ import annotations

import pytest

from mpdiag.rules.inherited_random_state import RULE


@pytest.mark.parametrize(
    ("name", "seen", "do"),
    [
        ("numpy.random", "the same state of the global random numbers of NumPy", "numpy.random.default_rng() in an"),
        ("Dice.rng", "the same state of Dice.rng and went on", "Make one in each worker instead of Dice.rng"),
    ],
)
def test_workers_that_drew_the_same_numbers(table, name, seen, do):
    (finding,) = RULE.run(table("draws", {"name": name, "processes": 3, "target": "__main__.sample"}))

    assert (finding.rule, finding.level, finding.place.line) == ("MP509", "warning", 7)
    assert finding.seen.startswith("3 processes (app.py:7) that ran sample began with")
    assert seen in finding.seen
    assert do in finding.do


def test_silent_where_none_did(table):
    assert list(RULE.run(table("draws"))) == []
