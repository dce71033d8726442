"""What a hostile machine, a hasty user or a bad input do to a run: a clear word, the documented exit code, no trace."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mpdiag

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for what is left in /proc and /dev/shm")

FINE, USAGE, FAILED, INTERRUPTED = 0, 2, 3, 130
CHEAP = ("probe", "start_method", "--quick", "--budget", "0.5")
OUTSIDE_TMP = pytest.mark.skipif(
    any(Path(place).is_relative_to("/tmp") for place in (sys.executable, mpdiag.__file__)),
    reason="mounts over /tmp, where mpdiag or its Python is",
)
#: Those that need shared memory or semaphores.
SHARING = ("channels", "large_payload", "shared_state")
#: A user that no process of this machine belongs to, which may read what root may.
STRANGER = (
    "setpriv",
    "--reuid=54321",
    "--clear-groups",
    *(f"--{which}=-all,+dac_read_search,+dac_override" for which in ("bounding-set", "inh-caps", "ambient-caps")),
)
#: Shell commands for a /dev with little in it.
BARE_DEV = (
    "d=$(mktemp -d -p /var/tmp) && mount -t tmpfs none $d && cd $d && touch null zero full random urandom && "
    "for f in *; do mount --bind /dev/$f $f; done && ln -s /proc/self/fd fd && mount --move . /dev && rmdir $d && cd -"
)
#: A Python whose semaphores fail as they do in a sandbox without shared memory.
NO_SEMAPHORES = """
import _multiprocessing, runpy, sys

class SemLock:
    SEM_VALUE_MAX = 1
    def __init__(self, *arguments):
        raise OSError(38, "Function not implemented")

_multiprocessing.SemLock = SemLock
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def report_of(path):
    return json.loads(path.read_text(encoding="utf-8"))


def expect_one_line(done, code, pattern):
    """The run ended with ``code`` and one clear line, without a traceback."""
    assert (done.returncode, done.stdout) == (code, "")
    assert re.fullmatch(rf"mpdiag: .*{pattern}.*\n", done.stderr), done.stderr


def expect_reasons(report):
    """What could not be measured says why, and nothing of mpdiag itself broke."""
    for section in report["sections"]:
        assert section["status"] in {"ok", "skipped"}, section
        assert section["status"] == "ok" or section["reason"], section


def executable(path, text):
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return path


def sharing():
    from mpdiag import registry

    return [name for name in SHARING if name in registry.names("probes")]


# --- the machine


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize(
    ("setup", "fact"),
    [
        ("mount -t tmpfs none /dev/shm && mount -o remount,ro /dev/shm", "read-only"),
        ("mount -t tmpfs -o size=64k none /dev/shm && ! cat /dev/zero >/dev/shm/full 2>/dev/null", "full"),
        (BARE_DEV, "missing"),
    ],
    ids=["read-only", "full", "missing"],
)
def test_shared_memory_that_is_not_to_be_had(sandbox, setup, fact):
    path = sandbox.folder / "out.json"

    done = sandbox.run("probe", "start_method", *sharing(), "--quick", "--budget", "1", "--json", path, setup=setup)

    report = report_of(path)
    assert done.returncode == FINE, done.stderr
    assert report["machine"]["shm_present"] is (fact != "missing")
    expect_reasons(report)
    assert report["sections"][0]["status"] == "ok"


def test_semaphores_denied(sandbox):
    script = sandbox.folder / "denying.py"
    script.write_text(NO_SEMAPHORES, encoding="utf-8")
    python = executable(sandbox.folder / "python", f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    path = sandbox.folder / "out.json"

    done = sandbox.run(
        "probe", "start_method", *sharing(), "--quick", "--budget", "1", "--python", python, "--json", path
    )

    report = report_of(path)
    assert done.returncode == FINE, done.stderr
    assert report["python"]["semaphores_work"] is False
    expect_reasons(report)
    assert report["sections"][0]["status"] == "ok"


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="needs a user without processes: root")
@pytest.mark.parametrize("most", [1, 3, 5])
def test_processes_denied(sandbox, most):
    """One: no measuring process. A few: that one, but not all of its children."""
    done = sandbox.run(*CHEAP, prefix=(*STRANGER, "prlimit", f"--nproc={most}"))

    assert done.returncode in {FINE, FAILED}
    assert "Traceback" not in done.stderr
    assert re.search(r"could not be measured|temporarily unavailable|new thread|killed by", done.stderr + done.stdout)


