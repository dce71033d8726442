"""Modules that are there already get the same taps as those that are imported later, and lose them again."""

from __future__ import annotations

import json

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
