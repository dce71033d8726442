"""Integers in shared memory that wrap around, seen from outside."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import sys
from pathlib import Path

import pytest

from mpdiag.tap.ledger import Ledger
from mpdiag.watch.leaps import Element, Leaps


def wraps(kind, *values):
    element = Element(kind, 0)
    return [found for value in values if (found := element.met(value))]


@pytest.mark.parametrize(
    ("kind", "values", "found"),
    [
        (ctypes.c_int8, [0, 30, 60, 90, 120, -106], [(120, -106)]),
        (ctypes.c_uint8, [0, 50, 100, 150, 200, 250, 44, 94], [(250, 44)]),
        (ctypes.c_int8, [0, -30, -60, -90, -120, 106], [(-120, 106)]),
        (ctypes.c_int8, [0, 30, 60, 90, 120, -106, -76, -46, -16, 14, 44, 74, 104, -122], [(120, -106), (104, -122)]),
    ],
)
def test_a_counter_that_passes_its_end_has_wrapped(kind, values, found):
    assert wraps(kind, *values) == found


@pytest.mark.parametrize(
    "values",
    [
        [0, 30, 60, 90, 120, 0],  # set back
        [0, 100, -100, 90, -90, 100],  # no counter
        [100, 120, -126],  # nothing is known of its pace
        [0, 1, 2, 3, 4, 120],  # one large step
        [0, 30, 20, 50, 80, 110, -116],  # it has turned back before
        [0, 1, 2, 3, -125],  # a leap that its steps do not explain
    ],
)
def test_what_leaps_for_another_reason_has_not(values):
    assert wraps(ctypes.c_int8, *values) == []


def test_a_look_that_came_late_does_not_end_the_following():
    late = [0, 30, 60, -30, 0, 30, 60, 90, 120]
    assert wraps(ctypes.c_int8, *late, -106) == [(120, -106)]


def test_elements_are_met_between_looks_only_where_there_are_some():
    assert Leaps().pause == float("inf")


@pytest.mark.skipif(sys.platform != "linux", reason="no memory files to be seen")
def test_the_memory_of_a_process_is_looked_at(tmp_path):
    array = multiprocessing.get_context("fork").Array("i", [0, 0], lock=False)
    (arena, start, _), _ = array._wrapper._state
    where = ("app.py", 3, "main", "Array", 16)
    event = ("value", 1, "value:1.0", "i", 2, where, (arena.fd, start, "i", 4))
    ledger = Ledger(str(tmp_path))
    ledger.event(*event)
    leaps = Leaps()
    leaps.add(os.getpid(), Path(ledger.path))
    leaps.look()
    for step in range(12):
        array[1] = ctypes.c_int32((step + 1) * 400_000_000).value
        leaps.meet()
    assert 0 < leaps.pause < 1
    assert leaps.found()["value:1.0"].count == 1
    assert leaps.found()["value:1.0"].steps == [(2_000_000_000, -1_894_967_296)]
    leaps.close()
    assert array[1] == ctypes.c_int32(12 * 400_000_000).value


def test_memory_that_cannot_be_seen_is_left_out(tmp_path):
    event = ("value", 1, "value:1.0", "i", 2, ("app.py", 3, "main", "Array", 16), (999_999, 0, "i", 4))
    ledger = Ledger(str(tmp_path))
    ledger.event(*event)
    leaps = Leaps()
    leaps.add(os.getpid(), Path(ledger.path))
    leaps.look()
    assert leaps.found() == {}
    leaps.close()
