"""Whole runs of ``mpdiag lint``: exit codes, what is printed, several processes, interruption, and nothing left."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mpdiag import machine
from mpdiag.linting.running import BREAK_EVEN

UNGUARDED = "from multiprocessing import Pool\n\nwith Pool() as pool:\n    print(pool.map(abs, range(3)))\n"
GUARDED = 'import multiprocessing\n\nif __name__ == "__main__":\n    print(multiprocessing.cpu_count())\n'
#: Would be seen if it were imported, or run.
REVENGE = "import multiprocessing\nfrom pathlib import Path\nPath('imported').touch()\n"
#: Files enough for several processes, with what each holds beside its mistake.
MANY = 60
BALLAST = "\nx = [\n" + "    (1, 2, 3),\n" * 5000 + "]\n"

TWO_CPUS = pytest.mark.skipif(
    not Path("/proc/self").exists() or machine.gather()["usable_workers"] < 2,
    reason="needs two CPUs and processes that show",
)
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs signals and pipes")


@pytest.fixture
def folder(sandbox):
    """The folder of the sandbox, with some files."""
    for name, text in {"bad.py": UNGUARDED, "good.py": GUARDED, "pkg/plain.py": "x = 1\n"}.items():
        path = sandbox.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return sandbox.folder


def many(folder):
    """Files enough for several processes; every third has a mistake, one is broken."""
    for number in range(MANY):
        path = folder / f"d{number % 7}" / f"f{number:03}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text((UNGUARDED if number % 3 == 0 else GUARDED) + BALLAST)
    (folder / "d0" / "f000.py").write_text(f"import multiprocessing\nx = = 1\n{BALLAST}")


def unread(pipe):
    """How many bytes of what was written to ``pipe`` nobody has read."""
    import fcntl
    import termios

    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_what_is_printed(sandbox, folder):
    done = sandbox.run("lint", "--statistics", "-v")

    assert done.returncode == 1
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1 error in 1 of 3 files: ")
    assert "  3 │ with Pool() as pool:" in lines
    assert "    │      ^^^^^^" in lines
    assert re.search(r"^MP106 +missing-main-guard +1$", done.stdout, re.MULTILINE)
    assert re.search(r"^files checked +3$", done.stdout, re.MULTILINE)


def test_formats_and_files_beside(sandbox, folder):
    done = sandbox.run("lint", ".", "--format", "concise", "--json", "lint.json", "--sarif", "lint.sarif")

    assert done.stdout.splitlines()[0].startswith("bad.py:3:6: MP106 error missing-main-guard: ")
    report = json.loads((folder / "lint.json").read_text())
    assert (report["kind"], report["machine"]) == ("lint", {})
    assert [each["place"]["line"] for each in report["findings"]] == [3]
    assert json.loads((folder / "lint.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("good.py", "pkg"), 0),
        (("bad.py",), 1),
        (("bad.py", "--fail-on", "never"), 0),
        (("gone.py",), 2),
        (("--fail-on", "sometimes"), 2),
        (("broken.py",), 2),
        (("broken.py", "good.py"), 0),
    ],
)
def test_exit_codes(sandbox, folder, arguments, code):
    (folder / "broken.py").write_text("import multiprocessing\nx = = 1\n")

    assert sandbox.run("lint", *arguments).returncode == code


def test_nothing_of_what_is_read_is_run(sandbox, folder):
    for name in ("revenge.py", "conftest.py", "__init__.py", "__main__.py", "setup.py"):
        (folder / name).write_text(REVENGE)

    assert sandbox.run("lint").returncode == 1
    assert not (folder / "imported").exists()


def test_several_processes_say_what_one_says(sandbox, folder):
    many(folder)
    here = sandbox.run("lint", "--format", "json")
    files = sorted(folder.rglob("*.py"))
    halves = [sandbox.run("lint", "--format", "json", *half) for half in (files[: MANY // 2], files[MANY // 2 :])]
    assert sum(path.stat().st_size for path in files) > BREAK_EVEN > MANY // 2 * len(BALLAST)

    report, first, second = (json.loads(done.stdout) for done in (here, *halves))

    def known(report):
        return [(each["rule"], each["place"]["file"], each["place"]["line"]) for each in report["findings"]]

    assert len(known(report)) == MANY // 3
    assert sorted(known(report)) == sorted(known(first) + known(second))
    assert known(report) == sorted(known(report), key=lambda each: each[1:])
    assert [each["text"].partition(":")[0] for each in report["quality"]] == ["d0/f000.py"]


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_while_it_waits_for_standard_input(sandbox, folder, number):
    with sandbox.start("lint", "-", stdin=subprocess.PIPE) as process:
        process.stdin.write("x")
        process.stdin.flush()
        while unread(process.stdin):
            time.sleep(0.02)
        process.send_signal(number)
        process.wait(20)
        out, err = process.stdout.read(), process.stderr.read()

    assert (process.returncode, out, err.strip()) == (130, "", "mpdiag: interrupted")
    sandbox.expect_nothing_left()


def command(pid):
    """The command line of a process; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.fixture
def several(sandbox, folder):
    """A run that has started its processes, and those of them that check files."""
    many(folder)
    with sandbox.start("lint", "--format", "json", start_new_session=True) as process:
        workers = []
        while len(workers) < 2 and process.poll() is None:
            time.sleep(0.02)
            workers = [pid for pid in sandbox.processes() if "spawn_main" in command(pid)]
        yield process, workers


@TWO_CPUS
def test_an_interruption_of_several_processes_leaves_none(sandbox, several):
    process, _ = several
    os.killpg(process.pid, signal.SIGINT)
    done = sandbox.finish(process)

    assert done.returncode == 130
    assert json.loads(done.stdout)["quality"][0]["text"].startswith("interrupted")
    assert done.stderr == ""


@TWO_CPUS
def test_a_process_that_dies_is_told_in_a_line(sandbox, several):
    process, workers = several
    os.kill(workers[0], signal.SIGKILL)
    done = sandbox.finish(process)

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("mpdiag: a process that checks files has died.")
    assert done.stderr.count("\n") == 1
