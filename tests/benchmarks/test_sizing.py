"""The benchmark of `mpdiag size`: every function runs, and what the page recommends is read from it."""

import dataclasses
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


def test_the_grid_has_every_kind_and_chunks_that_leave_four_for_each_worker():
    code = (
        "import json, dataclasses, exhaustive\n"
        "found = exhaustive.grid(2, ['threads', 'fork', 'spawn'], 300, 1e-3)\n"
        "print(json.dumps([dataclasses.astuple(each) for each in found]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=script.HERE, check=True, capture_output=True, text=True, timeout=60
    )
    settings = [Setting(*each) for each in json.loads(done.stdout)]

    assert {setting.kind for setting in settings} == {"loop", "threads", "fork", "spawn"}
    assert Setting("fork", 4) in settings
    assert {setting.chunk for setting in settings if setting.workers == 2} == {1, 8}


ROW = {
    "recommended": "2 threads", "speedup": 1.9, "best": "4 threads", "best_speedup": 2.0, "share": 0.95, "low": 0.9,
    "high": 1.0, "took": 9.0, "sweep": 60.0, "executor": 0.5, "threads": 0.99, "joblib": None,
}  # fmt: skip


def test_a_row_compares_what_the_duel_measured_round_by_round(monkeypatch):
    chosen, best = Setting("threads", 2), Setting("fork", 2, 8)
    lucky = ((PLAIN, [1.0] * 3), (chosen, [1.6] * 3), (best, [2.0] * 3))
    rounds = ((PLAIN, [1.0, 0.5, 2.0]), (chosen, [1.8, 0.9, 2.0]), (best, [2.0, 1.0, 4.0]))
    told = {
        name: [[dataclasses.astuple(setting), values] for setting, values in speeds]
        for name, speeds in (("finals", lucky), ("duel", rounds))
    }
    swept = json.loads(json.dumps({**told, "winner": dataclasses.astuple(best), "took": 60.0, "joblib": [1.0]}))
    python = {"default_start_method": "spawn"}
    monkeypatch.setattr(
        script, "sized", lambda *_: Report(SCHEMA, "size", Tool("mpdiag", "0"), "", 0.0, (), {}, python, "")
    )
    monkeypatch.setattr(script, "recommended", lambda _report: chosen)
    monkeypatch.setattr(script, "report_others", lambda _report: 0.0)
    monkeypatch.setattr(script, "exhaustive", lambda *_: swept)
    row = script.row("computing", 8.0, 60.0)

    assert (row["recommended"], row["best"]) == ("2 threads", "2 processes (fork), chunksize 8")
    assert [row[key] for key in ("share", "speedup", "best_speedup", "joblib", "executor")] == [0.9, 1.8, 2.0, 0.5, 0.0]


def test_rows_are_kept_and_what_fails_is_one_of_them(monkeypatch, tmp_path, capsys):
    def compared(name, *_):
        if name == "tiny":
            raise script.MpdiagError("no such thing")
        return ROW

    file = tmp_path / "rows.json"
    monkeypatch.setattr(script, "compared", compared)
    for name in ("computing", "tiny"):
        monkeypatch.setattr(sys, "argv", ["sizing.py", "--only", name, "--json", str(file)])
        script.main()

    assert json.loads(file.read_text()) == {"computing": ROW, "tiny": {"error": "MpdiagError: no such thing"}}
    said = capsys.readouterr().out
    assert "2 threads  1.90×  4 threads 2.00×  95.0 % [90.0–100]  9.0 s  15%  50%  99%  –" in said
    assert "1 of 2 reach 90% of the best" in said


def test_no_row_is_begun_after_the_limit(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sizing.py", "--limit", "-1"])
    script.main()

    assert "computing: left out, --limit is reached" in capsys.readouterr().out
