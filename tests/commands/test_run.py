"""What belongs to us and what to the program, and what is said when there is none."""

from __future__ import annotations

import os
import sys

import click
import pytest

from mpdiag.cli import load
from mpdiag.cli import run as mpdiag
from mpdiag.commands.run import Words, command_of, split

VALUED = {"--json", "--format", "--keep", "-x"}


@pytest.mark.parametrize(
    ("line", "own", "form", "words"),
    [
        ("app.py", "", "script", "app.py"),
        ("app.py -v --json x", "", "script", "app.py -v --json x"),
        ("-v app.py -v", "-v", "script", "app.py -v"),
        ("--json out app.py", "--json out", "script", "app.py"),
        ("--json=out app.py", "--json=out", "script", "app.py"),
        ("-x 3 -vq app.py -m other", "-x 3 -vq", "script", "app.py -m other"),
        ("-x3 app.py", "-x3", "script", "app.py"),
        ("- one", "", "script", "- one"),
        ("app.py -- two", "", "script", "app.py -- two"),
        ("-m package.module -v -- x", "", "module", "package.module -v -- x"),
        ("-mpackage.module -v", "", "module", "package.module -v"),
        ("-vm package --help", "-v", "module", "package --help"),
        ("--format json -m unittest -v", "--format json", "module", "unittest -v"),
        ("-v -- pytest -x -- y", "-v", "command", "pytest -x -- y"),
        ("-- -m", "", "command", "-m"),
    ],
)
def test_our_options_end_where_the_program_begins(line, own, form, words):
    assert split(line.split(), VALUED) == (own.split(), Words(form, tuple(words.split())))


@pytest.mark.parametrize("line", ["", "-v", "--json out", "--", "-v --", "--json"])
def test_there_may_be_no_program(line):
    own, program = split(line.split(), VALUED)

    assert program is None
    assert own == [word for word in line.split() if word != "--"]


def test_a_module_needs_a_name():
    with pytest.raises(click.UsageError, match="-m needs"):
        split(["-v", "-m"], VALUED)


def test_every_option_of_ours_that_takes_a_value_is_known():
    context = load("run").make_context("run", ["--select", "MP4", "--fail-on", "note", "app.py", "--select", "x"])

    assert context.params["program"] == Words("script", ("app.py", "--select", "x"))
    assert context.params["select"] == ("MP4",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "There is no program to run"),
        ("-m", "-m needs the name of a module"),
        ("--", "There is no program to run"),
        ("--nonsense app.py", "--nonsense"),
        ("missing.py", "missing.py: no such script. A command that is no Python script goes behind --"),
        ("folder", "folder is a folder without __main__.py"),
        ("-- missing", "missing: no such program"),
        ("-- ./folder", "./folder is a folder, not a program"),
        ("-- ./script.py", "./script.py cannot be started: Permission denied"),
        ("--python /no/python script.py", "no such interpreter"),
        ("--python python3 -- script.py", "--python is for SCRIPT and -m MODULE"),
        ("--select MP999 script.py", "there is no rule 'MP999'"),
        ("--keep full script.py", "--keep full: the folder is not empty"),
        ("--keep script.py/x script.py", "--keep script.py/x: Not a directory"),
        ("--json /no/such/x script.py", "cannot be written"),
        ("--perfetto /no/such/x script.py", "cannot be written"),
        ("--json out --cprofile ./out script.py", "is given for --json and for --cprofile"),
    ],
)
def test_bad_input_is_said_in_a_line_and_nothing_runs(line, said, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "old").touch()
    (tmp_path / "script.py").write_text("print('runs')")

    assert mpdiag(["run", *line.split()]) == 2

    shown = capfd.readouterr()
    assert said in shown.err
    assert shown.out == ""
    assert shown.err.count("\n") == 1 or "Usage:" in shown.err


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root may read everything")
def test_a_script_that_may_not_be_read(tmp_path, capfd):
    script = tmp_path / "script.py"
    script.touch(mode=0o000)

    assert mpdiag(["run", str(script)]) == 2
    assert "cannot be read" in capfd.readouterr().err


@pytest.mark.parametrize("python", [None, sys.executable])
def test_scripts_and_modules_run_in_the_chosen_interpreter(tmp_path, python):
    (tmp_path / "__main__.py").touch()

    for words, form in ((("timeit", "-h"), "module"), ((str(tmp_path), "x"), "script"), (("-", "x"), "script")):
        command, chosen = command_of(Words(form, words), python)

        assert command == (chosen.path, *(["-m"] if form == "module" else []), *words)


@pytest.mark.usefixtures("in_command")
def test_commands_run_as_they_are():
    command, chosen = command_of(Words("command", (sys.executable, "x")), None)

    assert command == (sys.executable, "x")
    assert chosen is not None
    assert command_of(Words("command", ("sh", "x")), None) == (("sh", "x"), None)


@pytest.fixture
def in_command():
    with click.Context(load("run")):
        yield