@pytest.mark.parametrize("mebibytes", [60, 250, 600])
def test_address_space_denied(sandbox, mebibytes):
    done = sandbox.run(*CHEAP, prefix=("prlimit", f"--as={mebibytes * 2**20}"))

    assert done.returncode in {FINE, FAILED}
    assert "Traceback" not in done.stderr
    assert done.stdout or done.stderr.count("\n") == 1


@pytest.mark.parametrize("files", [8, 12, 20, 40])
def test_open_files_denied(sandbox, files):
    done = sandbox.run(*CHEAP, prefix=("prlimit", f"--nofile={files}"))

    assert done.returncode in {FINE, FAILED}
    assert "Traceback" not in done.stderr
    assert done.stdout or done.stderr.count("\n") == 1


@OUTSIDE_TMP
@pytest.mark.usefixtures("mounts")
def test_temporary_folder_that_does_not_exist(sandbox):
    """Python falls back to the system's: so be it, but nothing stays there."""
    nowhere = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), "/nonexistent")

    done = sandbox.run(*CHEAP, environ=nowhere, setup=f"{sandbox.mounts} && mount --bind {sandbox.temporary} /tmp")

    assert done.returncode == FINE, done.stderr


def test_temporary_folder_with_a_long_name(sandbox):
    """The sockets of the fork server cannot be named there; all else can be measured."""
    folder = sandbox.temporary / ("long" * 25)
    folder.mkdir()

    done = sandbox.start(*CHEAP, "--json", "out.json", environ={"TMPDIR": str(folder)})
    done.communicate(timeout=60)

    report = report_of(sandbox.folder / "out.json")
    folder.rmdir()
    sandbox.expect_nothing_left()
    assert done.returncode == FINE
    assert "AF_UNIX path too long" in " ".join(quality["text"] for quality in report["quality"])
    assert report["sections"][0]["status"] == "ok"
    assert "spawn" in {row["method"] for row in report["sections"][0]["rows"]}


@pytest.mark.usefixtures("mounts")
@pytest.mark.parametrize("blocks", [1, 8])
def test_temporary_folder_on_a_full_disk(sandbox, blocks):
    setup = f"{sandbox.mounts} && mount -t tmpfs -o size={blocks * 4}k none {sandbox.temporary}"

    done = sandbox.run(*CHEAP, setup=setup)

    expect_one_line(done, FAILED, "No space left on device.*TMPDIR")


@OUTSIDE_TMP
@pytest.mark.usefixtures("mounts")
def test_no_temporary_folder_at_all(sandbox):
    """Wherever Python looks for one, the file system is read-only."""
    setup = " && ".join(
        [
            sandbox.mounts,
            *(f"mount -t tmpfs -o ro none {place}" for place in ("/var/tmp", sandbox.temporary)),
            "cd /proc/self",
            "mount -t tmpfs -o ro none /tmp",
        ]
    )

    done = sandbox.run(*CHEAP, setup=setup)

    expect_one_line(done, FAILED, "TMPDIR")


# --- outputs


@pytest.mark.parametrize("bad", ["missing/out.json", ".", "file/out.json"])
def test_output_that_cannot_be_written_is_told_before_measuring(sandbox, bad):
    (sandbox.folder / "file").touch()

    done = sandbox.run(*CHEAP, "--json", bad)

    assert (done.returncode, done.stdout) == (USAGE, "")
    assert bad in done.stderr
    assert "Traceback" not in done.stderr


def test_output_on_a_full_disk_does_not_take_the_report_along(sandbox):
    done = sandbox.run(*CHEAP, "--json", "/dev/full", "--markdown", "kept.md")

    assert done.returncode == FAILED
    assert re.fullmatch(r"mpdiag: /dev/full could not be written: No space left on device\..*\n", done.stderr)
    assert "fork" in done.stdout
    assert "fork" in (sandbox.folder / "kept.md").read_text(encoding="utf-8")


