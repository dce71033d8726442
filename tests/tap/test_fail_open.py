"""Whatever happens to the taps, the program runs as it does without them."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys

import pytest

from mpdiag.tap.layout import PARTS

linux = pytest.mark.skipif(sys.platform != "linux", reason="what it looks at is in /proc")
#: Uses what has taps, in the parent and in children of two start methods.
PROGRAM = """\
import concurrent.futures, multiprocessing as mp, sys

total = 0
seen = []

def task(number):
    global total
    total += number
    seen.append(number)
    if number == 3:
        raise ValueError("three")
    return number * 2

def work(queue, connection, value, array, lock):
    with lock:
        connection.send(queue.get())
    value.value += 1
    array[0] += 1
    connection.close()
    sys.exit(5)

def use(method):
    context = mp.get_context(method)
    queue, lock = context.Queue(2), context.Lock()
    ours, theirs = context.Pipe()
    value, array = context.Value("i", 0), context.Array("i", 3)
    child = context.Process(target=work, args=(queue, theirs, value, array, lock))
    child.start()
    theirs.close()
    queue.put(b"x" * 200_000)
    size = len(ours.recv())
    try:
        ours.recv()
    except EOFError:
        print("end")
    child.join()
    print(method, size, child.exitcode, value.value, array[0], queue.empty())
    queue.close()
    queue.join_thread()  # a fork beside a thread may hang, bare too
    with context.Pool(2) as pool:
        results = [pool.apply_async(task, (number,)) for number in range(5)]
        print([result.get() for number, result in enumerate(results) if number != 3])
        pool.close()
        pool.join()  # to terminate one that waits for tasks may hang, bare too
    with context.Manager() as manager:
        shared = manager.dict()
        shared["a"] = 1
        print(dict(shared))
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        print(list(executor.map(task, range(3))), type(executor.submit(task, 3).exception()).__name__)
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        print(sorted(executor.map(task, range(3))))

if __name__ == "__main__":
    use("spawn")
    if "fork" in mp.get_all_start_methods():
        use("fork")
    sys.exit(3)
"""
RAISE = """\
def _broken(*_arguments, **_named):
    raise RuntimeError("broken on purpose")

for _name in {names!r}:
    globals()[_name] = _broken
"""
#: What the functions that taps call rest on.
BROKEN = {
    "core": ("this_thread", "slot_of", "_place", "_add", "identity", "_new_slot", "_thread"),
    "gates": ("repeat", "_scaled"),
    "note": ("describe", "threads", "_importing"),
    "tasks": ("describe", "given", "_compare", "_dragged", "_trace", "_object", "_collection"),
    "globs": ("describe", "_remember", "_compare", "_mark", "_tell", "_unlogged"),
    "values": ("_slot", "_mark", "_follow", "_wrapped", "_length", "_block", "name_of", "code_of"),
    "ending": ("unread", "_uncaught"),
    "holds": ("ref",),
    "finder": ("marshal",),
    "stacks": ("arm",),
}


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return str(path)


def same(under, bare):
    assert (under.code, under.out, under.err) == (bare.code, bare.out, bare.err)


@pytest.fixture
def bare(tapped, program):
    done = tapped().run(program, tapped=False)
    assert done.code == 3
    return done


@pytest.mark.parametrize("module", BROKEN)
def test_a_tap_that_fails_is_not_noticed(tapped, program, bare, module):
    there = vars(importlib.import_module(f"mpdiag.tap.{module}"))
    assert set(BROKEN[module]) <= set(there), "it breaks what is not there"
    here = tapped()
    here.patch(module, RAISE.format(names=BROKEN[module]))
    same(here.run(program), bare)


def test_a_tap_that_cannot_be_imported_is_not_noticed(tapped, program, bare):
    here = tapped()
    here.patch("core", "raise ImportError('broken on purpose')")
    same(here.run(program), bare)


@pytest.mark.parametrize("part", sorted(PARTS))
def test_a_part_that_cannot_be_imported_is_not_noticed(tapped, program, bare, part):
    here = tapped()
    here.patch(part, "raise ImportError('broken on purpose')")
    same(here.run(program), bare)


def test_a_ledger_that_cannot_be_written_is_not_noticed(tapped, program, bare):
    here = tapped()
    here.patch("ledger", "def _mapped(folder):\n    raise OSError('broken on purpose')")
    done = here.run(program)
    same(done, bare)
    assert done.books == ()


def test_a_folder_that_is_gone_is_not_noticed(tapped, program, bare):
    here = tapped()
    (here.folder / "ledgers").rmdir()
    same(here.run(program), bare)


def test_a_folder_that_vanishes_meanwhile_is_not_noticed(tapped, tmp_path, bare):
    script = tmp_path / "vanishing.py"
    start = "import os, shutil; shutil.rmtree(os.environ.get('MPDIAG_TAP', '/nonexistent'), ignore_errors=True)\n"
    script.write_text(start + PROGRAM)
    same(tapped().run(str(script)), bare)


def test_a_folder_that_is_none_is_not_noticed(tapped, program, bare):
    here = tapped()
    (here.folder / "ledgers").rmdir()
    (here.folder / "ledgers").write_text("not a folder")
    same(here.run(program), bare)


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_disk_without_room_is_not_noticed(tapped, program, bare):
    limited = ("sh", "-c", 'ulimit -f 16 && exec "$0" "$@"')  # as a full disk: a ledger is larger
    here = tapped()
    done = here.run(program, through=limited)
    same(done, bare)
    assert done.books == ()


@linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount")
def test_a_full_disk_is_not_noticed(tapped, program, bare):
    here = tapped()
    ledgers = str(here.folder / "ledgers")
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", ledgers]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount")
    try:
        same(here.run(program), bare)
    finally:
        subprocess.run(["umount", ledgers], check=True)


def test_under_the_taps_it_is_the_same_program(tapped, program, python):
    here = tapped(python)
    done = here.run(program)
    same(done, here.run(program, tapped=False))
    assert len(done.books) >= 6


# --- what the program sees of itself

SELF = """\
import json, os, sys
seen = {
    "path": sys.path, "flags": list(sys.flags), "argv": sys.argv, "meta": len(sys.path_hooks),
    "modules": sorted(name for name in sys.modules if "sitecustomize" in name or "usercustomize" in name),
    "environ": {key: value for key, value in os.environ.items() if key not in ("MPDIAG_TAP", "PYTHONPATH", "_")},
    "files": sorted(number for number in map(int, os.listdir("/proc/self/fd")) if number < 100),
    "main": sorted(vars(sys.modules["__main__"])), "threads": len(os.listdir("/proc/self/task")),
}
print(json.dumps(seen))
"""


@linux
def test_the_program_sees_of_itself_what_it_sees_bare(tapped, tmp_path, python):
    script = tmp_path / "program.py"
    script.write_text(SELF)
    here = tapped(python)
    bare, under = here.run(str(script)), here.run(str(script), tapped=False)
    assert json.loads(under.out) == json.loads(bare.out)


CUSTOM = "import sys\nprint({name!r}, __name__, file=sys.stderr)\n"


@pytest.mark.parametrize("names", [["sitecustomize"], ["usercustomize"], ["sitecustomize", "usercustomize"], []])
def test_the_users_own_customization_runs_once(tapped, tmp_path, names, python):
    for name in names:
        (tmp_path / f"{name}.py").write_text(CUSTOM.format(name=name))
    here = tapped(python)
    here.environ["PYTHONPATH"] = str(tmp_path)
    see = "import sys; print(sorted(name for name in sys.modules if 'customize' in name), sys.path)"
    done = here.run("-c", see)
    same(done, here.run("-c", see, tapped=False))
    assert done.books
    ran = [line.split()[0] for line in done.err.splitlines() if "customize" in line]
    assert len(ran) == len(set(ran))
    assert ("sitecustomize" in ran) is ("sitecustomize" in names)


def test_a_customization_that_fails_does_so_as_it_does_bare(tapped, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("raise LookupError('the user has a mistake here')\n")
    here = tapped()
    here.environ["PYTHONPATH"] = str(tmp_path)
    under, bare = here.run("-c", "print(1)"), here.run("-c", "print(1)", tapped=False)
    assert (under.code, under.out) == (bare.code, bare.out)
    assert "the user has a mistake here" in under.err


@pytest.mark.parametrize(("flag", "observed"), [("-I", False), ("-S", False), ("-E", False), ("-s", True)])
def test_flags_that_keep_the_taps_out_leave_the_program_alone(tapped, program, bare, flag, observed):
    done = tapped().run(flag, program)
    same(done, bare)
    assert bool(done.books) is observed


PICKLES = """\
import multiprocessing as mp, pickle
from multiprocessing import context
from multiprocessing.reduction import ForkingPickler

