"""Tables of an observed program, written by hand."""

from __future__ import annotations

import pytest

from mpdiag.advice import Facts

PLACE = {"file": "app.py", "line": 7, "function": "main"}
RUN = {
    "wall_s": 4.0,
    "cpus": 2.0,
    "cpu_s": 5.0,
    "busy_cpus": 1.25,
    "parallel_s": 3.8,
    "serial_s": 0.2,
    "main_cpu_s": 1.0,
    "exit": 0,
}


@pytest.fixture
def table():
    """A table of a run by its name and rows; cells that all rows share come by keyword."""

    def make(name: str, *rows: dict, **shared: object) -> Facts:
        return Facts(name, {"": tuple({**PLACE, **shared, **row} for row in rows)})

    return make


@pytest.fixture
def run(table):
    """The row about the whole run: four seconds on two CPUs unless told otherwise."""

    def make(**cells: object) -> Facts:
        return table("run", {**RUN, **cells})

    return make
