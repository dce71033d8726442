"""The boundary: every error is one line and a documented code; commands are imported only when named."""

import subprocess
import sys

import pytest

from mpdiag import cli, errors


def test_help_imports_no_command():
    code = (
        "import sys\nfrom mpdiag import cli\n"
        "try:\n    cli.run(['--help'])\nfinally:\n"
        "    print([name for name in sys.modules if name.startswith(('mpdiag.commands', 'rich', 'psutil', 'msgspec'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in cli.COMMANDS:
        assert command in done.stdout


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_its_line_and_its_help(command, capsys):
    assert cli.run([command, "--help"]) == errors.FINE
    shown = capsys.readouterr().out
    assert cli.COMMANDS[command].split()[0] in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["probe", "--nonsense"], "--nonsense"),
        (["probe", "--budget", "0"], "budget"),
        (["probe", "--fail-on", "sometimes"], "sometimes"),
        (["probe", "nonsense"], "there is no probe 'nonsense'"),
        (["probe", "--select", "MP999"], "there is no rule 'MP999'"),
        (["probe", "--python", "/no/such/python"], "no such interpreter"),
        (["probe", "--json", "/no/such/folder/x.json"], "cannot be written"),
    ],
)
def test_bad_input_is_said_in_a_line(arguments, said, capsys):
    assert cli.run(arguments) == errors.USAGE
    shown = capsys.readouterr()
    assert said in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    ("word", "meant"), [("runn", "mpdiag run"), ("app.py", "mpdiag run app.py"), ("nothing-like-it", None)]
)
def test_what_is_no_command_may_be_meant_as_one(tmp_path, monkeypatch, capsys, word, meant):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").touch()

    assert cli.run([word]) == errors.USAGE
    said = capsys.readouterr().err
    assert f"Did you mean `{meant}`?" in said if meant else "Did you mean" not in said


def test_a_report_from_a_standard_input_that_is_closed(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)

    assert cli.run(["report", "-"]) == errors.USAGE
    assert capsys.readouterr().err == "mpdiag: standard input is closed. Give a file.\n"


def test_an_internal_error_is_one_line(monkeypatch, capsys):
    monkeypatch.delenv("MPDIAG_DEBUG", raising=False)
    monkeypatch.setattr("mpdiag.registry.probes", lambda: 1 / 0)

    assert cli.run(["probe"]) == errors.FAILED
    assert capsys.readouterr().err.startswith("mpdiag: internal error: ZeroDivisionError")


def test_an_interruption_has_its_code(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("mpdiag.registry.probes", interrupted)

    assert cli.run(["probe"]) == errors.INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


def test_defaults_come_from_pyproject_environment_and_options_in_turn(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.mpdiag]\nselect = ['MP998']\n")
    assert cli.run(["probe"]) == errors.USAGE
    assert "MP998" in capsys.readouterr().err

    monkeypatch.setenv("MPDIAG_SELECT", "MP997")
    assert cli.run(["probe"]) == errors.USAGE
    assert "MP997" in capsys.readouterr().err

    assert cli.run(["probe", "--select", "MP996"]) == errors.USAGE
    assert "MP996" in capsys.readouterr().err


def test_a_format_that_explain_lacks_may_be_the_common_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.mpdiag]\nformat = 'json'\n")

    assert cli.run(["explain", "MP701"]) == errors.FINE
    assert "MP701" in capsys.readouterr().out


def test_a_string_in_pyproject_is_a_list_of_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.mpdiag]\nignore = 'MP998'\n")

    assert cli.run(["probe"]) == errors.USAGE
    assert "there is no rule 'MP998'" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_a_broken_pyproject_does_not_block_help(tmp_path, monkeypatch, capsys, flag):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.mpdiag\n")

    assert cli.load("probe").make_context("probe", []).command.name == "probe"  # by itself, below no group

    assert cli.run(["probe", flag]) == errors.FINE
    assert "--quick" in capsys.readouterr().out
    assert cli.run(["explain"]) == errors.USAGE


@pytest.mark.skipif(sys.platform == "win32", reason="a working directory cannot be deleted")
def test_a_working_directory_that_is_gone_has_no_configuration(tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert cli.run(["explain", "MP701"]) == errors.FINE
    assert "MP701" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "level"),
    [("1", "quick"), ("true", "quick"), ("quick", "quick"), ("0", None), ("false", None), ("", None)],
)
def test_a_level_in_the_environment(monkeypatch, value, level):
    monkeypatch.setenv("MPDIAG_QUICK", value)

    assert cli.load("probe").make_context("probe", []).params["level"] == level
    assert cli.load("probe").make_context("probe", ["--thorough"]).params["level"] == "thorough"


def test_a_dash_is_no_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert cli.run(["probe", "--json", "-"]) == errors.USAGE
    assert capsys.readouterr().err == "mpdiag: - is no file. Use --format json to print the report.\n"
    assert list(tmp_path.iterdir()) == []


def test_one_file_for_two_outputs_is_bad_input(tmp_path, capsys):
    (tmp_path / "link").symlink_to(tmp_path / "report")

    assert cli.run(["probe", "--json", str(tmp_path / "report"), "--markdown", str(tmp_path / "link")]) == errors.USAGE
    assert "is given for --json and for --markdown" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["link"]
