"""Programs do not notice that they are observed: what they write and how they end is the same under `mpdiag run`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the programs fork and look into /proc")

PROGRAMS = Path(__file__).with_name("programs")
#: Each program, with what stands before and after its name on the command line.
CASES = {
    "itself": ((), ("-v", "--", "x")),
    "children fork": ((), ("fork",)),
    "children spawn": ((), ("spawn",)),
    "children forkserver": ((), ("forkserver",)),
    "forks": ((), ()),
    "descriptors": ((), ("written",)),
    "freed": ((), ()),
    "interrupts": ((), ()),
    "subinterpreters": ((), ()),
    "warned": (("-X", "dev", "-W", "always"), ()),
    **{f"ends {how}": ((), (how,)) for how in ("0", "3", "words", "raise", "interrupt", "_exit", "abort", "kill")},
}
#: A lock's `acquire` is a function in Python when observed: tracebacks that begin in it show one entry more.
ACQUIRE = re.compile(r'  File "[^"]*synchronize\.py", line \d+, in acquire\n    self\.acquire = .*\n(    [ ~^]+\n)?')
PID = re.compile(r"\bpid=\d+")
SECONDS = 60


def interpreters():
    """One of each version found here that can be observed."""
    names = [shutil.which(f"python3.{minor}") for minor in range(9, 16)]
    pyenv, opt = Path.home() / ".pyenv" / "versions", Path("/opt")
    places = [*filter(None, names), *pyenv.glob("3.*/bin/python"), *opt.glob("cpython-*/bin/python3"), sys.executable]
    found = {version(place): str(place) for place in places}
    return {name: path for name, path in found.items() if name and tuple(map(int, name.split("."))) >= (3, 9)}


def version(python):
    """Such as ``3.12``; empty when it does not start: a version manager's shim may lead nowhere."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-E", "-s", "-c", code], capture_output=True, text=True, check=False).stdout.strip()


INTERPRETERS = interpreters()
OWN = version(sys.executable)
#: As each case takes seconds, these interpreters get all of them but for the ends, and the others a few.
OUTER = sorted(INTERPRETERS, key=lambda name: int(name.split(".")[1]))[:: max(len(INTERPRETERS) - 1, 1)]
FEW = ("itself", "children fork", "freed")
OLD = "import multiprocessing, sys; multiprocessing.Queue(); print([n for n in sys.modules if 'mpdiag' in n])"


def shown(done):
    """What can be seen of a program; several processes write in any order."""
    texts = [ACQUIRE.sub("", PID.sub("pid=", text)) for text in (done.stdout, done.stderr)]
    return [sorted(text.splitlines()) for text in texts]


def cases():
    """What is tried with which interpreter."""
    for python in INTERPRETERS:
        for name in CASES:
            if python == OWN or name in FEW or (python in OUTER and not name.startswith("ends")):
                yield python, name


@pytest.mark.parametrize(("python", "name"), [*cases()])
def test_programs_are_what_they_are_bare(sandbox, python, name):
    before, after = CASES[name]
    command = [INTERPRETERS[python], *before, f"{name.split()[0]}.py", *after]
    shutil.copytree(PROGRAMS, sandbox.folder, dirs_exist_ok=True)
    settings = {"cwd": sandbox.folder, "env": sandbox.environment(), "stdin": subprocess.DEVNULL}
    bare = subprocess.run(command, **settings, capture_output=True, text=True, timeout=SECONDS, check=False)
    sandbox.expect_nothing_left()

    under = sandbox.run("run", "-q", "--json", "out.json", "--", *command)

    assert shown(under) == shown(bare)
    assert bare.stdout
    assert under.returncode == (bare.returncode if bare.returncode >= 0 else 128 - bare.returncode)


@pytest.mark.parametrize("number", ["2.7", "3.6", "3.7", "3.8"])
def test_interpreters_without_taps_are_left_alone(sandbox, number):
    found = [*Path.home().glob(f".pyenv/versions/{number}.*/bin/python"), shutil.which(f"python{number}")]
    python = next((str(place) for place in filter(None, found) if version(place) == number), None)
    if python is None:
        pytest.skip(f"no Python {number} here")

    done = sandbox.run("run", "-q", "--json", "out.json", "--", "sh", "-c", f'{python} -c "$0"', OLD)

    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
