import json
from pathlib import Path

import pytest

from mpdiag.watch.books import Book, Slot, Task
from mpdiag.watch.lives import Life, Run, Start
from mpdiag.watch.observation import MemoryLook, Observation, Surroundings, Vital
from mpdiag.watch.timeline import SITES, Slice, lanes, perfetto, written

BEGAN = 1000.0


def slot(kind="join", first=1.0, last=2.0, count=1, thread="main", native=7, s=1.0, line=3, **more):
    known = {
        "file": "/p/app.py", "function": "main", "api": "x", "via": 0, "name": None, "timed": count, "wall_s": s,
        "cpu_s": 0.0, "bytes": 0, "max_s": s, "empty": 0,
    }  # fmt: skip
    times = {"first_s": BEGAN + first, "last_s": BEGAN + last}
    return Slot(kind=kind, thread=thread, native=native, line=line, count=count, s=s, **times, **{**known, **more})


def task(began, ended, function="app.crunch"):
    return Task(function, BEGAN + began, BEGAN + ended, 0.1, 10, 20, 1)


def life(
    pid=10, name="main", role="main", born=0.0, ended=10.0, slots=(), tasks=(), threads=(), vital=None, start=None
):
    book = Book(Path("x"), pid, 1, BEGAN + born, None, None, None, 1, slots=slots, tasks=tasks, threads=threads)
    return Life(
        pid, 1, name, role, "spawn", BEGAN + born, BEGAN + ended, 0, None, None, start, book, vital
    )  # fmt: skip


def trace(*lives, began_ns=0):
    around = Surroundings(10.0, None, None, None, None, None, None, 1, 0.0, 0)
    outside = Observation(began_ns, (), (), around)
    run = Run(10, BEGAN, BEGAN + 10, 0, 2.0, tuple(one.book for one in lives if one.book), outside)
    return json.loads(written(perfetto(run, lives)))["traceEvents"]


def slices(events, kind):
    return [(one["name"], one["ts"], one["dur"]) for one in events if one["ph"] == "X" and one["cat"] == kind]


def test_a_process_has_a_name_a_life_and_its_tasks():
    events = trace(life(), life(11, "SpawnPoolWorker-1", "worker", 0.5, 9.0, tasks=(task(1, 2), task(2, 4))))

    names = [one["args"]["name"] for one in events if one["name"] == "process_name"]
    assert names == ["main", "SpawnPoolWorker-1"]
    assert slices(events, "life") == [("main", 0.0, 10e6), ("SpawnPoolWorker-1", 0.5e6, 8.5e6)]
    assert slices(events, "task") == [("app.crunch", 1e6, 1e6), ("app.crunch", 2e6, 2e6)]


def test_tasks_that_overlap_get_tracks_of_their_own():
    events = trace(life(tasks=(task(1, 3), task(2, 4), task(3, 5))))

    tracks = [one["tid"] for one in events if one["ph"] == "X" and one["cat"] == "task"]
    assert len(set(tracks)) == 2


def test_what_was_done_once_is_drawn_what_was_done_often_spans_its_uses():
    events = trace(life(slots=(slot("join", 1, 2), slot("lock", 3, 8, count=50), slot("task", 0, 9, count=5))))

    assert slices(events, "join") == [("waiting for others", 1e6, 1e6)]
    assert slices(events, "lock") == [("waiting for a lock at app.py:3", 3e6, 5e6)]
    assert [one["args"]["times"] for one in events if one.get("cat") == "lock"] == [50]


def test_only_the_busiest_sites_are_drawn():
    sites = tuple(slot("send", 1, 2, count=5, s=n, line=n) for n in range(1, 30))

    names = [name for name, _, _ in slices(trace(life(slots=sites)), "send")]
    assert len(names) == SITES
    assert "sending at app.py:29" in names
    assert "sending at app.py:1" not in names


def test_a_wait_that_never_ended_is_drawn_to_the_end():
    events = trace(life(ended=6.0, slots=(slot(),), threads=((7, "lock", BEGAN + 2.5), (8, "idle", BEGAN))))

    assert slices(events, "lock") == [("waiting for a lock, until the end", 2.5e6, 3.5e6)]


def test_an_arrow_leads_from_start_to_the_child():
    start = Start(10, BEGAN + 1, BEGAN + 1.1, 11, "spawn", "w", "app.work", 1, (), False)

    events = trace(life(), life(11, "w", "process", 1.0, 5.0, start=start))

    arrows = [(one["ph"], one["pid"], one["ts"], one["id"]) for one in events if one["ph"] in "sf"]
    assert arrows == [("s", 10, 1e6, 11), ("f", 11, 1e6, 11)]


def test_memory_is_counted_in_what_is_known():
    vital = Vital(10, 0.0, 1, "x", (), 0.0, None, None, memory=(MemoryLook(1.0, 2**20, None, 2**19),))

    events = trace(life(vital=vital), began_ns=1000 * 10**9)

    counters = [(one["name"], one["ts"], one["args"]) for one in events if one["ph"] == "C"]
    assert counters == [("RSS, MiB", 1e6, {"RSS": 1.0}), ("PSS, MiB", 1e6, {"PSS": 0.5})]


def test_times_stay_within_the_run_and_foreign_text_is_harmless():
    events = trace(life(born=-5.0, ended=99.0, tasks=(task(-3, 20, "\x1b[2J\ud800"),)))

    assert all(0 <= one["ts"] <= 10e6 and one["ts"] + one.get("dur", 0) <= 10e6 for one in events if "ts" in one)
    assert [name for name, _, _ in slices(events, "task")] == [r"\x1b[2J\ud800"]


def test_without_a_ledger_there_is_still_a_life():
    outside = Life(12, 1, "sh", "subprocess", "exec", BEGAN, BEGAN + 1, None, None, None, None, None, None)

    assert slices(trace(life(), outside), "life")[1] == ("sh", 0.0, 1e6)


def disjoint_or_nested(one, other):
    return (
        one.ended_s <= other.began_s
        or other.ended_s <= one.began_s
        or (one.began_s <= other.began_s and other.ended_s <= one.ended_s)
        or (other.began_s <= one.began_s and one.ended_s <= other.ended_s)
    )


@pytest.mark.parametrize("step", [1, 3, 7])
def test_slices_of_a_lane_never_cross(step):
    some = [Slice("x", (n * 37 * step) % 50, (n * 37 * step) % 50 + (n * 11) % 13, "k") for n in range(60)]

    found = lanes(some)

    assert sum(map(len, found)) == 60
    for lane in found:
        assert all(disjoint_or_nested(one, other) for one in lane for other in lane)
