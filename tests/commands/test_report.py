import json
import subprocess
import sys
from pathlib import Path

import pytest

from mpdiag.cli import run

GOLDEN = Path(__file__).parent.parent / "golden" / "probe.json"


def mpdiag(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "mpdiag", *arguments], input=stdin, check=False, capture_output=True, timeout=60
    )


@pytest.mark.parametrize(
    ("form", "begins"),
    [("terminal", "Starting workers"), ("markdown", "### mpdiag probe"), ("json", '{\n  "schema": "mpdiag.report/1"')],
)
def test_a_saved_report_in_each_format(capfd, form, begins):
    assert run(["report", str(GOLDEN), "--format", form]) == 0
    assert capfd.readouterr().out.startswith(begins)


@pytest.mark.parametrize("told", [[], ["--no-redact"]])
def test_machines_get_paths_relative_to_the_working_directory_and_the_texts_of_rules(
    tmp_path, monkeypatch, capfd, told
):
    project = tmp_path / "shop"
    project.mkdir()
    saved = json.loads(GOLDEN.with_name("run.json").read_bytes())
    saved["findings"] = saved["findings"][:1]
    saved["findings"][0]["place"]["file"] = str(project / "src" / "app.py")
    (project / "run.json").write_text(json.dumps(saved))
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    assert run(["report", "run.json", "--format", "sarif", *told]) == 0
    (told_run,) = json.loads(capfd.readouterr().out)["runs"]

    location = told_run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "src/app.py", "uriBaseId": "%SRCROOT%"}
    assert told_run["tool"]["driver"]["rules"][0]["help"]["markdown"].startswith("# MP201 ")


def test_standard_input():
    done = mpdiag("report", "-", "--format", "json", "--no-redact", stdin=GOLDEN.read_bytes())

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(GOLDEN.read_bytes())


def test_the_schema(capfd):
    assert run(["report", "--schema"]) == 0
    assert json.loads(capfd.readouterr().out)["title"] == "mpdiag.report/1"


def test_further_outputs_and_fail_on(tmp_path, capfd):
    page = tmp_path / "report.md"

    assert run(["report", str(GOLDEN), "--markdown", str(page), "--fail-on", "warning"]) == 1
    assert page.read_text(encoding="utf-8").startswith("### mpdiag probe")
    assert run(["report", str(GOLDEN), "--fail-on", "error"]) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"\x80\x04.", "not JSON"), (b'{"schema": "mpdiag.report/2"}', "newer mpdiag")],
)
def test_what_is_no_report_ends_with_one_line_and_code_2(tmp_path, capfd, content, said):
    file = tmp_path / "saved.json"
    file.write_bytes(content)

    assert run(["report", str(file)]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["report"], ["report", "missing.json"], ["report", "."]])
def test_a_file_that_cannot_be_read_ends_with_code_2(capfd, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)

    assert run(arguments) == 2
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ((), ["MP701", "MP108", "MP301", "MP402", "MP504", "MP205"]),
        (("--select", "MP7,slow-start-method"), ["MP701", "MP108"]),
        (("--ignore", "MP701"), ["MP108", "MP301", "MP402", "MP504", "MP205"]),
    ],
)
def test_findings_of_some_rules_only(capfd, arguments, left):
    assert run(["report", str(GOLDEN), "--format", "json", *arguments]) == 0
    assert [finding["rule"] for finding in json.loads(capfd.readouterr().out)["findings"]] == left


def test_an_unknown_rule_is_bad_input(capfd):
    assert run(["report", str(GOLDEN), "--ignore", "MP999"]) == 2
    assert "MP999" in capfd.readouterr().err


def shown(capfd, *arguments):
    assert run(["report", str(GOLDEN), "--format", "json", *arguments]) == 0
    return json.loads(capfd.readouterr().out)


def test_what_passed_and_what_was_not_judged_is_chosen_too(capfd):
    picked = shown(capfd, "--select", "MP1,MP2")
    assert (picked["passed"], [one["rule"] for one in picked["not_judged"]]) == (["MP101"], ["MP205"])
    left = shown(capfd, "--ignore", "MP205,MP3")
    assert (left["passed"], left["not_judged"]) == (["MP101", "MP502"], [])


def test_the_verdict_speaks_of_what_is_left(capfd):
    assert shown(capfd)["verdict"] == json.loads(GOLDEN.read_bytes())["verdict"]
    assert "look at MP701" in shown(capfd, "--select", "MP701")["verdict"]
    assert "MP701" not in shown(capfd, "--ignore", "MP701")["verdict"]


def of_a_fleet(tmp_path):
    inside = json.loads(GOLDEN.read_bytes())
    hosts = [
        {"host": "host-1", "address": "host-1", "status": "ok", "report": inside},
        {"host": "host-2", "address": "host-2", "status": "timeout", "reason": "busy"},
    ]
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps({**inside, "kind": "fleet", "verdict": "1 of 2 hosts answered.", "hosts": hosts}))
    return file


def test_a_host_of_a_fleet_is_shown_as_its_own_report(capfd, tmp_path):
    file = of_a_fleet(tmp_path)

    assert run(["report", str(file), "--host", "host-1"]) == 0
    of_host = capfd.readouterr().out
    assert run(["report", str(GOLDEN)]) == 0
    assert capfd.readouterr().out == of_host


def test_a_host_that_told_nothing_is_bad_input(capfd, tmp_path):
    assert run(["report", str(of_a_fleet(tmp_path)), "--host", "host-2"]) == 2

    assert "there is no report of a host 'host-2'" in capfd.readouterr().err
