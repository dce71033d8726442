"""Channels: rows from scripted samples, and one real run."""

from __future__ import annotations

import sys

import pytest

from mpdiag.bench import Plan, Skip
from mpdiag.launcher import Launcher
from mpdiag.model import Measured
from mpdiag.probes import channels

QUICK = Plan(probe="channels", level="quick", budget_s=0.5)
#: Seconds for a round trip and for a message one way.
COSTS = {"Pipe": (20e-6, 5e-6), "Pipe bytes": (16e-6, 2e-6), "Queue": (50e-6, 6e-6), "SimpleQueue": (22e-6, 5e-6)}


def scripted(key):
    """Two rounds, the second twice as slow: ratios within a round stay what they are."""
    if isinstance(key, str):
        channel, batch, _ = channels.BATCHES[key]
        one = COSTS[channel][1] / batch
        return {"item": [one, 2 * one]}
    round_trip, message = COSTS.get(key[0], (100e-6, 50e-6))
    if len(key) == 3:
        return {"message": [message * key[2], 2 * message * key[2]]}
    return {
        "round_trip": [round_trip, 2 * round_trip],
        "message": [message, 2 * message],
        "round_trip_cpu": [round_trip, round_trip],
        "message_cpu": [0.0, 0.0],
    }


def about(*samples):
    """What two rounds are summed up to."""
    return Measured(pytest.approx(sum(samples) / 2), None, None, 2, tuple(map(pytest.approx, samples)))


def test_the_quickest_answer_comes_first(fake_bench, rows_of):
    rows = rows_of(channels.run(fake_bench(scripted, plan=QUICK)))

    assert [row["channel"] for row in rows][:4] == ["Pipe bytes", "Pipe", "SimpleQueue", "Queue"]
    assert {row["channel"] for row in rows} == set(channels.CHANNELS)
    assert rows[1] == {
        "channel": "Pipe",
        "round_trip": about(20e-6, 40e-6),
        "messages": Measured(pytest.approx(1 / 7.5e-6), None, None, 2, (pytest.approx(2e5), pytest.approx(1e5))),
        "throughput": Measured(
            pytest.approx(2**20 / 7.5e-6), None, None, 2, (pytest.approx(2**20 / 5e-6), pytest.approx(2**20 / 10e-6))
        ),
        "round_trip_cpu": about(20e-6, 20e-6),
        "message_cpu": None,
    }


def test_ratios_are_paired_by_round(fake_bench, rows_of):
    rows = rows_of(channels.run(fake_bench(scripted, plan=QUICK)), "ratio")

    assert [row["size"] for row in rows] == [64, 2**20]
    assert rows[0] == {
        "size": 64,
        "latency": about(2.5, 2.5),
        "throughput": about(1.2, 1.2),
        "simple_latency": about(1.1, 1.1),
        "simple_throughput": about(1.0, 1.0),
        "duplex": about(0.12, 0.12),
        "send_bytes": about(2.5, 2.5),
    }


def test_batches_are_compared_with_one_by_one(fake_bench, rows_of):
    rows = {row["way"]: row for row in rows_of(channels.run(fake_bench(scripted, plan=QUICK)), "batches")}

    assert set(rows) == set(channels.BATCHES)
    assert rows["Pipe, lists of 100"] == {
        "way": "Pipe, lists of 100",
        "channel": "Pipe",
        "batch": 100,
        "item": about(5e-8, 10e-8),
        "items": Measured(pytest.approx(1 / 7.5e-8), None, None, 2, (pytest.approx(2e7), pytest.approx(1e7))),
        "gain": about(100, 100),
    }
    assert rows["Queue, lists of 100"]["gain"] == about(100, 100)
    assert rows["Pipe, send_bytes"]["gain"] == about(2.5, 2.5)


def test_one_row_for_each_way_to_collect(fake_bench, rows_of):
    rows = rows_of(channels.run(fake_bench(scripted, plan=Plan(probe="channels"))), "writers")

    assert [row["channel"] for row in rows] == list(channels.COLLECTORS)
    assert all(set(row) == {"channel", "size", *(f"writers_{count}" for count in (1, 2, 4, 8))} for row in rows)
    queue = next(row for row in rows if row["channel"] == "Queue")
    assert queue["writers_1"].median == pytest.approx(8 * queue["writers_8"].median)


