"""The taps find their places in every version, and leave files, lines and tracebacks as they are."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import sys

import pytest

from mpdiag.tap.weave import woven

#: Points that a version lacks, by the first words of function and statement.
LACKING = {
    "util._exit_function()": lambda version: version >= (3, 13),
    "result = ctx.run(self.task)": lambda version: version < (3, 14),
    "ctx.initialize()": lambda version: version < (3, 14),
    "result = self.fn(*self.args, **self.kwargs)": lambda version: version >= (3, 14),
}
WEAVE = """\
import importlib.util, json, sys, tokenize, types
sys.path.insert(0, sys.argv[1])
from mpdiag_tap import points, weave

def functions(code, prefix=""):
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            name = prefix + each.co_name
            lines = {line for _, _, line in each.co_lines() if line} if hasattr(each, "co_lines") else set()
            yield name, each.co_firstlineno, each.co_filename, each.co_varnames[:each.co_argcount], lines
            yield from functions(each, name + ".")

missed, differing, added = [], [], []
for name in points.POINTS:
    spec = importlib.util.find_spec(name)
    with tokenize.open(spec.origin) as file:
        source = file.read()
    tree, lacking = weave.woven(name, source)
    missed += [point.statement or point.function for point in lacking]
    bare = list(functions(compile(source, spec.origin, "exec", dont_inherit=True)))
    woven = list(functions(compile(tree, spec.origin, "exec", dont_inherit=True)))
    known = {(name, first): (file, names, lines) for name, first, file, names, lines in bare}
    for function, first, file, names, lines in woven:
        if (function, first) not in known:
            added.append([name, function])
            continue
        old_file, old_names, old_lines = known[function, first]
        strange = lines - set(range(min(old_lines, default=0), max(old_lines, default=0) + 1))
        if (old_file, old_names) != (file, names) or strange:
            differing.append([name, function, sorted(strange)])
print(json.dumps([sys.version_info[:2], missed, differing, added]))
"""
#: A child whose connection ends while it reads, and a task that raises.
RAISING = """\
import multiprocessing as mp, sys, traceback

def read(connection):
    connection.recv()

def task(number):
    return 1 // number

if __name__ == "__main__":
    mp.set_start_method("spawn")
    ours, theirs = mp.Pipe(duplex=False)
    theirs.close()
    try:
        ours.recv()
    except EOFError:
        traceback.print_exc()
    with mp.Pool(1) as pool:
        try:
            pool.map(task, [1, 0])
        except ZeroDivisionError:
            traceback.print_exc()
    ours, theirs = mp.Pipe(duplex=False)
    child = mp.Process(target=read, args=(ours,))
    theirs.close()
    child.start()
    child.join()
    print(child.exitcode)
    ours.recv()
"""


def test_every_point_is_found_but_those_a_version_lacks(tapped, python):
    here = tapped(python)
    done = here.run("-c", WEAVE, str(here.folder / "site"), tapped=False)
    version, missed, differing, _ = json.loads(done.out)
    assert sorted(missed) == sorted(text for text, lacks in LACKING.items() if lacks(tuple(version)))
    assert differing == []


def test_only_the_lock_gets_a_function_more(tapped):
    here = tapped()
    _, _, _, added = json.loads(here.run("-c", WEAVE, str(here.folder / "site"), tapped=False).out)
    assert added == [["multiprocessing.synchronize", "SemLock._make_methods.acquire"]]


def test_tracebacks_are_those_of_the_bare_program(tapped, python, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(RAISING)
    here = tapped(python)
    bare, under = here.run(str(script), tapped=False), here.run(str(script))
    assert (under.code, under.out) == (bare.code, bare.out)
    assert _lines(under.err) == _lines(bare.err)
    assert "EOFError" in bare.err
    assert "ZeroDivisionError" in bare.err
    assert under.books


def _lines(text: str) -> list[str]:
    """A traceback without the marks under its lines, which show columns."""
    return [line for line in text.splitlines() if not re.fullmatch(r"\s*[~^]+\s*", line)]


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_nested_taps_time_each_what_is_theirs(tapped, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(
        "import multiprocessing as mp\n"
        "queue = mp.Queue()\n"
        "for number in range(40):\n"
        "    queue.put(number)\n"
        "    assert queue.get() == number\n"
    )
    [book] = tapped().run(str(script)).books
    by_kind = {slot.kind: slot for slot in book.slots if slot.name and str(slot.name).startswith("pipe:")}
    assert book.counts["get"] == book.counts["put"] == book.counts["unpickle"] == 40
    assert by_kind["get"].name == by_kind["put"].name == by_kind["unpickle"].name
    assert {by_kind[kind].count for kind in ("get", "put", "unpickle")} == {40}


@pytest.mark.parametrize("module", ["concurrent.futures.process", "concurrent.futures.thread"])
def test_what_is_noted_before_a_return_is_noted_whether_timed_or_not(module):
    tree, _ = woven(module, inspect.getsource(importlib.import_module(module)))

    assert ast.unparse(tree).count("f._mpd_tally = getattr(self") == 2


#: Prints how many instructions of a loop of a worker were optimized after some tasks: looks at globals, at attributes.
QUICK = """\
import dis, json, multiprocessing as mp, multiprocessing.pool

def quick(_):
    names = [each.opname for each in dis.get_instructions(multiprocessing.pool.worker, adaptive=True)]
    return names.count("LOAD_GLOBAL_MODULE"), names.count("LOAD_ATTR_MODULE")

if __name__ == "__main__":
    with mp.get_context("fork").Pool(1) as pool:
        print(json.dumps(pool.map(quick, range(100), 1)[-1]))
"""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="it does not optimize code while that runs")
@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_python_optimizes_what_is_woven_into_the_loop_of_a_worker(tapped, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(QUICK)
    looks_at_globals, looks_at_attributes = json.loads(tapped().run(str(script)).out)

    assert looks_at_globals >= 5
    assert looks_at_attributes >= 5
