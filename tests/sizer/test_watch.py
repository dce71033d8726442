"""What a process was doing when it stood still or died."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from mpdiag.sizer import watch

PROGRAM = """
import sys, threading, time
from mpdiag.sizer.watch import Watch
def stand_still():
    {body}
threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
with open(sys.argv[1], "w") as file:
    told = Watch(file)
    told("the first", 30.0)
    told("the second", 0.3)
    stand_still()
"""


def left_by(path, body):
    program = textwrap.dedent(PROGRAM.format(body=body))
    done = subprocess.run([sys.executable, "-c", program, path], check=False, timeout=60, capture_output=True)
    return done.returncode, watch.read(path)


def test_what_takes_too_long_is_ended_and_its_place_told(tmp_path):
    code, found = left_by(tmp_path / "doing.txt", "time.sleep(30)")

    assert code == 1
    assert (found.what, found.late, found.function) == ("the second", True, "stand_still")
    assert found.file == "<string>"


def test_what_dies_tells_what_it_was_at(tmp_path):
    code, found = left_by(tmp_path / "doing.txt", "import os; os._exit(7)")

    assert (code, found.what, found.late, found.file) == (7, "the second", False, None)


@pytest.mark.parametrize("content", [None, ""])
def test_nothing_left_is_nothing_known(tmp_path, content):
    if content is not None:
        (tmp_path / "doing.txt").write_text(content)

    assert watch.read(tmp_path / "doing.txt") is None
