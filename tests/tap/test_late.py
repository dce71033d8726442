"""Modules that are there already get the same taps as those that are imported later, and lose them again."""

from __future__ import annotations

import json
import os

import pytest

#: Prints which functions of the library are woven, in the order asked for: taps first, or modules first.
PROGRAM = """\
import gc, importlib, importlib.util, json, sys, types
sys.path.insert(0, sys.argv[2])
from mpdiag_tap import finder, late, start

def woven():
    every = [each for each in gc.get_objects() if isinstance(each, types.FunctionType)]
    found = [each for each in every if each.__module__ in finder.WOVEN]
    return sorted({f"{each.__module__}.{each.__qualname__}" for each in found if taps(each.__code__)})

def taps(code):
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return any(name.startswith("_mpd") for name in code.co_names) or any(map(taps, inner))

def load():
    names = [name for name in sorted(finder.WOVEN) if importlib.util.find_spec(name)]
    return [importlib.import_module(name) for name in names]

def codes():
    return [(each, each.__code__) for each in gc.get_objects() if isinstance(each, types.FunctionType)]

if sys.argv[1] == "early":
    start.start(sys.argv[3])
    load()
    there = woven()
    start.stop()
    print(json.dumps([there, woven()]))
else:
    load()
    put = sys.modules["multiprocessing.queues"].Queue.put
    before, meta, imports = codes(), list(sys.meta_path), sys.modules["_frozen_importlib"]._find_and_load
    start.start_late(sys.argv[3])
    there = woven()
    assert put.__code__ is not dict(before)[put]
    start.stop()
    assert [each for each, code in before if each.__code__ != code] == []
    assert (sys.meta_path, sys.modules["_frozen_importlib"]._find_and_load) == (meta, imports)
    print(json.dumps([there, woven()]))
"""


def test_taps_that_come_late_are_those_that_come_early(tapped, python):
    told = {}
    for order in ("early", "late"):
        place = tapped(python).folder
        done = tapped(python).run("-c", PROGRAM, order, str(place / "site"), str(place), tapped=False)
        assert (done.code, done.err) == (0, "")
        told[order], left = json.loads(done.out)
        assert left == []

    assert told["late"] == told["early"]
    assert "multiprocessing.queues.Queue.put" in told["late"]


#: Uses an executor that is older than the taps, for two ledgers one after the other.
OLDER = """\
import multiprocessing as mp, sys
from concurrent.futures import ProcessPoolExecutor

with ProcessPoolExecutor(1, mp_context=mp.get_context("fork")) as executor:
    print(executor.submit(abs, -1).result())
    sys.path.insert(0, sys.argv[1])
    from mpdiag_tap import core, start
    start.start_late(sys.argv[2])
    for _ in range(2):
        print([executor.submit(abs, -number).result() for number in range(5)])
        core.settle()
        start.count_in(sys.argv[2])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_an_executor_that_was_there_before_is_counted_in_each_ledger(tapped, python):
    here = tapped(python)
    done = here.run("-W", "ignore", "-c", OLDER, str(here.folder / "site"), str(here.folder), tapped=False)

    assert (done.code, done.err) == (0, "")
    pools = [slot for book in done.books for slot in book.slots if slot.kind == "pool"]
    assert [(pool.count, pool.bytes) for pool in pools] == [(5, 5), (5, 5)]
