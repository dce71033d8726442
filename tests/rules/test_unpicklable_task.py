"""MP204 from errors that speak of pickling."""

from __future__ import annotations

import pytest

from mpdiag.rules.unpicklable_task import RULE

FAILED = {"kind": "task", "count": 4, "unread": 0, "example": "PicklingError: Can't pickle <lambda>"}


@pytest.mark.parametrize(
    "example",
    [FAILED["example"], "TypeError: cannot pickle '_thread.lock' object", "AttributeError: Can't pickle local"],
)
def test_tasks_that_cannot_be_pickled(table, example):
    (finding,) = RULE.run(table("failures", {**FAILED, "example": example}))

    assert (finding.rule, finding.level, finding.gain) == ("MP204", "error", None)
    assert finding.seen == f"4 tasks could not be handed to another process (app.py:7): {example}."


@pytest.mark.parametrize(
    "changed", [{"example": "ValueError: 7"}, {"example": None}, {"count": 0}, {"kind": "log"}], ids=str
)
def test_silent_on_other_failures(table, changed):
    assert list(RULE.run(table("failures", {**FAILED, **changed}))) == []


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
