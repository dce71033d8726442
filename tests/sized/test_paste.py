"""The code to paste: it compiles, it fits, and it does what it says."""

from __future__ import annotations

import itertools
import multiprocessing
import subprocess
import sys

import pytest

from mpdiag.sized.paste import Names, written
from mpdiag.sizer.settings import INTERPRETERS, PLAIN, Setting

NAMES = Names("pkg.mod:double", "pkg.mod:numbers", None, "fork")
SETTINGS = [Setting("threads", 4), Setting("fork", 2, 16), Setting("spawn", 2), Setting("interpreters", 2)]
LIMITED = Setting("fork", 2, native=1)


@pytest.mark.parametrize("setting", [*SETTINGS, LIMITED])
@pytest.mark.parametrize("items", ["pkg.mod:numbers", None])
@pytest.mark.parametrize("setup", ["pkg.mod:prepare_a_worker_with_all_it_needs", None])
def test_it_compiles_and_fits(setting, items, setup):
    programs = written(setting, Names("pkg.mod:Thing.double", items, setup, "fork"))

    for lines in programs.values():
        compile("\n".join(lines), "pasted", "exec")
        assert max(map(len, lines)) <= 80
        assert ("initializer=prepare" in "".join(lines)) == bool(setup and setting.processes)


def test_what_is_there_for_which():
    assert written(PLAIN, NAMES) == {}
    assert set(written(SETTINGS[0], NAMES)) == {"concurrent.futures", "multiprocessing.Pool", "joblib"}
    assert set(written(SETTINGS[3], NAMES)) == {"concurrent.futures"}


def test_a_start_method_is_named_only_where_it_is_not_the_default():
    texts = {setting.kind: "\n".join(itertools.chain(*written(setting, NAMES).values())) for setting in SETTINGS}

    assert 'get_context("spawn")' in texts["spawn"]
    assert "get_context" not in texts["fork"]
    assert "chunksize=16" in texts["fork"]


def test_native_threads_are_held_before_anything_is_imported():
    lines = written(LIMITED, NAMES)["joblib"]

    assert lines[0] == "import os"
    assert lines.index('    os.environ[f"{name}_NUM_THREADS"] = "1"') < lines.index(
        "from joblib import Parallel, delayed"
    )
    assert "NUM_THREADS" not in "".join(written(SETTINGS[1], NAMES)["joblib"])


APP = """
READY = []

def prepare():
    READY.append(1)

def double(number, by=2):
    return number * by

def prepared(number):
    return number * 2 if READY else None

def numbers():
    return [1, 2, 3]
"""


def ran(folder, setting, library, names, calls="[(1, 2), (2, 2), (3, 2)]"):
    """What the code to paste gives: its results, printed, and what stands on standard error."""
    if library == "joblib":
        pytest.importorskip("joblib", reason="joblib is not installed")
    if setting.kind == INTERPRETERS and sys.version_info < (3, 14):
        pytest.skip("InterpreterPoolExecutor is new in Python 3.14")
    (folder / "app.py").write_text(APP)
    lines = [line.replace("[...]", calls) for line in written(setting, names)[library]]
    (folder / "main.py").write_text("\n".join([*lines, "    print(list(results))"]))
    done = subprocess.run(
        [sys.executable, "main.py"], check=False, cwd=folder, capture_output=True, text=True, timeout=60
    )
    return done.stdout, done.stderr


CASES = [
    *itertools.product(["concurrent.futures", "multiprocessing.Pool", "joblib"], [*SETTINGS[:3], LIMITED]),
    ("concurrent.futures", SETTINGS[3]),
]


@pytest.mark.parametrize("items", ["app.py:numbers", None])
@pytest.mark.parametrize(("library", "setting"), CASES)
def test_it_runs(tmp_path, library, setting, items):
    names = Names("app.py:double", items, None, multiprocessing.get_all_start_methods()[0])

    assert ran(tmp_path, setting, library, names) == ("[2, 4, 6]\n", "")


@pytest.mark.parametrize(("library", "setting"), CASES)
def test_it_runs_calls_by_name(tmp_path, library, setting):
    names = Names("app.py:double", None, None, multiprocessing.get_all_start_methods()[0], named=True)
    calls = '[{"number": 1}, {"number": 2, "by": 3}]'

    assert ran(tmp_path, setting, library, names, calls) == ("[2, 6]\n", "")


@pytest.mark.parametrize("library", ["concurrent.futures", "multiprocessing.Pool"])
@pytest.mark.parametrize("setting", SETTINGS[1:3])
def test_its_workers_are_prepared(tmp_path, library, setting):
    names = Names("app.py:prepared", "app.py:numbers", "app.py:prepare", multiprocessing.get_all_start_methods()[0])

    assert ran(tmp_path, setting, library, names) == ("[2, 4, 6]\n", "")
