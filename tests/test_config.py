from pathlib import Path

import pytest

from mpdiag import config
from mpdiag.errors import BadInput

COMMANDS = ("probe", "report")


def test_finds_the_nearest_file(tmp_path):
    (tmp_path / "pyproject.toml").touch()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)

    assert config.find(inner) == tmp_path / "pyproject.toml"


def test_a_file_without_our_table_says_nothing(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text("[project]\nname = 'x'\n")

    assert config.read(path) == {}


@pytest.mark.parametrize("content", [b"[tool.mpdiag\n", b"\xff\xfe", b"[tool]\nmpdiag = 3\n"])
def test_a_bad_file_is_bad_input(tmp_path, content):
    path = tmp_path / "pyproject.toml"
    path.write_bytes(content)

    with pytest.raises(BadInput, match=r"pyproject\.toml"):
        config.read(path)


def test_the_commands_own_table_comes_first():
    table = {"fail-on": "error", "format": "json", "probe": {"fail-on": "warning"}, "report": {"format": "markdown"}}

    assert config.defaults(table, "probe", ["fail_on", "format"], COMMANDS) == {"fail_on": "warning", "format": "json"}


def test_a_common_key_that_the_command_lacks_is_no_mistake():
    assert config.defaults({"budget": 3}, "report", ["format"], COMMANDS) == {}


def test_an_unknown_key_of_the_command_is_bad_input():
    with pytest.raises(BadInput, match="fial"):
        config.defaults({"probe": {"fial-on": "error"}}, "probe", ["fail_on"], COMMANDS)


def test_no_file_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_file", lambda path: False)
    assert config.find(tmp_path) is None