def test_standard_output_on_a_full_disk(sandbox):
    with Path("/dev/full").open("w") as full:
        done = sandbox.run(*CHEAP, "--json", "out.json", stdout=full)

    assert done.returncode == FAILED
    assert re.fullmatch(r"mpdiag: .*No space left on device.*\n", done.stderr), done.stderr
    assert report_of(sandbox.folder / "out.json")["sections"][0]["status"] == "ok"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["explain"], ["explain", "MP401"], ["report", "--schema"]]
)
def test_texts_on_a_full_disk(sandbox, arguments):
    with Path("/dev/full").open("w") as full:
        done = sandbox.run(*arguments, stdout=full)

    assert done.returncode == FAILED
    assert re.fullmatch(r"mpdiag: .*No space left on device.*\n", done.stderr), done.stderr


def test_standard_output_closed_early(sandbox):
    """As by ``| head -1``: a reader who has seen enough is no error."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = sandbox.run(*CHEAP, stdout=pipe)

    assert (done.returncode, done.stderr) == (FINE, "")


@pytest.mark.parametrize("number", [0, 1])
def test_standard_stream_closed(sandbox, number):
    done = sandbox.run(*CHEAP, "--json", "out.json", prefix=("sh", "-c", f'exec "$@" {number}<&-', "sh"))

    assert (done.returncode, done.stderr) == (FINE, "")
    assert report_of(sandbox.folder / "out.json")["sections"][0]["status"] == "ok"


# --- sudden ends


def test_host_killed(sandbox):
    with sandbox.start(*CHEAP, "--json", "out.json") as process:
        os.kill(sandbox.wait_for_host(process, 2), signal.SIGKILL)
        done = sandbox.finish(process)

    section = report_of(sandbox.folder / "out.json")["sections"][0]
    assert done.returncode == FAILED
    assert section["status"] == "failed"
    assert "killed by SIGKILL" in section["reason"]


def test_first_host_killed(sandbox):
    with sandbox.start(*CHEAP) as process:
        os.kill(sandbox.wait_for_host(process, 1), signal.SIGKILL)
        done = sandbox.finish(process)

    assert done.returncode in {FINE, FAILED}
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("seed", range(3))
def test_child_killed(sandbox, seed):
    """Whatever child it is, of the probe or of multiprocessing itself."""
    chance = random.Random(seed)
    with sandbox.start(*CHEAP, "--json", "out.json") as process:
        host = sandbox.wait_for_host(process, 2)
        time.sleep(chance.uniform(0, 0.3))
        victims = [pid for pid in sandbox.processes() if pid not in (host, process.pid)]
        while not victims and sandbox.hosts():
            victims = [pid for pid in sandbox.processes() if pid not in (host, process.pid)]
        for victim in chance.sample(victims, min(1, len(victims))):
            try:
                os.kill(victim, signal.SIGKILL)
            except ProcessLookupError:
                continue
        done = sandbox.finish(process)

    section = report_of(sandbox.folder / "out.json")["sections"][0]
    assert done.returncode in {FINE, FAILED}
    assert section["status"] == "ok" or section["reason"]


@pytest.mark.parametrize("number", [1, 2])
def test_mpdiag_killed(sandbox, number):
    """Its hosts notice, and take everything with them."""
    with sandbox.start(*CHEAP) as process:
        sandbox.wait_for_host(process, number)
        process.kill()
        done = sandbox.finish(process)

    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("after", [round(random.Random(each).uniform(0.05, 2.2), 2) for each in range(5)])
def test_interrupted_at_any_moment(sandbox, after, name):
    with sandbox.start("probe", "--quick", "--json", "out.json") as process:
        time.sleep(after)
        young = not any(sandbox.temporary.iterdir())  # it may not have come to its handlers, or even to Python
        process.send_signal(signal.Signals[name])
        done = sandbox.finish(process)

    assert done.returncode == INTERRUPTED or (young and done.returncode == -signal.Signals[name]), done
    if done.returncode != INTERRUPTED:
        return
    assert "Traceback" not in done.stderr
    if done.stdout:
        assert "interrupted" in done.stdout
        assert report_of(sandbox.folder / "out.json")["quality"][0]["text"].startswith("interrupted")


def test_interrupted_while_measuring_shows_what_is_there(sandbox):
    with sandbox.start("probe", "--quick", "--json", "out.json") as process:
        sandbox.wait_for_host(process, 3)
        process.send_signal(signal.SIGINT)
        done = sandbox.finish(process)

    report = report_of(sandbox.folder / "out.json")
    assert done.returncode == INTERRUPTED
    assert "interrupted" in done.stdout
    assert report["sections"][0]["status"] == "ok"
    assert report["sections"][-1]["reason"] == "interrupted before it began"


@pytest.mark.parametrize("apart", [0.0, 0.02, 0.2])
def test_interrupted_twice(sandbox, apart):
    with sandbox.start(*CHEAP) as process:
        sandbox.wait_for_host(process, 2)
        process.send_signal(signal.SIGINT)
        time.sleep(apart)
        process.send_signal(signal.SIGINT)
        done = sandbox.finish(process)

    assert done.returncode == INTERRUPTED
    assert "Traceback" not in done.stderr


# --- bad inputs


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("false", "#!/bin/sh\nexit 1\n", FAILED),
        ("mute", "#!/bin/sh\nexit 0\n", FAILED),
        ("chatty", "#!/bin/sh\necho hello\n", FAILED),
        ("killed", "#!/bin/sh\nkill -9 $$\n", FAILED),
        ("text", "import this\n", FAILED),
        ("lost", "#!/nonexistent/python\n", FAILED),
    ],
)
def test_interpreter_that_is_none(sandbox, name, text, code):
    done = sandbox.run(*CHEAP, "--python", executable(sandbox.folder / name, text))

    expect_one_line(done, code, re.escape(name))


def test_interpreter_that_never_answers(sandbox):
    """The deadline is long; a user who gives up earlier gets away at once."""
    sleeper = executable(sandbox.folder / "sleeper", "#!/bin/sh\nsleep 100\n")
    with sandbox.start(*CHEAP, "--python", sleeper) as process:
        sandbox.wait_for_host(process, 1)
        process.send_signal(signal.SIGINT)
        done = sandbox.finish(process)

    assert done.returncode == INTERRUPTED


def test_interpreter_that_is_missing(sandbox):
    expect_one_line(sandbox.run(*CHEAP, "--python", "/nonexistent"), USAGE, "/nonexistent: no such interpreter")


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.7", "3.8"])
def test_interpreter_that_is_too_old(sandbox, version):
    found = [*Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), shutil.which(f"python{version}")]
    python = next((path for path in map(str, filter(None, found)) if starts(path)), None)
    if python is None:
        pytest.skip(f"no Python {version} here")

    expect_one_line(sandbox.run(*CHEAP, "--python", python), FAILED, "Give a Python 3.9 or newer with --python PATH.")


def starts(python):
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["probe", "strat_method"], "Did you mean start_method"),
        (["probe", "--select", "MP9"], "there is no rule 'MP9'"),
        (["probe", "--ignore", "nonsense"], "there is no rule 'nonsense'"),
        (["probe", "--qick"], "--qick"),
        (["probe", "--budget", "0"], "--budget"),
        (["probe", "--budget", "nan"], "--budget"),
        (["probe", "--format", "pdf"], "'pdf'"),
        (["prob"], "'prob'"),
        (["report", "missing.json"], "missing.json"),
        (["explain", "MP999"], "MP999"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_command_line(sandbox, arguments, said):
    done = sandbox.run(*arguments)

    assert (done.returncode, done.stdout) == (USAGE, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.mpdiag.probe]\nbugdet = 3\n", "unknown key 'bugdet'"),
        ("[tool.mpdiag]\nformat = 3\n", "'--format'"),
        ("[tool.mpdiag]\nbudget = 'long'\n", "'long'"),
        ("[tool.mpdiag.probe]\nbudget = 'slow'\n", "slow"),
        ("[tool]\nmpdiag = 3\n", "tool.mpdiag is not a table"),
        ("[tool.mpdiag]\nprobe = 3\n", "tool.mpdiag.probe is not a table"),
        ("[tool\n", "pyproject.toml cannot be read"),
        ("tool = 3\n", "tool is not a table"),
    ],
)
def test_bad_configuration(sandbox, text, said):
    (sandbox.folder / "pyproject.toml").write_text(text, encoding="utf-8")

    done = sandbox.run("probe", "start_method")

    assert (done.returncode, done.stdout) == (USAGE, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
