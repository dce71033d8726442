"""The cost of a task in a cluster: measured where Dask is installed, not known where it is not."""

from __future__ import annotations

import pytest

from mpdiag import cluster

FAKE = """
class Client:
    def __init__(self, **_options): ...
    def __enter__(self): return self
    def __exit__(self, *error): ...
    def map(self, function, items, pure): return [function(item) for item in items]
def wait(_futures): ...
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "distributed.py"


def test_what_is_installed_is_measured(installed):
    installed.write_text(FAKE)
    cost = cluster.task_cost(60.0)

    assert cost.n == 8
    assert 0 < cost.median < 1


def test_dask_itself():
    pytest.importorskip("distributed", reason="mpdiag[dask] is not installed")
    cost = cluster.task_cost(60.0)

    assert cost.n == 8
    assert 1e-5 < cost.low < cost.high < 1


@pytest.mark.parametrize("program", ["raise ImportError('broken')", "import os; print('no'); os._exit(0)"])
def test_what_does_not_work_is_not_known(installed, program):
    installed.write_text(program)

    assert cluster.task_cost(60.0) is None


def test_what_is_not_installed_is_not_known(monkeypatch):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _name: None)

    assert cluster.task_cost(60.0) is None


@pytest.mark.parametrize(("left", "given"), [(60.0, cluster.DEADLINE), (8.0, 8.0), (-3.0, cluster.LEAST)])
def test_it_takes_no_longer_than_there_is_time_for(monkeypatch, left, given):
    told = []

    def run(*_command, timeout, **_options):
        told.append(timeout)
        raise cluster.subprocess.TimeoutExpired("python", timeout)

    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(cluster.subprocess, "run", run)

    assert (cluster.task_cost(left), told) == (None, [given])
