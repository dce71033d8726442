"""What ledgers say that must be put together first."""

from __future__ import annotations

from mpdiag.watch.books import completed


def test_the_last_events_go_to_the_slot_that_was_busy_last(by_hand):
    early, late = by_hand.slot("task", 1.0, last=1.0, count=10), by_hand.slot("task", 4.0, last=5.0, count=8, cpu_s=2.0)
    other = by_hand.slot("get", 1.0, last=9.0, count=3)

    whole = completed([early, late, other], {"task": 20, "get": 50})

    assert whole[0] is early
    assert (whole[1].count, whole[1].s, whole[1].wall_s, whole[1].cpu_s) == (10, 5.0, 5.0, 2.5)
    assert whole[2] is other  # a get may be hidden in something else


def test_what_is_counted_in_slots_alone_stays(by_hand):
    slots = (by_hand.slot("task", count=3), by_hand.slot("submit", count=2))

    assert completed(slots, {"task": 3, "submit": 1}) == slots
    assert completed((), {"task": 3}) == ()
