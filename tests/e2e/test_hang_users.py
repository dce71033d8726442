"""`mpdiag hang` on programs of other users: root sees them whole, others are told what they may not see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="needs root, to start programs of another user"
)

#: Reads from a pipe of which it holds both ends itself.
STUCK = "import os, signal; signal.alarm(60); r, w = os.pipe(); print(flush=True); os.read(r, 1)"
PACKAGES = os.pathsep.join((str(Path(__file__).parents[2] / "src"), sysconfig.get_paths()["purelib"]))
ENVIRON = {"PATH": os.defpath, "PYTHONPATH": PACKAGES, "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/", "TMPDIR": "/tmp"}
USED = "import mpdiag.commands.hang, mpdiag.renderers.terminal, mpdiag.commands.run"


def as_nobody() -> dict[str, object]:
    """The settings of Popen by which a program is another user's."""
    user = pytest.importorskip("pwd").getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter that another user may execute too, with mpdiag."""
    places = [sys.executable, shutil.which("python3", path=os.defpath), *Path("/opt").glob("cpython-*/bin/python3")]
    for place in filter(None, places):
        try:
            done = subprocess.run(
                [place, "-c", USED], env=ENVIRON, cwd="/", capture_output=True, check=False, **as_nobody()
            )
        except OSError:
            continue
        if done.returncode == 0:
            return str(place)
    return pytest.skip("no interpreter is open to the user nobody, with what mpdiag needs")


@pytest.fixture
def start(python) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts a program and gives it when it is ready; ends it afterwards."""
    started: list[subprocess.Popen] = []

    def begin(*command: str, **settings: object) -> subprocess.Popen:
        process = subprocess.Popen(
            [python, *command], env=ENVIRON, cwd="/", stdout=subprocess.PIPE, start_new_session=True, **settings
        )
        started.append(process)
        assert process.stdout.readline() == b"\n"
        return process

    yield begin
    for process in started:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def ask(python) -> Callable[..., tuple[int, dict, str]]:
    """Runs `mpdiag hang`: its exit code, its report and what it says on standard error."""

    def run(asked: object, **settings: object) -> tuple[int, dict, str]:
        command = [python, "-m", "mpdiag", "hang", str(asked), "--format", "json"]
        done = subprocess.run(
            command, env=ENVIRON, cwd="/", capture_output=True, text=True, timeout=60, check=False, **settings
        )
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    return run


def unseen(report: dict) -> list[str]:
    return [each["text"] for each in report["quality"] if "not ours to see" in each["text"]]


def test_root_sees_what_another_users_program_waits_for(start, ask):
    process = start("-c", STUCK, **as_nobody())

    code, report, errors = ask(process.pid)

    assert (code, errors, unseen(report)) == (0, "", [])
    (row,) = next(section["rows"] for section in report["sections"] if section["id"] == "waits")
    assert (row["kind"], row["doing"], row["can_move"]) == ("read", "read", False)


@pytest.mark.parametrize(
    ("under", "verdict"),
    [((), "It could not be seen whether it is stuck"), (("-m", "mpdiag", "run", "-q", "--"), "Not stuck")],
    ids=["a program", "its observer"],
)
def test_another_user_is_told_that_roots_program_is_not_theirs_to_see(start, ask, python, under, verdict):
    process = start(*under, *((python,) if under else ()), "-c", STUCK)

    code, report, errors = ask(process.pid, **as_nobody())

    assert (code, errors, report["findings"]) == (0, "", [])
    assert any("processes are not ours to see: ask as their user, or as root" in text for text in unseen(report))
    assert report["verdict"].startswith(verdict)


def test_another_user_asks_for_their_own(start, ask):
    process = start("-c", STUCK, **as_nobody())

    code, report, errors = ask(process.pid, **as_nobody())

    assert (code, errors, unseen(report)) == (0, "", [])
    assert [row["kind"] for row in report["sections"][0]["rows"]] == ["read"]


def test_root_writes_nothing_into_the_folder_of_another_users_run(start, ask, python):
    run = start("-m", "mpdiag", "run", "-q", "--", python, "-c", STUCK, **as_nobody())

    code, report, errors = ask(run.pid)

    assert (code, errors) == (0, "")
    assert any("to the user alone who started the `mpdiag run`" in each["text"] for each in report["quality"])


def test_a_name_that_only_others_have(start, ask):
    start("-c", f"{STUCK}  # seldom-found", **as_nobody())

    code, report, _ = ask("seldom-found")

    assert (code, report["kind"]) == (0, "hang")
