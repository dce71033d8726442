"""`mpdiag fleet` as users type it, as far as it goes without a cluster; tests/e2e has real ones."""

import sys

import pytest

from mpdiag.cli import run
from mpdiag.commands.fleet import fleet


@pytest.mark.parametrize("name", list(fleet.commands))
def test_help_names_the_ways_to_a_cluster(capfd, name):
    assert run(["fleet", name, "--help"]) == 0

    shown = capfd.readouterr().out
    assert all(option in shown for option in ("--dask", "--scheduler-file", "--tls-ca-file", "--timeout", "--fail-on"))


def test_without_dask_it_says_how_to_get_it(capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)

    assert run(["fleet", "doctor", "--dask", "tcp://127.0.0.1:1"]) == 3

    shown = capfd.readouterr()
    assert shown.err == (
        "mpdiag: Dask cannot be imported (dask). Install it beside mpdiag: python -m pip install 'mpdiag[dask]'.\n"
    )


def test_an_unknown_command_is_one_line(capfd):
    assert run(["fleet", "prob"]) == 2

    assert "prob" in capfd.readouterr().err


def test_settings_in_pyproject_reach_the_commands_below(capfd, monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.mpdiag]\nselect = ["MP9"]\n[tool.mpdiag.fleet]\ndask = "local:many"\n'
    )
    monkeypatch.chdir(tmp_path)

    assert run(["fleet", "doctor"]) == 2

    assert "--dask local:many: how many workers?" in capfd.readouterr().err


def test_an_unknown_setting_is_refused(capfd, monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.mpdiag.fleet]\ndusk = 1\n")
    monkeypatch.chdir(tmp_path)

    assert run(["fleet", "doctor"]) == 2

    assert "Did you mean dask?" in capfd.readouterr().err
