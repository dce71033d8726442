"""Secrets planted wherever a program has a say, looked for in all that mpdiag writes and prints."""

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mpdiag import registry

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="observes with the means of POSIX")

PROGRAM = """\
import multiprocessing, os, sys
from concurrent.futures import ProcessPoolExecutor

def fetch(number, url="https://zoequill:hunter2@db.example.org/?token=hunter2"):
    return f"{url} {os.environ['SHOP_TOKEN']} {__file__} {os.path.expanduser('~')} Authorization: hunter2"

def fail():
    raise ValueError(fetch(1))

def fetch_all(pool):
    for number in range(12):
        print(pool.submit(fetch, number, "--password=hunter2").result() is None)  # zoequill

if __name__ == "__main__":
    sys.stderr = open(os.devnull, "w")  # so that all that is printed there is mpdiag's
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        fetch_all(pool)
    process = multiprocessing.get_context("fork").Process(target=fail, name="api_key='hunter2'")
    process.start()
    process.join()
"""
ARGUMENTS = ("--password", "hunter2", "--api-token=hunter2", "-H", "Authorization: Bearer hunter2hunter2")
FILES = [*(name for name in registry.names("renderers") if name != "terminal"), "perfetto"]


@pytest.fixture
def mpdiag(tmp_path):
    """Runs a command on the program, which lies among temporary files; gives all that is written, by format."""
    home, temp = tmp_path / "house", tmp_path / "scratch"
    home.mkdir()
    temp.mkdir()
    script = Path(tempfile.mkdtemp(dir=temp), "shop.py")
    script.write_text(PROGRAM, encoding="utf-8")
    environ = {
        **os.environ,
        "HOME": str(home),
        "TMPDIR": str(temp),
        "LOGNAME": "zoequill",
        "SHOP_TOKEN": "tiger-lily",
        "COLUMNS": "400",
    }

    def run(command, *options, files=FILES):
        outputs = {name: home / f"report.{name}" for name in files}
        words = [command, *options, "-v", *(word for name, path in outputs.items() for word in (f"--{name}", path))]
        arguments = [script, *ARGUMENTS] if command == "run" else [script]
        done = subprocess.run(
            [sys.executable, "-m", "mpdiag", *words, *arguments],
            cwd=home, env=environ, capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        texts = {name: path.read_text(encoding="utf-8") for name, path in outputs.items()}
        return {**texts, "terminal": done.stdout if command == "lint" else done.stderr}

    secrets = ["zoequill", "hunter2", "tiger-lily", str(tmp_path), script.parent.name]
    host = socket.gethostname()
    run.secrets = re.compile("|".join(map(re.escape, [*secrets, *([host] if len(host) > len("localhost") else [])])))
    return run


@pytest.mark.parametrize("command", ["run", "lint"])
def test_no_format_tells_a_secret(mpdiag, command):
    told = mpdiag(command, files=FILES if command == "run" else FILES[:-1])

    assert [name for name, text in told.items() if "shop.py" not in text] == []
    assert {name: mpdiag.secrets.findall(text) for name, text in told.items()} == {name: [] for name in told}


def test_all_is_told_on_request(mpdiag):
    told = mpdiag("run", "--no-redact", files=["json"])["json"]

    assert {"hunter2", "zoequill"} <= set(mpdiag.secrets.findall(told))
