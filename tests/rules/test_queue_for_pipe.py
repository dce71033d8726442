"""MP301 from round trips and streams."""

from __future__ import annotations

import pytest

from mpdiag.advice import Facts, NotJudged
from mpdiag.rules.queue_for_pipe import RULE
from mpdiag.stats import measured


def facts(queue: float = 50e-6, pipe: float = 20e-6, ratios: tuple[float, ...] = (2.5,) * 7) -> Facts:
    trips = (
        {"channel": "Queue", "round_trip": measured([queue] * 7)},
        {"channel": "Pipe", "round_trip": measured([pipe] * 7)},
    )
    small = {
        "size": 64,
        "latency": measured(ratios),
        "throughput": measured([1.3] * 7),
        "simple_latency": measured([1.1] * 7),
    }
    large = {"size": 2**20, "latency": measured([1.1] * 7), "throughput": measured([1.0, 1.0])}
    return Facts("channels", {"": trips, "ratio": (small, large)})


def test_says_the_latency_the_claim_and_the_rate_from_which_it_matters():
    (finding,) = RULE.judge(facts())

    assert (finding.rule, finding.level) == ("MP301", "note")
    assert finding.concern == pytest.approx(2.5 / 1.5)
    assert finding.seen == (
        "A request of 64 B and its answer take 50.0 µs over Queues, 20.0 µs over Pipes (often quoted: 3–5×; here 2.50× "
        "[2.50–2.50]); where messages only flow one way, a Queue takes 1.30× [1.30–1.30] at 64 B and 1.00× at 1 MiB."
    )
    assert "more than 3,300 times a second" in finding.do
    assert "SimpleQueue (1.10×" in finding.do
    assert finding.evidence[0].value == 2.5
    assert finding.evidence[-1].value == pytest.approx(0.1 / 30e-6)


def test_a_median_stands_in_for_an_interval():
    (finding,) = RULE.judge(facts(ratios=(2.5, 2.5)))

    assert finding.evidence[0].low is None


@pytest.mark.parametrize(
    ("queue", "ratios"),
    [
        (28e-6, (1.4,) * 7),
        # The median lies above the limit, the interval does not.
        (50e-6, (1.0, 1.0, 2.5, 2.5, 2.5, 2.5, 2.5)),
        # Paired by round the queue is slower, in the medians it is not.
        (19e-6, (2.5,) * 7),
    ],
)
def test_silent_where_queues_answer_nearly_as_fast(queue, ratios):
    assert list(RULE.judge(facts(queue=queue, ratios=ratios))) == []


def test_speaks_without_what_it_only_adds():
    whole = facts()
    bare = Facts(
        "channels", {"": whole.tables[""], "ratio": ({"size": 64, "latency": measured([2.5] * 7), "throughput": None},)}
    )
    (finding,) = RULE.judge(bare)

    assert finding.seen.endswith("; one way was not compared.")
    assert "or a SimpleQueue where" in finding.do


@pytest.mark.parametrize("table", ["", "ratio"])
def test_not_judged_without_queues(table):
    whole = facts()

    with pytest.raises(NotJudged, match="channels"):
        list(RULE.judge(Facts("channels", {**whole.tables, table: ()})))


QUEUE = {"type": "Queue", "round_trips": 40_000, "mean_b": 20, "writers": 1, "readers": 1}


def pair(requests: float = 2.7, replies: float = 3.0, **changed: object) -> list[dict]:
    """Two queues and the time their readers waited."""
    return [
        {**QUEUE, "id": 1, "reply": 2, "get_wait_s": requests, **changed},
        {**QUEUE, "id": 2, "reply": 1, "get_wait_s": replies, **changed},
    ]


def test_a_program_that_asks_over_queues(run, table):
    (finding,) = RULE.run(run(wall_s=3.7), table("channels", *pair()))

    assert (finding.level, finding.place.line) == ("warning", 7)
    # Of the 67 µs that the server waited each time, a pipe would take 1/3.4.
    assert finding.gain.ceiling_s == pytest.approx(2.3)
    assert "asked and answered 40,000 times over Queues (app.py:7), 20 B a message" in finding.seen


def test_putting_is_a_part_of_what_queues_take(run, table):
    [requests, replies] = pair(1.3, 1.3)
    facts = table("channels", {**requests, "put_s": 0.6}, {**replies, "put_s": 0.5})
    (finding,) = RULE.run(run(wall_s=3.7), facts)

    # Who gets the requests puts the replies: 1.8 s, of which a pipe would take 1/3.4.
    assert finding.gain.ceiling_s == pytest.approx(1.6)


def test_pairs_add_up_whether_or_not_their_other_half_is_known(run, table):
    more = [{**row, "id": row["id"] + 2, "reply": row["reply"] + 2} for row in pair(1.35, 1.5)]
    (both,) = RULE.run(run(wall_s=9.0), table("channels", *pair(1.35, 1.5), *more))
    (alone,) = RULE.run(run(wall_s=9.0), table("channels", *pair(1.35, 1.5, reply=None)))

    assert both.gain.ceiling_s == pytest.approx(2 * alone.gain.ceiling_s, rel=0.1)


def test_what_the_other_side_works_is_not_the_queues(run, table):
    (finding,) = RULE.run(run(wall_s=1000.0), table("channels", *pair(400.0, 400.0, round_trips=400_000)))

    assert finding.gain.ceiling_s == pytest.approx(68.0)


@pytest.mark.parametrize(
    "changed",
    [{"round_trips": 10}, {"type": "Pipe"}, {"writers": 3}, {"mean_b": 1e6}, {"get_wait_s": 0.05}, {"user": False}],
    ids=str,
)
def test_silent_where_nothing_is_asked_or_waited_for(run, table, changed):
    assert list(RULE.run(run(), table("channels", *pair(**changed)))) == []


def test_a_program_whose_waits_are_unknown_is_not_judged(run, table):
    with pytest.raises(NotJudged, match="get_wait_s"):
        list(RULE.run(run(), table("channels", *pair(get_wait_s=None))))
