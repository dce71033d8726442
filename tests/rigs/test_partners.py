"""Channels with real children at their other end: all arrives, and one that died is an error."""

from __future__ import annotations

import multiprocessing
from contextlib import ExitStack

import pytest

from mpdiag.bench import UNAVAILABLE, Bench, Plan
from mpdiag.rigs.partners import EACH, KINDS, LOCKED, MANAGED, QUEUE, SHARED, SIMPLE, Crew, Partner, lazily

SIZE = 2**20


@pytest.fixture
def bench():
    return Bench(Plan(probe="test"))


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack
    assert multiprocessing.active_children() == []


def test_a_denied_thing_is_asked_for_once():
    asked = []

    def make():
        asked.append(1)
        raise OSError("no more pipes")

    get = lazily(make)
    for _ in range(2):
        with pytest.raises(OSError, match="no more pipes"):
            get()

    assert asked == [1]


def test_nothing_is_made_before_it_is_asked_for():
    made = []
    get = lazily(lambda: made.append(1) or "thing")

    assert made == []
    assert (get(), get(), made) == ("thing", "thing", [1])


@pytest.mark.parametrize("task", ["echo", "take"])
def test_every_channel_carries_messages_larger_than_its_buffer(bench, stack, task):
    partner = Partner(bench, stack, SIZE)

    for name in KINDS:
        for _ in range(2):
            seconds, cpu = partner.run(name, task, bytes(SIZE), 3)
            assert seconds > 0
            assert cpu >= 0


def test_a_hand_over_carries_the_bytes_themselves(bench, stack):
    partner = Partner(bench, stack, 8)
    receive, send = partner._lines[SHARED]
    partner._control.send((SHARED, "echo", 2))
    partner._control.recv()

    answers = []
    for message in (b"one", b"twothree"):
        send(message)
        answers.append(bytes(receive()))

    assert answers == [b"one", b"twothree"]


@pytest.mark.parametrize("name", KINDS)
def test_a_partner_that_died_is_an_error(bench, stack, name):
    partner = Partner(bench, stack, 64)
    for child in multiprocessing.active_children():
        if "Manager" not in child.name:
            child.kill()
            child.join()

    with pytest.raises(UNAVAILABLE):
        partner.run(name, "echo", bytes(64), 1)


@pytest.mark.parametrize("writers", [1, 3])
def test_a_crew_writes_all_it_is_asked_for(bench, stack, writers):
    names = (QUEUE, SIMPLE, LOCKED, EACH, MANAGED)
    crew = Crew(bench, stack, names, 3)

    for name in names:
        for _ in range(2):
            assert crew.run(name, writers, 5000, 20) > 0
    readers = crew._readers
    assert not readers[LOCKED].poll()
    assert not any(reader.poll() for reader in readers[EACH])
    assert all(readers[name].empty() for name in (QUEUE, SIMPLE, MANAGED))
