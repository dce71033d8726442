from mpdiag.report import Span
from mpdiag.watch.lives import Run
from mpdiag.watch.spans import LEAST_EACH, MOST, kept, merged
from mpdiag.watch.timeline import Slice

from .test_timeline import BEGAN, life, slot, task


def spans(*lives):
    return kept(Run(10, BEGAN, BEGAN + 10, 0, 2.0, tuple(one.book for one in lives if one.book)), lives)


def test_tasks_and_what_was_done_once_are_kept_as_they_were():
    found = spans(life(slots=(slot("join", 4.0, 6.0, s=2.0),), tasks=(task(1, 2), task(2, 3.5))))

    assert found == (
        Span(10, "task", "app.crunch", 1.0, 2.0),
        Span(10, "task", "app.crunch", 2.0, 3.5),
        Span(10, "join", "waiting for others", 4.0, 6.0, 1, 2.0, "app.py:3"),
    )


def test_what_was_done_often_spans_its_uses_if_it_took_much():
    found = spans(life(slots=(slot("lock", 1.0, 9.0, count=50, s=3.0), slot("send", 1.0, 9.0, count=50, s=0.1))))

    assert [(one.kind, one.began_s, one.ended_s, one.count, one.took_s) for one in found] == [
        ("lock", 1.0, 9.0, 50, 3.0)
    ]


def test_neighbours_become_one_the_closest_first():
    ordered = [Slice("f", at, at + 0.5, "task") for at in (0.0, 1.0, 4.0, 5.0)]

    found = merged(ordered, 2)

    assert [(one.began_s, one.ended_s, one.facts) for one in found] == [
        (0.0, 1.5, {"times": 2, "seconds": 1.0}),
        (4.0, 5.5, {"times": 2, "seconds": 1.0}),
    ]
    assert merged(ordered, 4) == ordered


def test_different_tasks_never_become_one():
    ordered = [Slice(name, at, at + 0.5, "task") for at, name in enumerate("abcd")]

    assert merged(ordered, 2) == ordered


def test_there_is_an_end_to_what_a_report_keeps():
    busy = tuple(task(at / 30, at / 30 + 0.01, f"f{at % 3}") for at in range(256))
    crowd = [life(pid, f"W-{pid}", "worker", ended=9.0 if pid % 2 else 10.0, tasks=busy) for pid in range(11, 411)]

    few, many = spans(*crowd[:100]), spans(*crowd)

    assert len(few) <= MOST
    assert {one.pid for one in few} == set(range(11, 111))
    assert len(many) <= MOST
    assert {one.pid for one in many} == set(range(12, 412, 2))
    assert max(sum(one.pid == pid for one in many) for pid in range(11, 411)) <= LEAST_EACH


def test_times_stay_within_the_run():
    (found,) = spans(life(slots=(slot("join", -5.0, 50.0, s=2.0),)))

    assert (found.began_s, found.ended_s) == (0.0, 10.0)


def test_without_a_ledger_there_is_nothing_to_keep():
    unseen = life()

    assert spans(type(unseen)(**{**vars(unseen), "book": None})) == ()
