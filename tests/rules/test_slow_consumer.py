"""MP304 from writers that wait, readers that do not, and idle CPUs."""

from __future__ import annotations

import pytest

from mpdiag.advice import NotJudged
from mpdiag.rules.slow_consumer import RULE

QUEUE = {
    "id": 1,
    "type": "Queue",
    "maxsize": 32,
    "writers": 3,
    "readers": 1,
    "gets": 7800,
    "put_wait_s": 9.9,
    "get_wait_s": 0.1,
    "recv_s": 0.1,
    "unpickle_s": 0.05,
}
WHOLE = {"wall_s": 3.85, "parallel_s": 3.8, "cpu_s": 5.0, "busy_cpus": 1.3}


def test_one_reader_holds_up_three_writers(run, table):
    (finding,) = RULE.run(run(**WHOLE), table("channels", QUEUE), table("processes"))

    assert (finding.rule, finding.level) == ("MP304", "warning")
    # 3.85 s less 5 s of CPU time on two CPUs, and the slack.
    assert finding.gain.ceiling_s == pytest.approx(1.7)
    assert "3 writers of the Queue (app.py:7) waited 3.30 s each" in finding.seen
    assert "1 reader took 474 µs for each of 7,800 messages" in finding.seen
    assert "Start 1 more" in finding.do


def test_while_threads_queue_no_more_is_taken_by_others_than_they_used(run, table):
    ceilings = [
        RULE.run(run(**WHOLE, ready_s=1.5, others_cpus=others), table("channels", QUEUE), table("processes"))
        for others in (None, 0.02, 0.9)
    ]

    assert [next(found).gain.ceiling_s for found in ceilings] == pytest.approx([0.72, 1.6, 0.72])


def test_many_idle_cpus_are_not_all_won_by_one_more_reader(run, table):
    (finding,) = RULE.run(run(**WHOLE, cpus=16.0), table("channels", QUEUE), table("processes"))

    assert finding.gain.ceiling_s == pytest.approx(3.8)


@pytest.mark.parametrize(
    ("queue", "whole"),
    [
        ({"put_wait_s": 0.3}, {}),
        ({"get_wait_s": 2.0}, {}),
        ({}, {"busy_cpus": 1.9}),
        ({"recv_s": 2.0, "unpickle_s": 1.0}, {}),
        ({"readers": 0}, {}),
        ({"user": False}, {}),
    ],
    ids=["nobody waits", "a waiting reader", "no idle CPU", "large messages", "never read", "a pool's own"],
)
def test_silent_where_another_reader_would_not_help(run, table, queue, whole):
    assert list(RULE.run(run(**{**WHOLE, **whole}), table("channels", {**QUEUE, **queue}), table("processes"))) == []


def test_a_pipes_writers_wait_in_send(run, table):
    pipe = table("channels", {**QUEUE, "put_wait_s": None, "send_s": 9.9})

    assert len(list(RULE.run(run(**WHOLE), pipe, table("processes")))) == 1


def test_not_judged_without_waits(run, table):
    with pytest.raises(NotJudged, match="get_wait_s"):
        list(RULE.run(run(**WHOLE), table("channels", {**QUEUE, "get_wait_s": None}), table("processes")))


def test_it_is_explained():
    doc = RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))


#: Nobody waits for room, as there is enough; the one reader is a process of its own.
HEAPED = {**QUEUE, "put_wait_s": 0.0, "gets": 60, "backlog_max": 46, "reader_file": "app.py", "reader_line": 7}


def test_messages_heap_up_before_the_only_reader(run, table):
    (finding,) = RULE.run(run(**WHOLE), table("channels", HEAPED), table("processes", {"cpu_s": 0.4}))

    assert (finding.level, finding.gain.ceiling_s) == ("warning", pytest.approx(1.7))
    assert "Up to 46 messages lay unread in the Queue (app.py:7); 1 reader took 61.7 ms for each of 60" in finding.seen


@pytest.mark.parametrize(
    "queues",
    [
        [{**HEAPED, "backlog_max": 15}],
        [{**HEAPED, "readers": 2}],
        [{**HEAPED, "reader_line": None}],
        [{**HEAPED, "gets": 9}],
        [HEAPED, {**HEAPED, "id": 2, "readers": 4, "backlog_max": 1}],
    ],
    ids=["it keeps up", "two readers", "main reads", "few", "others are busy, too"],
)
def test_silent_where_they_do_not(run, table, queues):
    assert list(RULE.run(run(**WHOLE), table("channels", *queues), table("processes"))) == []


def test_of_a_reader_that_computes_another_rule_tells(run, table):
    assert list(RULE.run(run(**WHOLE), table("channels", HEAPED), table("processes", {"cpu_s": 3.0}))) == []
