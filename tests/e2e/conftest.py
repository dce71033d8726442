"""Runs mpdiag as users do, and sees to it that nothing is left of any run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

MARK = "MPDIAG_TEST_MARK"
SHM = Path("/dev/shm")
PROC = Path("/proc")
#: Seconds a run may take that is to be over in a few.
TIMEOUT = 60.0
#: Seconds until what a run leaves to others (the resource tracker, the host of a killed mpdiag) is done.
AFTERWARDS = 4.0
#: Not the tester's settings, nor the environment that pytest happens to run in.
FOREIGN = ("VIRTUAL_ENV", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "PYTHONWARNINGS", "PYTEST_CURRENT_TEST")


class Sandbox:
    """A place of its own for runs of mpdiag: temporary folder, mark in the environment, and /dev/shm where permitted.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Not in `folder`: with so long a path, the sockets of the fork server could not be named.
        self.temporary = Path(tempfile.mkdtemp(prefix="t"))
        self.mark = uuid.uuid4().hex
        self.private = can_mount()
        self.shm = SHM / f"mpdiag-test-{self.mark}" if self.private else SHM
        #: Shell commands that give a run its own /dev/shm.
        self.mounts = f"mount --bind {self.shm} {SHM}"
        if self.private:
            self.shm.mkdir()
        self._before = self._segments()

    def close(self) -> None:
        """Take the private place away."""
        for process in self.processes():
            os.kill(process, 9)
        if self.private:
            shutil.rmtree(self.shm)
        shutil.rmtree(self.temporary)

    def start(
        self, *arguments: Any, setup: str = "", prefix: tuple[str, ...] = (), **settings: Any
    ) -> subprocess.Popen:
        """Start ``python -m mpdiag ARGUMENTS``.

        Args:
            arguments: of mpdiag.
            setup: shell commands in a mount namespace of its own; needs `can_mount`.
            prefix: a command that executes the rest.
            settings: of Popen; ``environ`` is added to the environment.
        """
        command = [*prefix, sys.executable, "-m", "mpdiag", *map(str, arguments)]
        if self.private:
            script = f'{setup or f"mount --bind {self.shm} {SHM}"} && exec "$@"'
            command = ["unshare", "--mount", "sh", "-c", script, "sh", *command]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        environ = {**self.environment(), **settings.pop("environ", {})}
        return subprocess.Popen(
            command, **{"env": environ, "cwd": self.folder, "encoding": "utf-8", **pipes, **settings}
        )

    def run(self, *arguments: Any, **settings: Any) -> subprocess.CompletedProcess:
        """As `start`, to the end; nothing may be left then."""
        with self.start(*arguments, **settings) as process:
            return self.finish(process)

    def finish(self, process: subprocess.Popen) -> subprocess.CompletedProcess:
        """Wait for the end of ``process`` and see that nothing is left."""
        try:
            out, err = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        self.expect_nothing_left()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def environment(self) -> dict[str, str]:
        """What runs see."""
        kept = {k: v for k, v in os.environ.items() if k not in FOREIGN and not k.startswith("MPDIAG_")}
        temporary = str(self.temporary)
        return {**kept, MARK: self.mark, "TMPDIR": temporary, "TEMP": temporary, "TMP": temporary}

    def processes(self) -> list[int]:
        """Living processes that descend from runs in this sandbox."""
        wanted = f"{MARK}={self.mark}".encode()
        return [pid for pid in pids() if wanted in read(PROC / str(pid) / "environ").split(b"\0")]

    def hosts(self) -> list[int]:
        """Those of `processes` that run probes: each leads a session."""
        return [pid for pid in self.processes() if session(pid) == pid]

    def wait_for_host(self, process: subprocess.Popen, number: int) -> int:
        """The ``number``-th host that ``process`` starts; the first one only tells of the interpreter."""
        seen: list[int] = []
        while len(seen) < number:
            assert process.poll() is None, f"over before host number {number}"
            seen += [pid for pid in self.hosts() if pid not in seen]
        return seen[-1]

    def left(self) -> dict[str, list[Any]]:
        """What there is of processes, shared memory and temporary files."""
        found = {
            "processes": [(pid, read(PROC / str(pid) / "cmdline")) for pid in self.processes()],
            "segments": sorted(self._segments() - self._before),
            "files": sorted(
                os.path.relpath(Path(folder, name), self.temporary)
                for folder, folders, files in os.walk(self.temporary)  # which takes it when a folder vanishes
                for name in (*folders, *files)
            ),
        }
        return {name: things for name, things in found.items() if things}

    def expect_nothing_left(self) -> None:
        """Fail unless everything is gone soon."""
        end = time.monotonic() + AFTERWARDS
        while self.left() and time.monotonic() < end:
            time.sleep(0.02)

        assert self.left() == {}

    def _segments(self) -> set[str]:
        return {path.name for path in self.shm.iterdir()} if self.shm.is_dir() else set()


def pids() -> list[int]:
    """The processes of this machine, where it shows them as files."""
    return [int(path.name) for path in PROC.glob("[0-9]*")]


def read(path: Path) -> bytes:
    """What ``path`` holds; nothing when it is gone or not ours to see."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def session(pid: int) -> int:
    """The session of process ``pid``; 0 when it is gone."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


@cache
def can_mount() -> bool:
    """May we mount things for a run alone?"""
    if sys.platform != "linux" or not SHM.is_dir():
        return False
    try:
        done = subprocess.run(
            ["unshare", "--mount", "mount", "-t", "tmpfs", "none", SHM], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="session")
def sandboxed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], AbstractContextManager[Sandbox]]:
    """Opens a `Sandbox` for several tests."""

    @contextmanager
    def opened() -> Iterator[Sandbox]:
        made = Sandbox(tmp_path_factory.mktemp("sandbox"))
        try:
            yield made
        finally:
            made.close()

    return opened


@pytest.fixture
def sandbox(sandboxed: Callable[[], AbstractContextManager[Sandbox]]) -> Iterator[Sandbox]:
    """A `Sandbox` for this test alone."""
    with sandboxed() as made:
        yield made


@pytest.fixture(params=[f"3.{minor}" for minor in range(9, 16)])
def interpreter(request: pytest.FixtureRequest) -> str:
    """The path of an interpreter, of each version that can be measured; skipped where none is found that starts."""
    wanted = request.param
    places = [
        shutil.which(f"python{wanted}"),
        *Path.home().glob(f".pyenv/versions/{wanted}.*/bin/python"),
        *Path("/opt").glob(f"cpython-{wanted}*/bin/python3"),
    ]
    found = next((str(place) for place in filter(None, places) if starts(place, wanted)), None)
    return found or pytest.skip(f"there is no Python {wanted}")


def starts(python: str | Path, wanted: str) -> bool:
    """Whether it runs and is of that version: a version manager's shim may lead nowhere."""
    done = subprocess.run([python, "-I", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.startswith(f"Python {wanted}.")


@pytest.fixture
def mounts() -> None:
    """For tests that mount something over /dev/shm or the temporary folder."""
    if not can_mount():
        pytest.skip("needs the right to mount (root, or CAP_SYS_ADMIN)")
