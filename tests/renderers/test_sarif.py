import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from mpdiag import registry, reports
from mpdiag.advice import Fix, Gain, Place
from mpdiag.fingerprints import fingerprints
from mpdiag.renderers.sarif import RENDERER
from mpdiag.report import Style

TESTS = Path(__file__).parent.parent
LINT, RUN, PROBE = (
    reports.decode((TESTS / "golden" / f"{kind}.json").read_bytes(), kind) for kind in ("lint", "run", "probe")
)
SCHEMA = Draft7Validator(json.loads((TESTS / "schemas" / "sarif-2.1.0.json").read_bytes()))


def run_of(report, **style):
    log = json.loads(RENDERER.render(report, Style(**style)))
    SCHEMA.validate(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


def result_of(place, **style):
    finding = replace(LINT.findings[0], place=place)
    return run_of(replace(LINT, findings=(finding,)), **style)["results"][0]


def physical(place, **style):
    return result_of(place, **style)["locations"][0]["physicalLocation"]


def test_the_schema_would_notice():
    log = json.loads(RENDERER.render(LINT, Style()))
    log["runs"][0]["results"][0]["level"] = "fatal"

    assert not SCHEMA.is_valid(log)


@pytest.mark.parametrize("report", [LINT, RUN, PROBE, replace(LINT, findings=())], ids=["lint", "run", "probe", "none"])
@pytest.mark.parametrize("known", [True, False])
def test_each_finding_is_a_result_of_a_rule(report, known):
    run = run_of(report, rules=registry.behind(report) if known else {})

    rules = run["tool"]["driver"]["rules"]
    results = [(result["ruleId"], result["level"], rules[result["ruleIndex"]]["id"]) for result in run["results"]]
    assert results == [(finding.rule, finding.level, finding.rule) for finding in report.findings]
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_a_rule_brings_its_text():
    rule = registry.rules()["MP402"]
    (told,) = (told for told in run_of(LINT, rules={"MP402": rule})["tool"]["driver"]["rules"] if told["id"] == "MP402")

    assert (told["name"], told["helpUri"]) == ("tiny-tasks", rule.doc.links[0])
    assert told["help"]["markdown"].startswith("# MP402 tiny-tasks: ")
    assert rule.doc.good in told["help"]["markdown"]


def test_where_and_what():
    result = run_of(LINT)["results"][0]

    finding = LINT.findings[0]
    line = {"startLine": 41, "endLine": 41}
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "shop/app.py", "uriBaseId": "%SRCROOT%"},
                "region": {**line, "startColumn": 27, "endColumn": 50},
                "contextRegion": {**line, "snippet": {"text": finding.place.excerpt}},
            },
            "logicalLocations": [{"fullyQualifiedName": "price_all", "kind": "function"}],
        }
    ]
    assert result["message"]["text"] == f"{finding.seen}\n{finding.do}"
    assert result["partialFingerprints"] == {"mpdiag/v1": fingerprints(LINT.findings)[0]}


def test_confidence_gain_and_evidence_are_properties():
    properties = run_of(RUN)["results"][0]["properties"]

    gain = RUN.findings[0].gain
    assert isinstance(gain, Gain)
    assert properties["confidence"] == "measured"
    assert properties["gain"] == {
        "ceiling_s": gain.ceiling_s,
        "ceiling_fraction": gain.ceiling_fraction,
        "basis": gain.basis,
    }
    assert len(properties["evidence"]) == len(RUN.findings[0].evidence)


