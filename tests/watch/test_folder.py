"""What an observed program finds, and what it must not."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mpdiag.errors import CannotWork
from mpdiag.watch import folder as private
from mpdiag.watch.folder import (
    LEDGERS,
    MEMORY,
    SITE,
    WOVEN,
    environment,
    into_memory,
    make_folder,
    outside,
    prepare,
    remove,
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return make_folder()


def test_it_is_the_users_alone(folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in (folder / SITE).iterdir() if path.is_file()] == ["sitecustomize.py"]
    assert (folder / SITE / "mpdiag_tap" / "layout.py").exists()


@pytest.mark.parametrize("place", ["missing", "file"])
def test_no_place_for_it(tmp_path, monkeypatch, place):
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / place))

    with pytest.raises(CannotWork, match="no private folder"):
        make_folder()


def test_a_folder_that_cannot_be_filled_is_taken_away(tmp_path, monkeypatch):
    def full(*_paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("shutil.copy2", full)

    with pytest.raises(CannotWork, match="No space left"):
        make_folder()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, "{site}"), ("", "{site}"), ("one", "{site}:one"), (":one:", "{site}::one:")],
)
def test_the_path_of_the_program_keeps_its_entries(tmp_path, before, after):
    around = {"OTHER": "x"} if before is None else {"OTHER": "x", "PYTHONPATH": before.replace(":", os.pathsep)}

    found = environment(tmp_path, around)

    wanted = after.format(site="SITE").replace(":", os.pathsep).replace("SITE", str(tmp_path / SITE))
    assert found == {"OTHER": "x", "PYTHONPATH": wanted, "MPDIAG_TAP": str(tmp_path)}


def test_an_observation_within_another_is_its_own(tmp_path):
    outer, inner = tmp_path / "outer", tmp_path / "inner"
    once = environment(outer, {"PYTHONPATH": "one"})

    assert environment(inner, once) == environment(inner, {"PYTHONPATH": "one"})
    assert outside(once) == {"PYTHONPATH": "one"}


def test_an_interpreter_tells_its_facts_and_weaves_ahead(folder):
    facts = prepare(folder, sys.executable)

    assert facts["version"] == ".".join(map(str, sys.version_info[:3]))
    assert facts["default_start_method"]
    assert list((folder / WOVEN).iterdir())
    assert list((folder / LEDGERS).iterdir()) == []


def test_modules_of_the_working_folder_are_not_ours(folder, tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "multiprocessing.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)

    assert prepare(folder, sys.executable)["version"]


@pytest.mark.parametrize("python", ["/no/such/python", "true", "sh"])
def test_what_is_no_python_has_no_facts(folder, python):
    assert prepare(folder, python) == {}


def test_an_interpreter_that_hangs_is_left_alone(folder, tmp_path, monkeypatch):
    slow = tmp_path / "python"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(private, "DEADLINE", 0.2)

    assert prepare(folder, str(slow)) == {}


def test_something_else_is_done_while_the_interpreter_prepares(folder):
    done = []

    facts = prepare(folder, sys.executable, lambda: done.append(True))

    assert facts["version"]
    assert done == [True]


def test_an_interrupted_preparation_ends_the_interpreter(folder, monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *given, **how: started.append(popen(*given, **how)) or started[0])

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(folder, sys.executable, interrupted)

    assert started[0].returncode is not None


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="no such question")
def test_ledgers_in_memory_where_there_is_room(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(private, "ROOMY", 1)
    memory = tmp_path / "memory"
    memory.mkdir()

    into_memory(folder, memory, {})

    [made] = memory.iterdir()
    assert (folder / LEDGERS).resolve() == made
    assert stat.S_IMODE(made.stat().st_mode) == 0o700

    remove(folder)
    assert not folder.exists()
    assert list(memory.iterdir()) == []


@pytest.mark.parametrize("reason", ["chosen", "missing", "small", "full disk"])
def test_ledgers_elsewhere(folder, tmp_path, monkeypatch, reason):
    monkeypatch.setattr(private, "ROOMY", 1 << 62 if reason == "small" else 1)
    memory = tmp_path / "memory"
    if reason != "missing":
        memory.mkdir()
    if reason == "full disk":
        (folder / private.MORE).touch()

    into_memory(folder, memory, {"TMPDIR": "/elsewhere"} if reason == "chosen" else {})

    assert not (folder / LEDGERS).is_symlink()
    assert (folder / LEDGERS).is_dir()
    assert list(tmp_path.glob("memory/*")) == []


@pytest.mark.skipif(not MEMORY.is_dir(), reason="no file system in memory")
@pytest.mark.parametrize("killed", [False, True])
def test_a_run_leaves_nothing_in_memory(tmp_path, killed):
    around = {name: value for name, value in os.environ.items() if name not in private.CHOSEN}
    program = "import os; print(os.path.realpath(os.environ['MPDIAG_TAP'] + '/ledgers'), flush=True)"
    if killed:
        program += "; os.kill(os.getppid(), 9)"

    command = (sys.executable, "-m", "mpdiag", "run", "--quiet", "--", sys.executable, "-c", program)
    done = subprocess.run(command, env=around, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == (-9 if killed else 0), done.stderr

    used = Path(done.stdout.splitlines()[0])
    patience = time.monotonic() + 10
    while used.exists() and time.monotonic() < patience:
        time.sleep(0.01)
    assert not used.exists()
    if os.statvfs(MEMORY).f_bavail * os.statvfs(MEMORY).f_frsize > 2 * private.ROOMY:
        assert used.is_relative_to(MEMORY)
