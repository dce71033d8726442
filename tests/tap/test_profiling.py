"""Every process is profiled from its birth, however it ends, and the program's own profiler has priority."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from mpdiag.watch import folder as private
from mpdiag.watch.profiles import profiles

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes by signals")

PROGRAM = """
import multiprocessing, os, sys, time

def counted():
    return sum(range(100))

def task(number):
    counted()

def forever(ready):
    for _ in range(5):
        counted()
    ready.set()
    while True:
        time.sleep(0.01)

def leaves():
    counted()
    os._exit(0)

def main():
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(2) as pool:
        pool.map(task, range(20), chunksize=1)
    for end in ("terminate", "kill"):
        ready = context.Event()
        process = context.Process(target=forever, args=(ready,))
        process.start()
        ready.wait()
        getattr(process, end)()
        process.join()
        print(process.exitcode)
    process = context.Process(target=leaves)
    process.start()
    process.join()
    pid = os.fork()
    if not pid:
        counted()
        os.execv(sys.executable, [sys.executable, "-c", "def counted(): pass\\ncounted()"])
    os.waitpid(pid, 0)

if __name__ == "__main__":
    main()
"""
OWN = """
import cProfile, os, pstats
def counted():
    pass
def theirs():
    pass
counted()
profile = cProfile.Profile()
profile.enable()
theirs()
profile.disable()
print([function for *_, function in pstats.Stats(profile).stats if function == "theirs"])
if not os.fork():
    counted()
    os._exit(0)
os.wait()
"""


@pytest.fixture
def profiled(tapped):
    """``profiled(python)``: as `tapped`, with profiles."""

    def make(python=sys.executable):
        made = tapped(python)
        (made.folder / private.PROFILES).mkdir()
        return made

    return make


def calls(made, name):
    """How often functions of that name were called, by process."""
    found = [stats.stats for stats in profiles(made.folder / private.PROFILES)]
    counts = [sum(figures[1] for function, figures in stats.items() if function[2] == name) for stats in found]
    return sorted(count for count in counts if count)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_nothing_is_lost_however_a_process_ends(profiled, tmp_path, method):
    (tmp_path / "app.py").write_text(PROGRAM)
    made = profiled()

    done = made.run(str(tmp_path / "app.py"), method)

    assert (done.code, done.out, done.err) == (0, "-15\n-9\n", "")
    assert sum(calls(made, "task")) == 20
    # The pool's two; terminated, killed, by _exit; before exec and after.
    assert sum(calls(made, "counted")) == 20 + 5 + 5 + 1 + 1 + 1
    assert list((made.folder / private.PROFILES).glob("*.new")) == []


def test_each_version(profiled, tmp_path, python):
    (tmp_path / "app.py").write_text(PROGRAM)
    made = profiled(python)

    done = made.run(str(tmp_path / "app.py"), "fork")

    assert (done.code, done.out) == (0, "-15\n-9\n")
    assert sum(calls(made, "counted")) == 33
    assert calls(made, "main") == [1]
    assert all(
        "mpdiag_tap" not in function[0] and all("mpdiag_tap" not in caller[0] for caller in figures[4])
        for stats in profiles(made.folder / private.PROFILES)
        for function, figures in stats.stats.items()
    )


def test_the_programs_own_profiler_has_priority(profiled, python):
    made = profiled(python)

    done = made.run("-W", "ignore", "-c", OWN)

    assert (done.code, done.out, done.err) == (0, "['theirs']\n", "")
    assert calls(made, "counted") == [1, 1]
    assert calls(made, "theirs") == []
    assert [any(book.noted("gave_way")) for book in done.books] == [True, False]


def test_without_a_folder_nothing_is_profiled(tapped):
    done = tapped().run("-c", "import sys; print(sys.getprofile(), '_lsprof' in sys.modules)")

    assert done.out == "None False\n"


def test_a_profile_that_cannot_be_written_is_no_harm(profiled):
    made = profiled()

    done = made.run("-c", f"import shutil; shutil.rmtree({str(made.folder / private.PROFILES)!r}); print(1)")

    assert (done.code, done.out, done.err) == (0, "1\n", "")


def entry(code, count, own, whole, *calls):
    return SimpleNamespace(
        code=code, callcount=count, reccallcount=0, inlinetime=own, totaltime=whole, calls=calls or None
    )


def test_what_the_tap_does_is_left_out():
    from mpdiag.tap import places
    from mpdiag.tap.profiling import table

    tap = SimpleNamespace(co_filename=f"{places.HERE}mpdiag_tap/core.py", co_firstlineno=1, co_name="begin")
    app = SimpleNamespace(co_filename="app.py", co_firstlineno=3, co_name="task")
    seen = [
        entry(app, 2, 1.0, 3.0, entry("len", 3, 0.1, 0.1), entry(tap, 2, 0.5, 1.0)),
        entry(tap, 2, 0.5, 1.0, entry("len", 4, 0.2, 0.2), entry("clock", 2, 0.3, 0.3)),
        entry("len", 7, 0.3, 0.3),
        entry("clock", 2, 0.3, 0.3),
    ]

    found = table(seen)

    assert set(found) == {("app.py", 3, "task"), ("~", 0, "len")}
    assert found["~", 0, "len"][:2] == (3, 3)
    assert found["~", 0, "len"][2] == pytest.approx(0.1)
    assert found["~", 0, "len"][4] == {("app.py", 3, "task"): (3, 3, 0.1, 0.1)}
