"""MP607 from failures that nobody looked at."""

from __future__ import annotations

import pytest

from mpdiag.rules.swallowed_exception import RULE

TASKS = {"kind": "task", "count": 5, "unread": 4, "example": "ValueError: invalid literal"}
EXITS = {"kind": "exit", "count": 1, "unread": 1, "example": "exit code 1"}


def test_results_that_nobody_fetched(run, table):
    (finding,) = RULE.run(run(), table("failures", TASKS))

    assert (finding.rule, finding.level, finding.gain, finding.concern) == ("MP607", "error", None, 0.8)
    assert finding.seen.startswith(
        "5 tasks raised an exception, such as ValueError: invalid literal; 4 failed results were never fetched (app.py"
    )


def test_exit_codes_that_nobody_read(run, table):
    (finding,) = RULE.run(run(), table("failures", EXITS))

    assert finding.seen.startswith(
        "1 child ended with an error, such as exit code 1; 1 exit code was never read (app.py:7)."
    )
    assert "exitcode" in finding.do


@pytest.mark.parametrize(
    ("rows", "end"),
    [
        ([{**TASKS, "unread": 0}], 0),
        ([EXITS], 1),
        ([EXITS, {"kind": "guard", "count": 4, "unread": 4}], 0),
        ([{"kind": "log", "count": 9, "unread": 9}], 0),
    ],
    ids=["fetched", "the program failed too", "a missing guard", "log records"],
)
def test_silent_where_somebody_knows(run, table, rows, end):
    assert list(RULE.run(run(exit=end), table("failures", *rows))) == []


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
