"""MP512 from children that died as they opened a semaphore."""

from __future__ import annotations

import pytest

from mpdiag.rules.dropped_resource import RULE

GONE = "FileNotFoundError: [Errno 2] No such file or directory"
FAILED = {"kind": "exit", "count": 2, "unread": 2, "example": GONE, "opening": True}


def test_children_whose_queue_was_gone(table):
    (finding,) = RULE.run(table("failures", FAILED))

    assert (finding.rule, finding.level, finding.place.line) == ("MP512", "error", 7)
    assert finding.seen.startswith("2 processes started there (app.py:7) died before the work began")
    assert GONE in finding.seen


@pytest.mark.parametrize("changed", [{"opening": False}, {"kind": "main"}], ids=str)
def test_silent_on_files_that_the_work_did_not_find(table, changed):
    assert list(RULE.run(table("failures", {**FAILED, **changed}))) == []
