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


EXITS = {"pid": 1, "process": "main", "main": True, "kind": "process", "object": "process:2", "exits": True}
STAYS = {"pid": 2, "process": "W1 (2)", "main": True, "kind": "read", "object": "pipe:9", "api": "get"}
MEMBERS = [{"pid": 1, "process": "main", "role": "main"}, {"pid": 2, "process": "W1 (2)", "role": "process"}]


@pytest.mark.parametrize(("able", "level"), [(False, "error"), (True, "warning")], ids=["stuck", "at work"])
def test_the_end_of_the_program_waits_for_a_child(standing, able, level):
    (finding,) = standing(RULE, waits=[EXITS, {**STAYS, "can_move": able}], members=MEMBERS)

    assert (finding.rule, finding.level) == ("MP612", level)
    assert "waits for its child W1 (2) to end, which waits for data from pipe 9 in get() at app.py:7" in finding.seen


@pytest.mark.parametrize("wait", [{"exits": False}, {"kind": "read"}, {"main": False}, {"pid": 2}], ids=str)
def test_silent_while_the_program_works(standing, wait):
    assert standing(RULE, waits=[{**EXITS, **wait}, STAYS], members=MEMBERS) == []
