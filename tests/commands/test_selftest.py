import json
import multiprocessing

import pytest

from mpdiag.cli import run
from mpdiag.truth import checking


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(checking, "UNIT", 0.02)


def test_every_start_method_is_compared(short, tmp_path, capfd):
    code = run(["selftest", "process", "--json", str(tmp_path / "report.json")])
    report = json.loads((tmp_path / "report.json").read_text())
    told = capfd.readouterr()

    assert code == (0 if report["verdict"].startswith("every bucket") else 3)  # so short a run may be off
    assert report["kind"] == "run"
    assert [each["id"] for each in report["sections"]] == [
        f"selftest.{method}" for method in multiprocessing.get_all_start_methods()
    ]
    rows = report["sections"][0]["rows"]
    assert {"cpu", "off_cpu", "lock"} <= {row["bucket"] for row in rows if row["process"] == "worker"}
    assert {"recv", "join"} <= {row["bucket"] for row in rows if row["process"] == "main"}
    assert "Reported against true" in told.out


def test_an_unknown_program(capfd):
    assert run(["selftest", "nonsense"]) == 2
    assert "nonsense" in capfd.readouterr().err


def test_an_interpreter_that_does_not_run(capfd):
    assert run(["selftest", "--python", "false"]) == 3
    assert "does not run" in capfd.readouterr().err
