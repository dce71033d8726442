"""What is sent, in every Python found here."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mpdiag.fleet import errand, parcel

PROGRAM = """
import json, sys
space = {"__name__": "errand"}
exec(open(sys.argv[1]).read(), space)
print(space["run"]("in-%d-%d" % sys.version_info[:2], open(sys.argv[2], "rb").read(), sys.argv[3], 100.0, 10**7))
"""


def pythons():
    """An interpreter of each version."""
    pyenv, opt = Path.home() / ".pyenv" / "versions", Path("/opt")
    found = [*pyenv.glob("3.*/bin/python"), *opt.glob("cpython-*/bin/python3"), Path(sys.executable)]
    versions = {}
    for path in found:
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([path, "-I", "-c", code], capture_output=True, text=True, check=False)
        versions[done.stdout.strip()] = path
    return {name: path for name, path in versions.items() if name and tuple(map(int, name.split("."))) >= errand.OLDEST}


PYTHONS = pythons()


@pytest.fixture
def foreign(tmp_path):
    """A folder with psutil, which works in all versions, and with nothing of ours."""
    found = importlib.util.find_spec("psutil")
    shutil.copytree(Path(found.origin).parent, tmp_path / "psutil", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "errand.py").write_text(parcel.errand())
    (tmp_path / "parcel.zip").write_bytes(parcel.archive())
    return tmp_path


@pytest.mark.parametrize("version", PYTHONS)
def test_a_host_without_mpdiag_is_looked_at_and_probed(foreign, version):
    request = {"names": ["semantics"], "level": "quick", "imports": []}
    asked = json.dumps({"request": request, "probes": True, "redact": True, "deadline_s": 100.0})
    command = [PYTHONS[version], "-c", PROGRAM, foreign / "errand.py", foreign / "parcel.zip", asked]
    environment = {"PYTHONPATH": str(foreign), "PATH": "/usr/bin:/bin", "TMPDIR": str(foreign)}

    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)

    facts, semantics, last = map(json.loads, done.stdout.splitlines())
    assert last == json.loads(errand.ended(None))
    assert facts["python"]["version"].startswith(f"{version}.")
    assert semantics["gathered"]["status"] == "ok"
    assert list(foreign.glob("mpdiag-*")) == []


def test_without_psutil_the_reason_is_told(foreign):
    shutil.rmtree(foreign / "psutil")
    asked = json.dumps({"request": {"names": [], "imports": []}, "probes": False, "redact": True, "deadline_s": 9.0})
    command = [sys.executable, "-S", "-c", PROGRAM, foreign / "errand.py", foreign / "parcel.zip", asked]
    # A sitecustomize stands in for -S, which the process of the errand does not inherit.
    (foreign / "sitecustomize.py").write_text("import sys; sys.modules['psutil'] = None\n")

    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(foreign), "TMPDIR": str(foreign)}
    )

    assert "psutil" in json.loads(done.stdout.splitlines()[-1])["ended"]["said"]
