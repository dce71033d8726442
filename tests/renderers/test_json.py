import json
from pathlib import Path

from mpdiag import reports
from mpdiag.renderers.json import RENDERER
from mpdiag.report import Style

GOLDEN = (Path(__file__).parent.parent / "golden" / "probe.json").read_text(encoding="utf-8")
REPORT = reports.decode(GOLDEN.encode(), "probe.json")

#: The keys of the contract, in its order.
TOP = [
    *("schema", "kind", "tool", "started_at", "duration_s", "command", "machine", "python", "verdict"),
    *("sections", "account", "findings", "quality", "passed", "not_judged", "hosts"),
]
FINDING = [
    *("rule", "name", "level", "confidence", "title", "seen", "do"),
    *("evidence", "place", "gain", "concern", "links"),
]


def test_golden():
    assert RENDERER.render(REPORT, Style()) == GOLDEN


def test_the_style_changes_nothing():
    assert RENDERER.render(REPORT, Style(width=40, color=True, unicode=False, verbose=True)) == GOLDEN


def test_keys_are_those_of_the_contract():
    document = json.loads(RENDERER.render(REPORT, Style()))

    assert list(document) == TOP
    assert list(document["findings"][0]) == FINDING
    assert list(document["findings"][0]["evidence"][0]) == ["label", "value", "unit", "low", "high"]
    assert {"id", "title", "status", "reason", "duration_s", "columns", "rows", "process", "profile"} <= set(
        document["sections"][0]
    )
    assert document["tool"] == {"name": "mpdiag", "version": "0.1.0"}
