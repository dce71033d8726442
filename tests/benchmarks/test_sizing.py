"""The benchmark of `mpdiag size`: every function runs, and what the page recommends is read from it."""

import json
import subprocess
import sys

import natures
import pytest
import sizing as script

from mpdiag.model import Measured
from mpdiag.report import SCHEMA, Report, Section, Tool
from mpdiag.sizer.settings import PLAIN, Setting


@pytest.mark.parametrize("function", natures.NATURES, ids=lambda each: each.__name__)
def test_every_function_takes_its_items(function):
    items = getattr(natures, f"{function.__name__}_items")()

    assert len(items) >= 40
    function(items[0])


def test_there_are_a_dozen_natures_and_no_other_items():
    assert len(natures.NATURES) >= 12
    with pytest.raises(AttributeError):
        natures.nothing_items  # noqa: B018 - looking is what fails


@pytest.mark.parametrize(
    ("kind", "workers", "chunk", "setting"),
    [
        ("plain loop", 1, None, PLAIN),
        ("threads", 8, None, Setting("threads", 8)),
        ("processes, spawn", 2, 64, Setting("spawn", 2, 64)),
    ],
)
def test_the_recommendation_is_read_from_the_page(kind, workers, chunk, setting):
    row = {"kind": kind, "workers": workers, "chunk": chunk, "speedup": Measured(1.0, None, None, 1), "mark": "choose"}
    section = Section("curve", "", "ok", rows=({**row, "mark": ""}, row), process={"others_cpu_fraction": 0.3})
    report = Report(SCHEMA, "size", Tool("mpdiag", "0"), "", 0.0, (), {}, {}, "", sections=(section,))

    assert script.recommended(report) == setting
    assert script.report_others(report) == 0.3


def test_the_grid_has_every_kind():
    code = "import exhaustive; print([[s.kind, s.workers] for s in exhaustive.grid(2, ['threads', 'fork', 'spawn'])])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=script.HERE, check=True, capture_output=True, text=True, timeout=60
    )
    settings = json.loads(done.stdout.replace("'", '"'))

    assert {kind for kind, _ in settings} == {"loop", "threads", "fork", "spawn"}
    assert ["fork", 4] in settings
