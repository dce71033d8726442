import multiprocessing
import sys
import time

import pytest

from mpdiag.errors import CannotWork
from mpdiag.interpreters import Chosen
from mpdiag.truth import checking
from mpdiag.truth.checking import Found
from mpdiag.truth.comparing import Compared

GOOD = Compared("pool", "fork", "worker", "cpu", 2.0, 1.0, 1.0)
BAD = Compared("pool", "fork", "worker", "cpu", 2.0, 1.0, 1.5)


@pytest.mark.parametrize(
    ("found", "ok"),
    [
        (Found([GOOD]), True),
        (Found([GOOD, BAD]), False),
        (Found([GOOD], {"spawn": "it broke"}), False),
        (Found(), False),
    ],
)
def test_all_has_to_be_checked_and_right(found, ok):
    assert found.ok is ok


def test_start_methods_are_those_of_the_interpreter():
    assert checking.methods(Chosen(sys.executable, "")) == multiprocessing.get_all_start_methods()


def test_without_any_observation_there_is_no_report():
    with pytest.raises(CannotWork, match="it broke"):
        checking.report(Found([], {"fork": "it broke"}), time.monotonic())


def test_a_program_that_fails_is_told(monkeypatch):
    monkeypatch.setattr(checking, "methods", lambda _chosen: ["no-such-method"])
    found = checking.check(Chosen(sys.executable, ""), ["pool"], 0.01)

    assert found.missing == {"no-such-method": "the program (pool) ended with 1"}
    assert not found.compared


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_program_that_is_interrupted_ends_the_check(tmp_path, name):
    (tmp_path / "program.py").write_text(f"import os, signal; os.kill(os.getpid(), signal.{name})\n")

    with pytest.raises(KeyboardInterrupt):
        checking.observe(Chosen(sys.executable, ""), ("pool", "fork"), (tmp_path, 0.01), Found())
