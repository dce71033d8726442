"""Stacks read from outside: by whom, in which order, and that nothing which fails there is our end."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time

import pytest
from tests.hang.conftest import thread

from mpdiag.hang import unwinding
from mpdiag.watch import processes

#: Seconds that are always enough.
ENOUGH = 60.0
SPY = """\
#!{python}
import sys
{code}
"""
DUMP = [
    {
        "os_thread_id": 7,
        "thread_name": "MainThread",
        "frames": [
            {"filename": "app.py", "line": 3, "name": "Job.run"},
            {"filename": "app.py", "line": 9, "name": "main"},
        ],
    },
    {"os_thread_id": 8, "thread_name": None, "frames": []},
]


@pytest.fixture
def spy(tmp_path, monkeypatch):
    """Puts a py-spy of our own in place of the one that is installed."""

    def install(code):
        path = tmp_path / "py-spy"
        path.write_text(SPY.format(python=sys.executable, code=code))
        path.chmod(0o700)
        monkeypatch.setattr(unwinding, "py_spy", lambda: str(path))

    return install


def test_what_py_spy_tells(spy):
    spy(f"assert sys.argv[1:] == ['dump', '--nonblocking', '--json', '--pid', '7']\nprint({json.dumps(DUMP)!r})")
    ((pid, (main, other)),) = unwinding.by_spies([7], time.monotonic() + ENOUGH)

    assert (pid, main.native, main.main, main.name) == (7, 7, True, "MainThread")
    assert [(frame.file, frame.line, frame.function) for frame in main.stack] == [
        ("app.py", 3, "run"),
        ("app.py", 9, "main"),
    ]
    assert (other.native, other.main, other.name) == (8, False, "thread 8")


@pytest.mark.parametrize(
    ("linux", "native", "name", "outermost", "expected"),
    [
        (True, 7, "", "work", True),
        (True, 8, "MainThread", "<module>", False),
        (True, None, "MainThread", "work", True),
        (False, 8, "MainThread", "work", True),
        (False, 8, "", "<module>", True),
        (False, 8, "", "_bootstrap", False),
    ],
)
def test_which_thread_is_the_main_one(monkeypatch, linux, native, name, outermost, expected):
    monkeypatch.setattr(processes, "LINUX", linux)
    found = unwinding.thread(7, native, name, [["app.py", 3, "inner"], ["app.py", 9, outermost]])

    assert (found.main, found.native == 7) == (expected, expected)


@pytest.mark.parametrize(
    "code", ["sys.exit('Permission denied')", "print('no JSON')", "print('')", "import time\ntime.sleep(60)"]
)
def test_a_py_spy_that_may_not_or_is_late_tells_nothing(spy, code):
    spy(code)

    assert list(unwinding.by_spies([7], time.monotonic() + 0.5)) == []
    assert list(unwinding.by_spies([7], time.monotonic() - 1.0)) == []


@pytest.mark.parametrize(
    ("error", "tries"), [("Failed to copy PyCodeObject", 3), ("Permission Denied: Try running again", 1)]
)
def test_what_changed_while_it_was_read_is_read_again(spy, tmp_path, error, tries):
    asked = tmp_path / "asked"
    spy(
        f"with open({str(asked)!r}, 'a+') as asked:\n    asked.write('x')\n    asked.seek(0)\n"
        f"    if len(asked.read()) < 3:\n        sys.exit({error!r})\nprint({json.dumps(DUMP)!r})"
    )
    told = dict(unwinding.by_spies([7], time.monotonic() + ENOUGH))

    assert len(asked.read_text()) == tries
    assert (7 in told) is (tries == 3)


def test_without_py_spy_nothing_is_told(monkeypatch):
    monkeypatch.setattr(unwinding, "py_spy", lambda: None)

    assert list(unwinding.by_spies([7], time.monotonic() + ENOUGH)) == []


def test_whole_stacks_come_first(monkeypatch):
    programs = {1: "/usr/bin/python3.15", 2: "/usr/bin/python3.14", 3: "/usr/bin/python3.14", 4: "/usr/bin/python3.11"}
    asked = []

    def by(who, can):
        def read(*arguments):
            pids = arguments[1] if who == "itself" else arguments[0]
            asked.append((who, list(pids)))
            return [(pid, (who,)) for pid in pids if pid in can]

        return read

    monkeypatch.setattr(processes, "program", programs.get)
    monkeypatch.setattr(unwinding, "trusted", lambda _: True)
    monkeypatch.setattr(unwinding, "by_itself", by("itself", {1, 2, 3}))
    monkeypatch.setattr(unwinding, "by_spies", by("spy", {2}))
    found = unwinding.stacks([1, 2, 3, 4])

    assert asked == [("itself", [1]), ("spy", [2, 3, 4]), ("itself", [3])]
    assert found == {1: ("itself",), 2: ("spy",), 3: ("itself",)}


@pytest.mark.parametrize(
    ("python", "version"),
    [
        ("/usr/bin/python3.14", (3, 14)),
        ("python3.15t", (3, 15)),
        ("/usr/bin/python3", ()),
        ("/opt/app", ()),
        ("pythonX.Y", ()),
    ],
)
def test_the_version_in_a_name(python, version):
    assert unwinding.version_of(python) == version


@pytest.mark.skipif(not hasattr(stat, "S_IWOTH") or sys.platform == "win32", reason="modes of files")
def test_a_python_that_others_may_change_is_not_executed(tmp_path):
    python = tmp_path / "python3.15"
    python.write_text("")
    python.chmod(0o700)
    ours = unwinding.trusted(str(python))
    python.chmod(0o722)

    assert (ours, unwinding.trusted(str(python)), unwinding.trusted(str(tmp_path / "gone"))) == (True, False, False)


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        ('print(\'[7, [[7, [["app.py", 3, "main"]]]]]\')', [7]),
        ("print('[7, \"no right to trace\"]')", []),
        ("print('half a li')", []),
        ("print('[7, [[7, []]]]', flush=True); print('[8, [[8', end='', flush=True); import time; time.sleep(60)", [7]),
    ],
    ids=["told", "refused", "no JSON", "late"],
)
def test_what_the_programs_own_python_tells(monkeypatch, reader, expected):
    monkeypatch.setattr(unwinding, "READER", reader)

    assert [pid for pid, _ in unwinding.by_itself(sys.executable, [7, 8], 4.0)] == expected
    assert list(unwinding.by_itself("/no/such/python3.15", [7], 1.0)) == []


@pytest.mark.skipif(sys.platform != "linux" or unwinding.py_spy() is None, reason="py-spy is not here")
def test_a_real_process():
    code = "import time\ndef rests():\n    print(flush=True)\n    time.sleep(60)\nrests()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        found = unwinding.stacks([process.pid])
        process.kill()

    if not found:
        pytest.skip("nobody may trace here")
    (main,) = found[process.pid]
    assert [frame.function for frame in main.stack] == ["rests", "<module>"]
    assert (main.native, main.main) == (process.pid, True)


def listed(*natives):
    return [thread(native, main=native == 1, name=f"T{place}") for place, native in enumerate(natives)]


@pytest.mark.parametrize(
    ("known", "natives", "expected"),
    [
        ([None, None, 1], [1, 5, 9], [9, 5, 1]),
        ([1, None], [1, 7], [1, 7]),
        ([None, 5, 1], [9, 5, 1], [9, 5, 1]),
        ([None, None, 1], [1, 5], [None, None, 1]),
        ([None, 1], [1, 5, 9], [None, 1]),
        ([1], [1, 5], [1]),
        ([None], [1], [1]),
        ([None, None], [1, 4], [4, 1]),
    ],
    ids=[
        "newest first",
        "the main one first",
        "some are known",
        "one has ended",
        "one is native",
        "all are known",
        "forked by another thread",
        "which has started one since",
    ],
)
def test_threads_get_their_numbers_by_their_age(known, natives, expected):
    found = unwinding.numbered(1, listed(*known), natives)

    assert [each.native for each in found] == expected
    assert [each.main for each in found] == [each == 1 for each in expected]
    assert [each.name for each in found] == [each.name for each in listed(*known)]
