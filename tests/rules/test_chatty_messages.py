"""MP307 from objects sent one by one and in lists."""

from __future__ import annotations

import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.chatty_messages import RULE
from mpdiag.stats import measured

WAYS = ("Pipe, one by one", "Pipe, lists of 10", "Pipe, lists of 100", "Pipe, send_bytes")


def facts(gains: tuple[float, ...] = (20.0,) * 7) -> Facts:
    items, all_gains = (12.5e-6, 1.5e-6, 0.5e-6, 5e-6), ((1.0,) * 7, (6.7,) * 7, gains, (2.0,) * 7)
    rows = tuple(
        {"way": way, "item": measured([item] * 7), "gain": measured(gain)}
        for way, item, gain in zip(WAYS, items, all_gains, strict=True)
    )
    return Facts("channels", {"batches": rows})


def test_says_the_ceiling_the_gain_and_the_rate_from_which_it_matters():
    (finding,) = RULE.judge(facts())

    assert (finding.rule, finding.level) == ("MP307", "note")
    assert finding.concern == pytest.approx(10.0)
    assert "takes 12.5 µs when each is sent by itself, so one pipe carries 80.0 k/s at most" in finding.seen
    assert "500 ns in lists of 100: 20.0× [20.0–20.0]" in finding.seen
    assert "Lists of 10 gain 6.70×" in finding.seen
    assert "2.00× [2.00–2.00]" in finding.seen
    assert "From 8,000 messages a second on" in finding.do
    assert finding.evidence[0].value == 20.0


def test_silent_where_lists_gain_little():
    assert list(RULE.judge(facts(gains=(1.9,) * 7))) == []


def test_silent_where_the_interval_reaches_below_the_limit():
    assert list(RULE.judge(facts(gains=(1.0, 1.0, 20.0, 20.0, 20.0, 20.0, 20.0)))) == []


@pytest.mark.parametrize("way", WAYS)
def test_not_judged_without_every_way(way):
    rows = tuple(row for row in facts().tables["batches"] if row["way"] != way)

    with pytest.raises(NotJudged, match="channels"):
        list(RULE.judge(Facts("channels", {"batches": rows})))


STREAM = {
    "id": 1,
    "type": "Queue",
    "puts": 200_000,
    "mean_b": 60,
    "round_trips": 0,
    "writers": 1,
    "readers": 1,
    "put_wait_s": 0.1,
    "send_s": 1.0,
    "pickle_s": 0.9,
    "get_wait_s": 1.5,
    "recv_s": 0.8,
    "unpickle_s": 0.7,
}


def test_a_stream_of_single_messages(run, table):
    (finding,) = RULE.run(run(), table("channels", STREAM))

    assert (finding.level, finding.confidence) == ("warning", "inferred")
    assert finding.gain.ceiling_s == pytest.approx(2.2)
    assert "200,000 messages of 60 B each went one by one through the Queue (app.py:7), 50.0 k/s" in finding.seen


def test_a_little_time_is_a_note(run, table):
    (finding,) = RULE.run(run(), table("channels", {**STREAM, "send_s": 0.2, "pickle_s": 0.1}))

    assert finding.level == "note"


@pytest.mark.parametrize(
    "changed",
    [{"puts": 1000}, {"mean_b": 1e5}, {"round_trips": 150_000}, {"user": False}, {"send_s": 0.0, "pickle_s": 0.0}],
    ids=str,
)
def test_silent_on_few_large_or_answered_messages(run, table, changed):
    assert list(RULE.run(run(), table("channels", {**STREAM, **changed}))) == []


def test_a_program_whose_messages_were_not_counted_is_not_judged(run, table):
    with pytest.raises(NotJudged, match="puts"):
        list(RULE.run(run(), table("channels", {**STREAM, "puts": None})))
