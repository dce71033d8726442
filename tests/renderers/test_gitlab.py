import json
from dataclasses import replace
from pathlib import Path

from mpdiag import reports
from mpdiag.advice import Place
from mpdiag.fingerprints import fingerprints
from mpdiag.renderers.gitlab import RENDERER
from mpdiag.report import Style

GOLDEN = Path(__file__).parent.parent / "golden"
LINT, RUN, PROBE = (reports.decode((GOLDEN / f"{kind}.json").read_bytes(), kind) for kind in ("lint", "run", "probe"))


def issues(report, **style):
    return json.loads(RENDERER.render(report, Style(**style)))


def test_an_issue_for_each_finding():
    found = issues(LINT)

    first = LINT.findings[0]
    assert found[0] == {
        "description": f"MP204 unpicklable-task: {first.seen} → {first.do}",
        "check_name": "MP204",
        "fingerprint": fingerprints(LINT.findings)[0],
        "severity": "critical",
        "location": {"path": "shop/app.py", "lines": {"begin": 41, "end": 41}},
    }
    assert [issue["severity"] for issue in found] == ["critical"] * 4 + ["major"] * 2 + ["info"]
    assert len({issue["fingerprint"] for issue in found}) == len(LINT.findings)


def test_what_has_no_place_is_left_out_and_what_has_no_line_is_in_the_first():
    assert issues(PROBE) == []
    placed = replace(PROBE, findings=(replace(PROBE.findings[0], place=Place("a.py")), *PROBE.findings[1:]))

    assert [issue["location"] for issue in issues(placed)] == [{"path": "a.py", "lines": {"begin": 1, "end": 1}}]


def test_a_cell_of_a_notebook_is_named_in_the_description():
    (issue,) = (issue for issue in issues(LINT) if issue["check_name"] == "MP607")

    assert issue["description"].startswith("MP607 discarded-async-result: cell 4, line 3: What `apply_async()`")
    assert issue["location"] == {"path": "report.ipynb", "lines": {"begin": 1, "end": 1}}


def test_paths_are_relative_to_the_working_directory():
    assert {issue["location"]["path"] for issue in issues(RUN, folder="~/shop")} == {"app.py"}
