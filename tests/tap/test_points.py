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


@pytest.fixture
def both(tapped, python, tmp_path):
    """``both(text)``: a program bare and under the taps, in each interpreter."""

    def run(text):
        script = tmp_path / "program.py"
        script.write_text(text)
        here = tapped(python)
        return here.run(str(script), tapped=False), here.run(str(script))

    return run


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


def test_tracebacks_are_those_of_the_bare_program(both):
    bare, under = both(RAISING)
    assert (under.code, under.out) == (bare.code, bare.out)
    assert _lines(under.err) == _lines(bare.err)
    assert "EOFError" in bare.err
    assert "ZeroDivisionError" in bare.err
    assert under.books


#: Ctrl-C while it waits for a lock, and an exception of the program's own.
INTERRUPTED = """\
import multiprocessing as mp, os, signal, sys, threading, traceback

class Late(Exception):
    pass

def late(*_):
    raise Late("now")

def wait(lock):
    lock.acquire()

lock = mp.Lock()
lock.acquire()
for handler in (late, signal.default_int_handler):
    signal.signal(signal.SIGINT, handler)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        wait(lock)
    except (Late, KeyboardInterrupt):
        traceback.print_exc()
print(sys.version_info >= (3, 11))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_no_traceback_tells_of_the_function_that_waits_for_a_lock(both):
    bare, under = both(INTERRUPTED)
    extra = [line for line in _lines(under.err) if line not in _lines(bare.err)]

    assert bare.err.count("lock.acquire()") == 2
    assert "Late: now" in under.err
    if bare.out == "True\n":
        assert _lines(under.err) == _lines(bare.err)
    else:
        assert len(extra) == 4  # two lines each time


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


#: Sends, puts and waits for whatever may be, some of it in vain, and what a pickler may be given.
SENDING = """\
import array, io, multiprocessing as mp, pickle, sys, threading
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler

def shown(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)

class Mine:
    pass

class Pickler(ForkingPickler):
    def reducer_override(self, obj):
        return (int, ("7",)) if isinstance(obj, Mine) else NotImplemented

reader, writer = mp.Pipe(duplex=False)
gone = memoryview(b"gone")
gone.release()
for message in (b"", b"x", b"y" * 20_000, bytearray(b"z"), memoryview(b"abc"), memoryview(b"abcdef")[::2], "text", 5,
                memoryview(array.array("i", [1, 2])), gone):
    for more in ((), (1,), (0, 1), (-1,), (9,), (0, 9)):
        back = shown(writer.send_bytes, message, *more)
        print(back, reader.recv_bytes()[:9] if back is None else "")
print(shown(reader.send_bytes, b"x"), shown(writer.recv_bytes))
writer.close()
print(shown(writer.send_bytes, b"x"), shown(writer.send_bytes, memoryview(b"x")))
print(pickle.loads(Pickler.dumps(Mine())), shown(ForkingPickler.dumps, lambda: 0)[0])
mine = pickle.loads(ForkingPickler.dumps([Mine()]))
ForkingPickler.register(Mine, lambda thing: (str, ("registered",)))
print(type(mine[0]).__name__, pickle.loads(ForkingPickler.dumps([Mine()])))
ForkingPickler.persistent_id = lambda self, thing: "me" if isinstance(thing, Mine) else None
print(b"me" in bytes(ForkingPickler.dumps(Mine())))
del ForkingPickler.persistent_id
queue, simple = mp.Queue(2), mp.SimpleQueue()
for number in range(3):
    queue.put(number)
    simple.put(number)
    print(queue.get(), simple.get())
print(shown(queue.put, 1), shown(queue.put, 2), shown(queue.put, 3, False))
queue._rlock = threading.Lock()  # whatever it is, it is used as before
print(queue.get(), queue.get())
ends = [end for _ in range(3) for end in mp.Pipe()]
for full in ends[0:4:3]:
    full.send("for the other end")
closed, unknown = mp.Pipe()
closed.close()
file = open(sys.argv[0])
for given in ([], ends, ends[::-1], tuple(ends), iter(ends), ends[2:3], [ends[1].fileno(), ends[2]], ends * 2, [closed],
              [unknown], [None], [-1], [True], [file, ends[1]], [ends[1], str], [99_999]):
    for timeout in (0, 0.0, 0.01, -1, "soon"):
        found = shown(wait, given, timeout)
        at = [ends.index(each) if each in ends else -1 for each in found]
        print(found[0] if type(found) is tuple else at)
print(len(wait(ends)), wait([ends[1]], None) == [ends[1]], shown(ends[1].poll), shown(ends[0].poll), shown(closed.poll))
"""


def test_shorter_ways_lead_to_the_same(both):
    bare, under = both(SENDING)
    assert (under.code, under.out) == (bare.code, bare.out)
    assert (bare.code, bare.out.count("\n")) == (0, 151)


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
