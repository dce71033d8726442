"""Which channels carry requests and replies, from ledgers made by hand."""

import pytest

from mpdiag.watch import channels

PLACE = ("/p/app.py", 3, "main", "Pipe", 0)
PARENT = 10


def service(by_hand, pid, asked=200, answered=200):
    """The ledger of a process that is asked over one pipe and answers over another, and its parent's slots."""
    there, back = f"pipe:{pid}1", f"pipe:{pid}2"
    events = [by_hand.event("pipe", 0.1, name, name, PLACE) for name in (there, back)]
    of_parent = [
        by_hand.slot("send", first=1.0, last=8.0, count=asked, name=there),
        by_hand.slot("recv", first=1.0, last=8.0, count=answered, name=back),
    ]
    of_child = [
        by_hand.slot("recv", first=1.0, last=8.0, count=asked, name=there),
        by_hand.slot("send", first=1.0, last=8.0, count=answered, name=back),
    ]
    return events, of_parent, by_hand.book(pid, slots=of_child)


@pytest.fixture
def exchanged(by_hand):
    """What the channels of a parent and its services exchanged, by their names."""

    def of(*services):
        events = [event for events, _, _ in services for event in events]
        slots = [slot for _, slots, _ in services for slot in slots]
        books = [by_hand.book(PARENT, slots=slots, events=events), *(book for _, _, book in services)]
        made = channels.made(books)
        channels.attach(made, books)
        return dict(zip((channel.id for channel in made), channels.trips(made), strict=True))

    return of


def test_replies_come_back_over_another_pipe(by_hand, exchanged):
    found = exchanged(service(by_hand, 11), service(by_hand, 12, answered=50))

    assert found["pipe:111"] == {"round_trips": 200, "reply": "pipe:112"}
    assert found["pipe:112"] == {"round_trips": 200, "reply": "pipe:111"}
    assert found["pipe:121"] == found["pipe:122"] == {"round_trips": 0, "reply": None}


def test_only_channels_between_the_same_processes_are_compared(by_hand, exchanged, monkeypatch):
    compared = []
    both_ways = channels.both_ways
    monkeypatch.setattr(channels, "both_ways", lambda *talks: compared.append(talks) or both_ways(*talks))

    found = exchanged(*(service(by_hand, pid) for pid in range(11, 61)))

    assert {each["round_trips"] for each in found.values()} == {200}
    assert len(compared) == 100, "as many as there are channels, not their square"


@pytest.mark.parametrize(("via", "left"), [(0, 7), (1, 0)], ids=["its own", "a pool's"])
def test_nobody_sees_who_reads_for_a_pool(by_hand, via, left):
    queue = by_hand.event("queue", 0.1, "pipe:1", "SimpleQueue", None, (*PLACE[:4], via))
    unread = by_hand.event("left", 5.0, "pipe:1", 40)
    sent = by_hand.slot("send", first=1.0, last=2.0, count=7, name="pipe:1")
    book = by_hand.book(PARENT, slots=[sent], events=[queue, unread])

    [row] = channels.rows([by_hand.life(book=book)])

    assert row["left"] == left


@pytest.mark.parametrize(
    ("timed", "other", "left"),
    [(20, "pipe:2", 8), (4, "pipe:2", 0), (4, "pipe:1", 8)],
    ids=["all timed", "which end is not known", "one end alone"],
)
def test_what_may_belong_to_another_channel_is_not_missed(by_hand, timed, other, left):
    queue = by_hand.event("queue", 0.1, "pipe:1", "SimpleQueue", None, PLACE)
    gave_up = by_hand.event("gave_up", 5.0, "pipe:1")
    takes = by_hand.slot("get", first=1.0, last=2.0, count=12, timed=12, name="pipe:1")
    parent = by_hand.book(PARENT, slots=[takes], events=[queue, gave_up])
    sends = [
        by_hand.slot("send", first=1.0, last=2.0, count=count, timed=timed, name=name, line=count)
        for count, name in ((20, "pipe:1"), (20, other))
    ]
    if other == "pipe:1":
        sends = sends[:1]
    lives = [by_hand.life(book=parent), by_hand.life(pid=11, book=by_hand.book(11, slots=sends))]

    [row] = channels.rows(lives)

    assert row["left"] == left
