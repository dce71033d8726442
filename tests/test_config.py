from pathlib import Path

import click
import pytest

from mpdiag import config
from mpdiag.errors import BadInput


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


@click.command()
@click.option("--fail-on")
@click.option("--format", type=click.Choice(["json", "terminal"]))
@click.option("--quick", "level", flag_value="quick")
@click.option("-v", "--verbose", is_flag=True)
@click.option("--import", "imports", multiple=True)
def probe():
    """A command."""


@click.command()
@click.option("--format", type=click.Choice(["terminal", "markdown"]))
def report():
    """Another."""


OPTIONS = config.Options(("probe", "report"), {"probe": probe, "report": report}.__getitem__)


def test_the_commands_own_table_comes_first():
    table = {"fail-on": "error", "format": "json", "probe": {"fail-on": "warning"}, "report": {"format": "markdown"}}

    assert config.defaults(table, "probe", OPTIONS) == {"fail_on": "warning", "format": "json"}


def test_keys_are_called_like_the_options():
    table = {"import": ["numpy"], "verbose": True, "quick": True}

    assert config.defaults(table, "probe", OPTIONS) == {"imports": ["numpy"], "verbose": True, "level": "quick"}
    assert config.defaults({"quick": False}, "probe", OPTIONS) == {}


def test_a_common_key_that_only_another_command_has_is_no_mistake():
    assert config.defaults({"fail-on": "error"}, "report", OPTIONS) == {}


def test_a_common_choice_that_only_another_command_has_is_no_mistake():
    assert config.defaults({"format": "json"}, "report", OPTIONS) == {}
    assert config.defaults({"format": "json"}, "probe", OPTIONS) == {"format": "json"}


def test_a_choice_that_no_command_has_or_in_its_own_table_is_left_to_click():
    assert config.defaults({"format": "jsno"}, "report", OPTIONS) == {"format": "jsno"}
    assert config.defaults({"report": {"format": "json"}}, "report", OPTIONS) == {"format": "json"}


def test_a_string_is_a_list_of_one_where_many_are_taken():
    assert config.defaults({"import": "numpy"}, "probe", OPTIONS) == {"imports": ["numpy"]}


@pytest.mark.parametrize(
    "table", [{"probe": {"fial-on": "error"}}, {"fial-on": "error"}, {"report": {"format": "json"}, "fial_on": 3}]
)
def test_a_key_that_is_no_option_is_bad_input(table):
    with pytest.raises(BadInput, match=r"fial.on"):
        config.defaults(table, "probe", OPTIONS)


def test_no_file_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_file", lambda path: False)
    assert config.find(tmp_path) is None


def test_a_folder_that_may_not_be_searched_has_none(tmp_path, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refused)
    assert config.find(tmp_path) is None


@click.command()
@click.option("--per-file-ignores", nargs=2, multiple=True)
def lint():
    """One that takes pairs."""


PAIRS = config.Options(("lint",), {"lint": lint}.__getitem__)


def test_a_table_is_a_list_of_pairs():
    table = {"lint": {"per-file-ignores": {"tests/**": ["MP401", "MP4"], "a.py": "MP601"}}}

    assert config.defaults(table, "lint", PAIRS) == {"per_file_ignores": [("tests/**", "MP401,MP4"), ("a.py", "MP601")]}


def test_a_table_is_a_list_of_sentences_where_an_option_takes_them():
    options = {"run": {"budgets": click.Option(["--budgets"], multiple=True)}}
    table = {"budgets": {"peak PSS": "<= 2 GiB", "MP6xx": "none"}}

    assert config.defaults(table, "run", options) == {"budgets": ["peak PSS <= 2 GiB", "MP6xx none"]}


@pytest.mark.parametrize("value", [3, [3], {"a": "b"}, True])
def test_a_table_holds_names(value):
    with pytest.raises(BadInput, match=r"'a\.py' has .* for a list of names"):
        config.defaults({"lint": {"per-file-ignores": {"a.py": value}}}, "lint", PAIRS)


def test_all_of_a_file_can_be_had(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")

    assert config.load(tmp_path / "pyproject.toml") == {"project": {"name": "x"}}