@pytest.mark.parametrize(
    ("level", "sizes"),
    [
        ("quick", {64, 2**20}),
        ("default", {16, 64, 2**12, 2**16, 2**20, 2**24}),
        ("thorough", {4**exponent for exponent in range(2, 13)}),
    ],
)
def test_sizes_by_level(fake_bench, rows_of, level, sizes):
    rows = rows_of(channels.run(fake_bench(scripted, plan=Plan(probe="channels", level=level))), "sizes")

    assert {row["size"] for row in rows} == sizes
    huge = {row["channel"] for row in rows if row["size"] == 2**24}
    assert (
        huge
        == {
            "quick": set(),
            "default": {"Pipe", "Pipe bytes", "Queue", "shared memory"},
            "thorough": set(channels.CHANNELS),
        }[level]
    )


def test_a_channel_that_is_denied_is_tried_once(fake_bench, rows_of):
    class Denying(fake_bench):
        def measure(self, cases, **_options):
            return {key: samples for key, samples in super().measure(cases, share=1).items() if "Queue" not in key}

    bench = Denying(scripted, plan=QUICK)
    rows = [*channels.run(bench)]

    assert [key for key in bench.asked if key[0] == "Queue" and len(key) == 2] == [("Queue", 64)]
    assert "Queue" not in {row.cells["channel"] for row in rows if row.table in ("", "sizes", "writers")}
    assert all(row.cells["latency"] is None for row in rows if row.table == "ratio")


def test_without_writers_the_rest_remains(fake_bench):
    class Alone(fake_bench):
        def measure(self, cases, **_options):
            if any(len(key) == 3 for key in cases):
                raise Skip("no more processes")
            return super().measure(cases, share=1)

    tables = {row.table for row in channels.run(Alone(scripted, plan=QUICK))}

    assert tables == {"", "ratio", "sizes", "batches"}


def test_for_real():
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(
            Plan(probe="channels", level="quick", budget_s=0.5, profile_s=0.1, deadline_s=60.0, cpus=2)
        )

    rows = {row["channel"]: row for row in gathered.rows[""]}
    assert (gathered.status, gathered.reason) == ("ok", None)
    assert set(rows) == set(channels.CHANNELS)
    assert all(row["round_trip"].median > 0 and row["throughput"].median > 0 for row in rows.values())
    assert rows["Manager Queue"]["messages"].median < rows["Pipe bytes"]["messages"].median
    assert rows["shared memory"]["throughput"].median > rows["Manager Queue"]["throughput"].median
    assert {row["channel"] for row in gathered.rows["writers"]} == {
        "Pipe + Lock",
        "Pipe each + wait",
        "SimpleQueue",
        "Queue",
    }
    batches = {row["way"]: row["item"].median for row in gathered.rows["batches"]}
    assert batches["Pipe, lists of 100"] < batches["Pipe, one by one"]
    assert gathered.process
    assert gathered.profile


def test_what_was_measured_before_the_partner_died_remains(fake_bench):
    class Dying(fake_bench):
        def measure(self, cases, **_options):
            if any(isinstance(key, str) or key[1] == 2**20 for key in cases):
                raise Skip("the partner died")
            return super().measure(cases, share=1)

    rows = [*channels.run(Dying(scripted, plan=QUICK))]

    assert {row.cells["size"] for row in rows if row.table == "sizes"} == {64}
    assert {row.table for row in rows} == {"", "sizes", "ratio", "writers"}


def test_without_any_channel_the_probe_is_skipped(fake_bench):
    class Barren(fake_bench):
        def measure(self, cases, **_options):
            raise Skip("no pipes")

    with pytest.raises(Skip, match="no pipes"):
        list(channels.run(Barren(scripted, plan=QUICK)))


@pytest.mark.parametrize(("memory", "largest"), [(2**30, 2**24), (2**26, 2**20), (2**16, 2**12)])
def test_messages_fit_the_memory_that_is_allowed(fake_bench, rows_of, memory, largest):
    bench = fake_bench(scripted, plan=Plan(probe="channels", memory=memory))

    assert max(row["size"] for row in rows_of(channels.run(bench), "sizes")) == largest


def test_without_time_only_what_rules_rest_on_is_measured(fake_bench, rows_of):
    class Late(fake_bench):
        def left(self):
            return 0.1 * self.plan.budget_s

    bench = Late(scripted, plan=Plan(probe="channels"))
    rows = rows_of(channels.run(bench), "sizes")

    assert {row["size"] for row in rows} == {64, 2**20}
    assert bench.notes == [
        "the budget was spent before messages of 16 B, 4 KiB, 64 KiB",
        "the budget was spent before messages of 16 MiB",
    ]
