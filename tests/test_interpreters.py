import shutil
import sys

import pytest

from mpdiag.errors import BadInput
from mpdiag.interpreters import behind, choose


@pytest.fixture
def tools(tmp_path):
    """A folder on PATH with a python3, and an environment with a python."""
    for place in ("path/python3", "env/bin/python"):
        python = tmp_path / place
        python.parent.mkdir(parents=True)
        python.write_text("#!/bin/sh\n")
        python.chmod(0o755)
    return tmp_path


def test_what_was_asked_for_wins(tools):
    chosen = choose(str(tools / "path/python3"), {"VIRTUAL_ENV": str(tools / "env")})
    assert (chosen.path, chosen.reason) == (str(tools / "path/python3"), "given with --python")


@pytest.mark.skipif(shutil.which("sh") is None, reason="POSIX commands")
def test_a_command_is_looked_up_on_the_path(tools):
    assert choose("python3", {"PATH": str(tools / "path")}).path == str(tools / "path/python3")


def test_a_missing_interpreter_is_bad_input(tools):
    with pytest.raises(BadInput, match="no such interpreter"):
        choose("python9.9", {"PATH": str(tools / "path")})


def test_the_active_environment_comes_next(tools):
    chosen = choose(None, {"VIRTUAL_ENV": str(tools / "env"), "PATH": str(tools / "path")})
    assert chosen.path == str(tools / "env/bin/python")
    assert "active virtual environment" in chosen.reason


@pytest.mark.parametrize("mark", ["pipx_metadata.json", "uv-receipt.toml"])
def test_an_isolated_tool_measures_the_first_on_path(tools, mark):
    prefix = tools / "pipx"
    prefix.mkdir()
    (prefix / mark).touch()
    chosen = choose(None, {"PATH": str(tools / "path")}, prefix)
    assert chosen.path == str(tools / "path/python3")


def test_else_our_own(tools):
    assert choose(None, {"PATH": str(tools / "path")}, tools).path == sys.executable


def test_a_stale_environment_is_passed_over(tools):
    assert choose(None, {"VIRTUAL_ENV": str(tools / "gone")}, tools).path == sys.executable


# --- behind a command


@pytest.mark.parametrize(
    ("first_line", "interpreter"),
    [
        ("#!{tools}/path/python3 -E", "path/python3"),
        ("#!/usr/bin/env python3", "path/python3"),
        ("#!/usr/bin/env -S python3", "path/python3"),
        ("#!/usr/bin/env nothing", None),
        ("#!/bin/sh", None),
        ("#!", None),
        ("import this", None),
        ("\x7fELF", None),
    ],
)
@pytest.mark.skipif(shutil.which("sh") is None, reason="POSIX commands")
def test_the_interpreter_of_a_script(tools, first_line, interpreter):
    script = tools / "path" / "tool"
    script.write_text(first_line.format(tools=tools) + "\n")
    script.chmod(0o755)

    chosen = behind("tool", {"PATH": str(tools / "path")})

    assert (chosen and chosen.path) == (interpreter and str(tools / interpreter))
    assert chosen is None or chosen.reason == "the one that runs tool"


@pytest.mark.skipif(shutil.which("sh") is None, reason="POSIX commands")
def test_an_interpreter_is_its_own(tools):
    assert behind("python3", {"PATH": str(tools / "path")}).path == str(tools / "path/python3")
    assert behind(str(tools / "env/bin/python"), {}).reason == "the command python"


def test_a_missing_command_has_none():
    assert behind("no-such-command", {"PATH": ""}) is None
