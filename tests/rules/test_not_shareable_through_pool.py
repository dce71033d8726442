"""MP207 from the error with which queues, locks and shared values refuse to be pickled."""

from __future__ import annotations

import pytest

from mpdiag.rules.not_shareable_through_pool import RULE

REFUSED = "RuntimeError: Queue objects should only be shared between processes through inheritance"
FAILED = {"kind": "main", "count": 1, "unread": 0, "example": REFUSED}


def test_a_queue_as_the_argument_of_a_task(table):
    (finding,) = RULE.run(table("failures", FAILED))

    assert (finding.rule, finding.level, finding.place.line) == ("MP207", "error", 7)
    assert finding.seen.endswith(f"(app.py:7): {REFUSED}.")
    assert "initargs=" in finding.do


@pytest.mark.parametrize("changed", [{"example": "RuntimeError: 7"}, {"example": None}, {"count": 0}], ids=str)
def test_silent_on_other_failures(table, changed):
    assert list(RULE.run(table("failures", {**FAILED, **changed}))) == []
