"""Bytes handed over to a real consumer."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory

import pytest

from mpdiag.bench import Bench, Plan
from mpdiag.rigs import handover


@pytest.fixture
def consumer():
    bench = Bench(Plan(probe="large_payload"))
    with handover.consuming(bench) as consumer:
        yield consumer


@pytest.mark.parametrize("channel", ["send", "send_bytes", "queue", "new", "reused", "mmap"])
def test_a_channel_hands_over(channel, consumer):
    with handover.cases(consumer, 100_000, (channel,))[channel, 100_000]() as one_round:
        quantities = one_round()
        again = one_round()

    assert quantities["total"] > 0
    assert quantities["faults_here"] >= 0 <= quantities["faults_there"]
    assert set(again) == set(quantities)
    if channel == "new":
        assert sum(quantities[step] for step in ("create", "copy", "attach", "read", "unlink")) <= quantities["total"]
        assert quantities["without"] < quantities["total"]


def test_a_dead_consumer_is_an_error_and_no_segment_stays(consumer, monkeypatch):
    made = []

    class Recorded(SharedMemory):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self.name)

    monkeypatch.setattr(handover, "SharedMemory", Recorded)
    with handover.cases(consumer, 100_000, ("new",))["new", 100_000]() as one_round:
        one_round()
        consumer.orders.send(("reused", 1, "no_such_segment"))
        with pytest.raises((EOFError, OSError)):
            one_round()

    assert len(made) >= handover.MOST_IN_BATCH
    for name in made:
        with pytest.raises(FileNotFoundError):
            SharedMemory(name)


def test_a_queue_that_could_not_be_made_is_denied(consumer):
    bare = handover.Consumer(consumer.bench, consumer.orders, consumer.answers, None)

    with handover.cases(bare, 100_000, ("queue",))["queue", 100_000]() as one_round, pytest.raises(OSError):
        one_round()


def test_after_a_large_block_was_freed_it_goes_on(consumer):
    consumer.free_large_block()

    with handover.cases(consumer, 100_000, ("send",))["send", 100_000]() as one_round:
        assert one_round()["total"] > 0


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_consumer_starts_by_any_method(method, monkeypatch):
    bench = Bench(Plan(probe="large_payload"))
    if method not in bench.methods:
        pytest.skip(f"no {method} here")
    monkeypatch.setattr(Bench, "methods", property(lambda _: (method,)))

    with handover.consuming(bench) as consumer:
        for channel in ("send", "queue", "new", "reused", "mmap"):
            with handover.cases(consumer, 100_000, (channel,))[channel, 100_000]() as one_round:
                assert one_round()["total"] > 0
