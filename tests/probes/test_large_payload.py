"""What handing over large bytes costs: rows from scripted samples, and one real run."""

from __future__ import annotations

import sys

import pytest

from mpdiag.bench import Plan, Skip
from mpdiag.launcher import Launcher
from mpdiag.model import Measured
from mpdiag.probes import large_payload
from mpdiag.stats import measured

MIB = 2**20
ROOMY = {"a consumer": "a consumer", "shared memory": 2**40, "a mapped file": 2**40}
CHANNELS = {"send", "send_bytes", "queue", "new", "reused", "mmap"}
#: Seconds of one hand-over by channel: what is fixed, and what a byte adds.
COSTS = {
    "send": (10e-6, 3e-9),
    "send_bytes": (8e-6, 1e-9),
    "queue": (40e-6, 3e-9),
    "new": (800e-6, 1.5e-9),
    "reused": (12e-6, 0.1e-9),
    "mmap": (12e-6, 0.1e-9),
    "fork": (2e-3, 0.0),
}
STEPS = {"create": 1e-4, "copy": 2e-4, "attach": 3e-5, "read": 1e-5, "unlink": 1e-4}


def scripted(key):
    if key == "page fault":
        return {"total": [1e-6]}
    channel, size = key if key[0] != "freed" else (key[1], MIB)
    fixed, each = COSTS[channel]
    total = fixed + each * size
    extra = {name: [seconds] for name, seconds in STEPS.items()} if channel == "new" else {}
    return {
        "total": [total],
        "faults_here": [100.0],
        "faults_there": [20.0 if key[0] != "freed" else 0.0],
        **extra,
        "without": [total - 2e-4],
    }


def one(value):
    return Measured(pytest.approx(value), None, None, 1, (pytest.approx(value),))


def test_one_row_a_size_with_all_channels(fake_bench, rows_of):
    bench = fake_bench(scripted, ROOMY, Plan(probe="large_payload", level="quick"))

    rows = rows_of(large_payload.run(bench))

    assert rows == [
        {"size": size, **{channel: one(fixed + each * size) for channel, (fixed, each) in COSTS.items()}}
        for size in (2**16, MIB)
    ]


def test_sizes_ascend_by_level(fake_bench, rows_of):
    sizes = {}
    for level in ("default", "thorough"):
        bench = fake_bench(scripted, ROOMY, Plan(probe="large_payload", level=level, memory=2**34))
        sizes[level] = [row["size"] for row in rows_of(large_payload.run(bench))]

    assert sizes["default"] == [2**16, 2**18, 2**20, 2**22, 2**24]
    assert sizes["thorough"] == [*sizes["default"], 2**26]


def test_sizes_stay_within_the_memory(fake_bench, rows_of):
    bench = fake_bench(scripted, ROOMY, Plan(probe="large_payload", memory=16 * MIB))

    assert [row["size"] for row in rows_of(large_payload.run(bench))] == [2**16, 2**18, 2**20]


def test_parts_of_a_new_segment(fake_bench, rows_of):
    bench = fake_bench(scripted, ROOMY, Plan(probe="large_payload", level="quick"))

    row = rows_of(large_payload.run(bench), "parts")[1]

    assert row == {"size": MIB, **{step: one(seconds) for step, seconds in STEPS.items()}, "faults": one(120.0)}


def test_crossovers_with_and_without_creation(fake_bench, rows_of):
    rows = rows_of(large_payload.run(fake_bench(scripted, ROOMY)), "crossover")

    assert rows == [
        {"by": "new segment per message", "send": MIB, "send_bytes": None},
        {"by": "new segment, its creation not counted", "send": MIB, "send_bytes": None},
        {"by": "reused segment", "send": 2**16, "send_bytes": 2**16},
    ]


def test_a_crossover_holds_for_all_larger_sizes_and_needs_the_whole_interval():
    sure, doubtful, worse = measured([2.0] * 8), measured([0.9] * 4 + [3.0] * 4), measured([0.5] * 8)

    assert large_payload.crossover({1: sure, 2: sure}) == 1
    assert large_payload.crossover({1: sure, 2: worse, 4: sure}) == 4
    assert large_payload.crossover({1: doubtful, 2: sure}) == 2
    assert large_payload.crossover({1: sure, 2: worse}) is None
    assert large_payload.crossover({}) is None


def test_page_faults_stand_apart_at_one_size(fake_bench, rows_of):
    rows = rows_of(large_payload.run(fake_bench(scripted, ROOMY)), "faults")

    assert [row["what"] for row in rows] == [
        *large_payload.NAMES.values(),
        "send, large block freed before",
        "send_bytes, large block freed before",
        "one page fault",
    ]
    assert rows[-1]["total"] == one(1e-6)


def test_without_shared_memory_the_others_go_on(fake_bench, rows_of):
    bench = fake_bench(scripted, {**ROOMY, "shared memory": None})

    rows = rows_of(large_payload.run(bench))

    assert all(set(row) == {"size", "send", "send_bytes", "queue", "mmap", "fork"} for row in rows)
    assert rows_of(large_payload.run(bench), "parts") == []
    assert rows_of(large_payload.run(bench), "crossover") == []


def test_what_shared_memory_has_no_room_for_is_left_out_aloud(fake_bench, rows_of):
    bench = fake_bench(scripted, {**ROOMY, "shared memory": 10 * MIB})

    rows = rows_of(large_payload.run(bench))

    assert [row["size"] for row in rows if "reused" in row] == [2**16, 2**18, 2**20, 2**22]
    assert [note for note in bench.notes if "shared memory has too little room" in note] == bench.notes
    assert len(bench.notes) == 1


def test_a_channel_that_is_denied_is_not_asked_for_again(fake_bench, rows_of):
    class Denying(fake_bench):
        def measure(self, cases, **how):
            samples = super().measure(cases, **how)
            return {key: each for key, each in samples.items() if key[0] != "queue"}

    bench = Denying(scripted, ROOMY, Plan(probe="large_payload", level="quick"))

    rows = rows_of(large_payload.run(bench))

    assert all("queue" not in row for row in rows)
    assert [key for key in bench.asked if key[0] == "queue"] == [("queue", 2**16)]


def test_without_a_consumer_it_is_skipped(fake_bench):
    bench = fake_bench(scripted)
    bench.notes.append("a consumer could not be measured: no processes left")

    with pytest.raises(Skip, match="no processes left"):
        list(large_payload.run(bench))


def test_a_real_run_measures_every_channel():
    with Launcher(sys.executable) as launcher:
        gathered = launcher.run(Plan(probe="large_payload", level="quick", budget_s=0.5, profile_s=0.1, cpus=2))

    assert (gathered.status, gathered.reason) == ("ok", None)
    small, large = gathered.rows[""]
    assert set(small) >= {"size", *CHANNELS}
    assert all(small[channel].median > 0 < large[channel].median for channel in CHANNELS)
    assert large["send"].median > large["reused"].median
    assert {row["size"] for row in gathered.rows["parts"]} == {2**16, MIB}
    assert [row["by"] for row in gathered.rows["crossover"]] == list(large_payload.RIVALS)
    fault = next(row for row in gathered.rows["faults"] if row["what"] == "one page fault")
    assert fault["total"].median > 0
    assert gathered.process["cpu_system_s"] > 0
    assert gathered.profile
