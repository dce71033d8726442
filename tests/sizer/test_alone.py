"""A function alone: its calls are counted, what it sends is weighed, and the GIL is asked."""

from __future__ import annotations

import hashlib
import math
import sys
import threading
import time

import pytest

from mpdiag.bench import Bench, Plan
from mpdiag.sizer import alone as one
from mpdiag.sizer.subject import Subject, Trouble

DATA = bytes(range(256)) * 4000
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long a thread waits for a CPU")


def measured(function, items=range(20), most=math.inf, budget=2.0):
    told = []
    subject = Subject("app:f", function, tuple(items), True)
    alone = one.measure(Bench(Plan("size", budget_s=budget)), subject, most, told.append)
    return alone, one.cells(alone, subject), told


def add_up(number):
    return sum(range(number))


def generate(number):
    yield number


def refuse(number):
    if number % 2:
        raise KeyError(number)
    return number


def test_every_call_is_counted():
    calls = []
    alone, cells, told = measured(calls.append)

    assert alone.calls == len(calls)
    assert cells["items"] == 20
    assert told[0] == "the call on item 0"


@pytest.mark.parametrize("most", [1, 2, 7])
def test_no_more_calls_than_are_allowed(most):
    calls = []
    cells = measured(calls.append, most=most)[1]

    assert len(calls) <= most
    assert cells["together"] is None


def test_what_is_sent_is_weighed():
    _, cells, _ = measured(bytes, [1000] * 5)

    assert 1000 < cells["result_b"] < 1100
    assert cells["args_b"] < 100
    assert cells["pickle_result"] > 0
    assert cells["denied"] == ""


@pytest.mark.parametrize(
    ("function", "items", "said"),
    [
        (lambda number: number, [1], "PicklingError"),
        (type, [threading.Lock()], "its arguments cannot be pickled: TypeError"),
        (generate, [1], "its result cannot be pickled: TypeError"),
    ],
)
def test_what_cannot_be_sent_is_told(function, items, said):
    assert said in measured(function, items)[0].denied


def test_items_that_raise_are_left_out():
    alone, cells, _ = measured(refuse)

    assert alone.good == list(range(0, 20, 2))
    assert (cells["raised"], cells["error"].partition(" (")[0]) == (10, "KeyError: 1")
    assert "(test_alone.py:" in cells["error"]


@pytest.mark.parametrize(("items", "said"), [([1, 3, 5, 6], "on each item"), ([1], "on its first item")])
def test_a_function_that_only_raises_is_trouble(items, said):
    with pytest.raises(Trouble, match=said):
        measured(refuse, items)


def test_waiting_and_computing():
    assert measured(time.sleep, [0.01] * 5)[1]["waiting"] > 0.5
    assert measured(add_up, [200_000] * 5)[1]["waiting"] < 0.5


@linux
def test_two_threads_tell_whether_the_gil_is_held():
    held, released = measured(add_up, [20_000] * 5)[1], measured(lambda _: hashlib.sha256(DATA), range(5))[1]

    if getattr(sys, "_is_gil_enabled", lambda: True)():
        assert held["together"] < 1.5
        assert held["takes_turns"]
    assert released["together"] > held["together"]


def test_short_calls_are_timed_in_one_go():
    _, cells, _ = measured(abs, range(100))

    assert cells["wall"].median < 20e-6  # reading the clocks around a call takes longer


def test_a_function_that_keeps_its_results_is_seen_through():
    kept = {}

    def remembering(number):
        if number not in kept:
            time.sleep(0.005)
            kept[number] = number

    assert measured(remembering)[1]["remembers"]
    assert not measured(time.sleep, [0.005] * 5)[1]["remembers"]
