"""The comparison of the account with what a program measures itself."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from clocked import PROGRAMS
from estimates import SCRIPT, described, observed, off


def process(role, **buckets):
    return {"role": role, "born_s": 1.0, "ended_s": 3.0, "buckets": buckets}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_tells_what_its_processes_measured(name, tmp_path):
    file = tmp_path / "measured"
    subprocess.run([sys.executable, "-W", "error", str(SCRIPT), name, "50", str(file)], check=True, timeout=60)
    measured = json.loads(file.read_text())

    assert set(measured) == {"main", "process"}
    assert measured["main"][0] > 0
    assert measured["process"][1] > 0


def test_estimates_are_set_against_what_was_measured():
    report = {"account": {"processes": [process("main", send=0.3, pickle=0.3, recv=0.1), process("worker", send=1.0)]}}

    assert off("stream", report, {"main": [0.5, 0.001]}) == {("stream", "main", "send"): pytest.approx(0.2)}
    assert list(described([0.01, -0.2, 0.02])) == ["+1.0%", "-20.0%"]


def test_a_run_is_compared(tmp_path):
    report, measured = observed(sys.executable, "questions", 200, tmp_path)

    assert {key[1] for key in off("questions", report, measured)} == {"main", "process"}