@pytest.mark.parametrize(
    ("file", "folder", "uri"),
    [
        ("~/shop/app.py", "~/shop", "app.py"),
        ("~/shop/app.py", "~/sho", "~/shop/app.py"),
        ("a b/ä#?%.py", "", "a%20b/%C3%A4%23%3F%25.py"),
        ("caf\udce9.py", "", "caf%E9.py"),
        ("odd\ud800.py", "", "odd%5Cud800.py"),
        ("http://x/y.py", "", "http%3A//x/y.py"),
        (r"~\shop\src\app.py", r"~\shop", "src/app.py"),
        (r"D:\shop\src\app.py", r"D:\shop", "src/app.py"),
        (r"src\app.py", r"D:\shop", "src/app.py"),
        (r"src\app.py", "/shop", "src%5Capp.py"),
    ],
)
def test_paths_below_the_working_directory_are_relative(file, folder, uri):
    assert physical(Place(file), folder=folder)["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}


@pytest.mark.parametrize(
    ("file", "uri"),
    [("/opt/x y.py", "file:///opt/x%20y.py"), (r"D:\x\y.py", "file:///D%3A/x/y.py")],
)
def test_other_paths_are_absolute(file, uri):
    assert physical(Place(file), folder="/shop")["artifactLocation"] == {"uri": uri}


@pytest.mark.parametrize(
    ("place", "region", "context"),
    [
        (Place("a.py"), None, None),
        (Place("a.py", 0, 0, end_line=-1, excerpt="x"), None, None),
        (Place("a.py", 3), {"startLine": 3}, None),
        (Place("a.py", 3, 9, end_line=3, end_column=4), {"startLine": 3, "startColumn": 9}, None),
        (Place("a.py", 3, excerpt="x\ny"), {"startLine": 3}, {"startLine": 3, "endLine": 4}),
        (
            Place("a.py", 3, 1, end_line=9, end_column=2, excerpt="x\ny\nz"),
            {"startLine": 3, "startColumn": 1, "endLine": 9, "endColumn": 2},
            None,
        ),
    ],
)
def test_regions_hold_what_is_known_and_makes_sense(place, region, context):
    found = physical(place)

    shown = found.get("contextRegion")
    assert found.get("region") == region
    assert (shown and {key: value for key, value in shown.items() if key != "snippet"}) == context


def test_a_cell_of_a_notebook_is_named_in_the_message():
    finding = next(finding for finding in LINT.findings if finding.place.cell)
    (result,) = run_of(replace(LINT, findings=(finding,)))["results"]

    assert result["message"]["text"].startswith(f"cell 4, line 3: {finding.seen}")
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "report.ipynb", "uriBaseId": "%SRCROOT%"}
    }


def test_a_finding_without_a_place_has_no_location():
    assert run_of(PROBE)["results"][0]["locations"] == []


def test_messages_have_no_links_and_no_blanks():
    finding = replace(LINT.findings[0], seen="[here](https://evil.example) {0} d[0] {a}", do="do")

    message = run_of(replace(LINT, findings=(finding,)))["results"][0]["message"]

    assert message["text"] == r"\[here](https://evil.example) {{0}} d[0] {a}" + "\ndo"


def test_what_limits_trust_is_a_notification():
    (invocation,) = run_of(LINT)["invocations"]

    assert invocation["executionSuccessful"] is True
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == [LINT.quality[0].text]


def fixes_of(place):
    finding = replace(LINT.findings[0], place=place, do="Use [this](x).", fix=Fix(3, 5, 4, 1, "x = (1,)\n"))
    return run_of(replace(LINT, findings=(finding,)))["results"][0].get("fixes")


def test_an_edit_that_mends_a_finding_is_a_fix():
    (fix,) = fixes_of(Place("shop/a b.py", 3, 5))

    assert fix == {
        "description": {"text": r"Use \[this](x)."},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": "shop/a%20b.py", "uriBaseId": "%SRCROOT%"},
                "replacements": [
                    {
                        "deletedRegion": {"startLine": 3, "startColumn": 5, "endLine": 4, "endColumn": 1},
                        "insertedContent": {"text": "x = (1,)\n"},
                    }
                ],
            }
        ],
    }


def test_cells_have_no_lines_of_the_file_and_so_no_fix():
    assert fixes_of(Place("n.ipynb:cell 2", 3, 5)) is None
    assert "fixes" not in result_of(Place("a.py", 3))
