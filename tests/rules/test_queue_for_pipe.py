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
