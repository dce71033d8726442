"""`mpdiag doctor` as users type it."""

from __future__ import annotations

import json

import pytest

from mpdiag.cli import run


def test_this_machine(capfd, tmp_path):
    code = run(["doctor", "--json", str(tmp_path / "out.json")])

    shown = capfd.readouterr()
    report = json.loads((tmp_path / "out.json").read_text())
    assert (code, shown.err) == (0, "")
    assert shown.out.startswith(report["verdict"][:60])
    assert report["kind"] == "doctor"
    assert [section["id"] for section in report["sections"]] == ["checklist"]
    assert report["machine"]["logical_cpus"] >= 1
    assert report["python"]["version"]
    assert {one["rule"] for one in report["findings"]} | {*report["passed"]} <= {
        "MP111", "MP406", "MP418", "MP701", "MP702", "MP703", "MP704", "MP706"
    }  # fmt: skip


def test_only_some_rules_and_a_level(tmp_path):
    assert run(["doctor", "--select", "MP704", "--fail-on", "error", "--json", str(tmp_path / "out.json")]) == 0

    report = json.loads((tmp_path / "out.json").read_text())
    assert [*report["passed"], *(one["rule"] for one in report["findings"])] == ["MP704"]


@pytest.mark.parametrize(("arguments", "said"), [(["--python", "nope"], "no such"), (["--select", "MP9"], "MP9")])
def test_bad_input_is_one_line(capfd, arguments, said):
    assert run(["doctor", *arguments]) == 2

    shown = capfd.readouterr()
    assert shown.out == ""
    assert said in shown.err
    assert shown.err.count("\n") == 1


def test_a_saved_one_is_shown_again(capfd, tmp_path):
    run(["doctor", "--json", str(tmp_path / "out.json")])
    first = capfd.readouterr().out

    assert run(["report", str(tmp_path / "out.json")]) == 0
    assert capfd.readouterr().out == first
