"""`mpdiag fleet` on a real node of Ray's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytest.importorskip("ray", reason="needs the extra ray")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes and folders as Linux has them"),
    pytest.mark.timeout(300),
]

MPDIAG = (sys.executable, "-m", "mpdiag", "fleet")
#: Beyond what a busy machine takes.
LONG = 120.0


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files, of a name short enough for Ray's sockets; no process and no file may be left."""
    before = Path("/tmp/ray").exists()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)
        late = time.monotonic() + LONG
        while left := [one for one in psutil.process_iter() if temporary_of(one) == folder]:
            assert time.monotonic() < late, left
            time.sleep(0.1)
        assert list(Path(folder).iterdir()) == []
    assert Path("/tmp/ray").exists() == before


def temporary_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get("TMPDIR")
    except psutil.Error:
        return None


@pytest.mark.parametrize("what", [("doctor",), ("probe", "semantics", "--quick")], ids=lambda what: what[0])
def test_a_try_out_is_one_host_and_leaves_nothing(temporary: Path, tmp_path: Path, what) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary), "HOME": str(tmp_path)}
    command = [*MPDIAG, *what, "--ray", "local:2", "--json", str(tmp_path / "out.json")]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG, env=environment)

    (host,) = json.loads((tmp_path / "out.json").read_text())["hosts"]
    assert (done.returncode, done.stderr) == (0, "")
    assert (host["host"], host["status"], host["report"]["kind"]) == ("host-1", "ok", what[0])
    assert host["report"]["machine"]["logical_cpus"] == os.cpu_count()
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


def test_ctrl_c_in_a_terminal_keeps_what_is_there_and_leaves_nothing(temporary: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary), "HOME": str(tmp_path)}
    command = [*MPDIAG, "probe", "--budget", "100", "--ray", "local:2", "--json", str(tmp_path / "out.json")]
    settings = {"env": environment, "start_new_session": True, "stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(command, **settings) as asking:
        late = time.monotonic() + LONG
        while not list(temporary.glob("mpdiag-*/main.py")):
            assert time.monotonic() < late
            time.sleep(0.05)
        os.killpg(asking.pid, signal.SIGINT)
        _, errors = asking.communicate(timeout=LONG)

    (host,) = json.loads((tmp_path / "out.json").read_text())["hosts"]
    assert (asking.returncode, errors) == (130, b"")
    assert (host["status"], host["reason"]) == ("skipped", "interrupted")
