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


SPUN = {"id": 1, "type": "Pipe", "empty_polls": 4_000_000, "spin_s": 1.2, "spinner": 10}


@pytest.fixture
def judged(run, table):
    def judge(*channels, ready=1.3, hot=(), sites=(), **cells):
        processes = [{"pid": 10, "role": "main", "ready_s": 1.5}, {"pid": 11, "role": "process", "ready_s": ready}]
        tables = (
            table("channels", *channels),
            table("processes", *processes),
            table("hot", *hot),
            table("sites", *sites),
        )
        return list(RULE.run(run(wall_s=3.5, **cells), *tables))

    return judge


def test_a_loop_that_takes_the_workers_cpu(judged):
    (finding,) = judged(SPUN, SPUN)

    # 2.4 s of CPU on two CPUs.
    assert (finding.level, finding.gain.ceiling_s) == ("warning", pytest.approx(1.5))
    assert "2.40 s of CPU time in a loop that asks a Pipe 8,000,000 times in vain (app.py:7)" in finding.seen


def test_the_line_that_asks_is_told_where_one_does_most_of_it(judged):
    asks = {"kind": "poll", "role": "main", "count": 7_900_000, "line": 30}

    (finding,) = judged(SPUN, SPUN, sites=[asks, {**asks, "count": 9, "line": 40}])
    (shared,) = judged(SPUN, SPUN, sites=[{**asks, "count": 2_000_000, "line": line} for line in (30, 40, 50)])

    assert finding.place.line == 30
    assert "asks a Pipe (app.py:7) 8,000,000 times in vain (app.py:30)" in finding.seen
    assert shared.place.line == 7


def test_where_other_programs_compute_too_the_same_cpu_time_wins_more(judged):
    (finding,) = judged(SPUN, SPUN, ready_s=5.0, ready=2.0, cpu_s=5.0)

    assert finding.gain.ceiling_s == pytest.approx(2.1), "1.2 s, 7 / 5 times as long, with slack"


def test_a_loop_that_nobody_suffers_from_is_a_note(judged):
    (finding,) = judged(SPUN, SPUN, ready=0.01)

    assert (finding.level, finding.gain) == ("note", None)


def test_where_waits_for_a_cpu_are_unknown_full_cpus_stand_for_them(judged):
    (full,) = judged(SPUN, SPUN, ready=None, busy_cpus=1.9)
    (idle,) = judged(SPUN, SPUN, ready=None, busy_cpus=1.2)

    assert (full.level, idle.level) == ("warning", "note")


def test_stack_samples_show_what_was_not_counted(judged):
    asking = {"role": "main", "function": "wait_for", "spins": True}
    work = {"role": "main", "function": "wait_for", "spins": False, "share": 0.1}
    lines = [{**asking, "callee": "ready", "share": 0.5, "line": 30}, {**asking, "callee": None, "share": 0.4}]
    (finding,) = judged(hot=[*lines, work], main_cpu_s=2.4)

    assert (finding.level, finding.confidence) == ("warning", "inferred")
    assert "2.16 s of CPU time in a loop that asks whether something is there or done" in finding.seen
    assert finding.place.line == 30


def test_silent_where_calls_that_ask_are_part_of_something_else(judged):
    assert judged(hot=[{"role": "main", "callee": "poll", "spins": False, "share": 0.9}], main_cpu_s=2.4) == []


def test_looks_at_living_children_are_counted(judged):
    looks = {"kind": "alive", "role": "main", "count": 260_000, "s": 0.9}
    (finding,) = judged(sites=[looks], main_cpu_s=1.1)

    assert (finding.level, finding.confidence) == ("warning", "measured")
    assert "0.90 s" in finding.seen.replace("900 ms", "0.90 s")
    assert "is_alive() 260,000 times (app.py:7)" in finding.seen


def test_silent_where_children_are_looked_at_now_and_then(judged):
    assert judged(sites=[{"kind": "alive", "role": "main", "count": 900, "s": 0.9}], main_cpu_s=1.1) == []


@pytest.mark.parametrize(
    "channel", [{**SPUN, "spin_s": 0.01}, {**SPUN, "spin_s": 0.0}, {**SPUN, "user": False}], ids=str
)
def test_silent_on_patient_waits(judged, channel):
    assert judged(channel) == []


def test_a_program_without_its_totals_is_not_judged(table):
    nothing = [table(name) for name in ("run", "channels", "processes", "hot", "sites")]

    with pytest.raises(NotJudged):
        list(RULE.run(*nothing))


SPINS = {"pid": 1, "process": "main", "main": True, "kind": "runs", "asks": True, "ran_s": 0.6}
LOOK = [{"apart_s": 0.7}]


@pytest.mark.parametrize(
    ("asks", "level"), [(False, "warning"), (True, "error")], ids=["another works", "nobody works"]
)
def test_a_thread_that_spins_is_not_stuck_in_a_wait(standing, asks, level):
    other = {"pid": 2, "process": "W (2)", "main": True, "kind": "runs", "asks": asks, "ran_s": 0.0}
    (finding,) = standing(RULE, waits=[SPINS, other], look=LOOK)

    assert (finding.rule, finding.level, finding.place.line) == ("MP302", level, 7)
    assert finding.seen.startswith("Not stuck in a wait, but spins: main asks again and again at app.py:7")
    assert "took 85.7 % of a CPU" in finding.seen


@pytest.mark.parametrize("cells", [{"asks": False}, {"ran_s": 0.01}], ids=["computes", "asks now and then"])
def test_silent_about_threads_that_do_not_spin(standing, cells):
    assert standing(RULE, waits=[{**SPINS, **cells}], look=LOOK) == []


LOOP = {"kind": "poll", "role": "main", "count": 240, "line": 30, "pauses": True}


@pytest.fixture
def slept(run, table):
    def judge(off_s, waited, **cells):
        processes = [{"pid": 10, "role": "main", "off_cpu_s": off_s}]
        processes += [
            {"pid": 11 + n, "role": "process", "recv_s": each, "ready_s": 0.0} for n, each in enumerate(waited)
        ]
        took = {"kind": "recv", "role": "process", "count": cells.pop("taken", 50 * len(waited))}
        sites = table("sites", {**LOOP, **cells}, took)
        return list(RULE.run(run(wall_s=2.0), table("channels"), table("processes", *processes), table("hot"), sites))

    return judge


def test_a_loop_that_sleeps_while_others_wait_for_messages(slept):
    (finding,) = slept(1.8, [1.4, 1.6])

    assert (finding.level, finding.place.line, finding.gain.ceiling_s) == ("warning", 30, pytest.approx(1.8))
    assert "asked poll() 240 times (app.py:30) and slept in between, for 1.80 s in all" in finding.seen
    assert "Its 2 children waited 1.50 s each for messages." in finding.seen


@pytest.mark.parametrize(
    ("off_s", "waited", "cells"),
    [
        (1.8, [0.1, 0.1], {}),
        (0.1, [1.5], {}),
        (1.8, [], {}),
        (1.8, [1.5], {"pauses": False}),
        (1.8, [1.5], {"count": 9}),
    ],
)
def test_silent_where_nobody_waits_for_a_sleeper(slept, off_s, waited, cells):
    assert slept(off_s, waited, **cells) == []
