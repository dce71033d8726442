"""MP612 from children that ended after the program."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.orphaned_children import RULE

MAIN = {"pid": 1, "role": "main", "ended_s": 4.0}
CHILD = {"pid": 2, "role": "process", "target": "serve", "ended_s": 9.0}


def test_a_child_that_ended_later(run, table):
    (finding,) = RULE.run(run(), table("processes", MAIN, CHILD))

    assert (finding.rule, finding.level, finding.gain, finding.place.line) == ("MP612", "warning", None, 7)
    assert finding.seen == "1 child outlived the program, among them serve (app.py:7): the last ended 5.00 s later."


def test_a_child_that_still_ran(run, table):
    (finding,) = RULE.run(run(), table("processes", MAIN, {**CHILD, "ended_s": None}))

    assert finding.seen.endswith("1 still ran when we looked last.")


@pytest.mark.parametrize(
    "child", [{"ended_s": 3.9}, {"ended_s": 4.3}, {"role": "resource_tracker"}, {"role": "forkserver"}], ids=str
)
def test_silent_on_children_that_end_in_time_and_on_helpers(run, table, child):
    assert list(RULE.run(run(), table("processes", MAIN, {**CHILD, **child}))) == []


def test_not_judged_without_the_programs_end(table):
    with pytest.raises(NotJudged, match="run"):
        list(RULE.run(table("run"), table("processes", CHILD)))


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