class Spawning:
    DupFd = int

    def duplicate_for_child(self, handle):
        return 7

def task(number):
    return number

if __name__ == "__main__":
    mp.set_start_method("spawn")
    queue, value, pipe = mp.Queue(), mp.Value("i", 1), mp.Pipe()
    queue.put(1); queue.get(); value.value += 1; pipe[0].send(1); pipe[1].recv()
    process = mp.Process(target=task, args=(queue, value, pipe))
    context.set_spawning_popen(Spawning())
    data = bytes(ForkingPickler.dumps(queue)) + bytes(ForkingPickler.dumps(pipe[0]))
    context.set_spawning_popen(None)
    print(b"_mpd" in data, b"mpdiag" in data, pickle.dumps(task).hex(), bytes(ForkingPickler.dumps([1, "a"])).hex())
    print([type(each).__name__ for each in (queue, value, pipe[0])], mp.Queue.__module__, type(queue).__module__)
"""


def test_pickles_are_those_of_the_bare_program(tapped, tmp_path, python):
    script = tmp_path / "program.py"
    script.write_text(PICKLES)
    here = tapped(python)
    done = here.run(str(script))
    same(done, here.run(str(script), tapped=False))
    assert done.out.startswith("False False")


# --- a signal amid a child's birth

INTERRUPTED = """\
_real, _first = _mapped, os.getpid()

def _mapped(folder):
    if folder and os.getpid() != _first:
        raise SystemExit(9)  # as a signal handler of the program may, at any moment
    return _real(folder)
"""
FORKING = """\
import multiprocessing as mp
from multiprocessing.reduction import ForkingPickler

def work():
    for number in range(50):
        ForkingPickler.dumps([number])

if __name__ == "__main__":
    context = mp.get_context("fork")
    child = context.Process(target=work)
    child.start()
    child.join()
    print(child.exitcode)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_whose_birth_was_interrupted_does_not_count_in_its_parents_ledger(tapped, tmp_path):
    script = tmp_path / "program.py"
    script.write_text(FORKING)
    here = tapped()
    here.patch("ledger", INTERRUPTED)

    done = here.run(str(script))

    (book,) = done.books
    assert (done.code, done.out) == (0, "0\n")
    assert book.counts.get("pickle", 0) == 0
