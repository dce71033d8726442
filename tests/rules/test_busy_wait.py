"""MP302 from ways to wait."""

from __future__ import annotations

import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.busy_wait import RULE
from mpdiag.stats import measured

BUSY, PATIENT, PAUSED = "while: poll()", "poll(timeout)", "poll(), sleep(10 ms)"


def facts(busy: tuple[float, ...] = (0.98,) * 7, patient: float = 0.006) -> Facts:
    rows = (
        {"way": BUSY, "cpu": measured(busy), "polls": measured([130e3] * 7), "latency": measured([8e-5] * 7)},
        {"way": PATIENT, "cpu": measured([patient] * 7), "polls": None, "latency": measured([170e-6] * 7)},
        {"way": PAUSED, "cpu": measured([0.01] * 7), "polls": measured([100.0]), "latency": measured([6e-3] * 7)},
    )
    return Facts("polling", {"": rows})


def test_says_what_a_busy_loop_burns_and_what_patience_costs():
    (finding,) = RULE.judge(facts())

    assert (finding.rule, finding.level) == ("MP302", "note")
    assert finding.concern == pytest.approx(9.8)
    assert "burns 98.0 % [98.0–98.0] of a core" in finding.seen
    assert "130 k/s polls" in finding.seen
    assert "poll(timeout) burns 0.60 %" in finding.seen
    assert "after 170 µs [170–170]" in finding.seen
    assert "10 ms between polls makes that 6.00 ms" in finding.seen
    assert "connection.wait()" in finding.do
    assert finding.evidence[0].value == 0.98


@pytest.mark.parametrize(
    "measurements",
    [
        {"busy": (0.08,) * 7},
        # A machine so crowded that the loop got hardly any CPU in some waits.
        {"busy": (0.05, 0.05, 0.9, 0.9, 0.9, 0.9, 0.9)},
        {"busy": (0.5,) * 7, "patient": 0.5},
    ],
)
def test_silent_where_a_busy_loop_does_not_stand_out(measurements):
    assert list(RULE.judge(facts(**measurements))) == []


@pytest.mark.parametrize("way", [BUSY, PATIENT, PAUSED])
def test_not_judged_without_every_way(way):
    rows = tuple(row for row in facts().tables[""] if row["way"] != way)

    with pytest.raises(NotJudged, match="polling"):
        list(RULE.judge(Facts("polling", {"": rows})))
