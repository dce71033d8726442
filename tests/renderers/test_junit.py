from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

from mpdiag import reports
from mpdiag.advice import Place
from mpdiag.renderers.junit import RENDERER
from mpdiag.report import Style

GOLDEN = Path(__file__).parent.parent / "golden"
LINT, RUN, PROBE = (reports.decode((GOLDEN / f"{kind}.json").read_bytes(), kind) for kind in ("lint", "run", "probe"))


def suite(report, **style):
    root = ET.fromstring(RENDERER.render(report, Style(**style)).encode())
    assert root.tag == "testsuites"
    (only,) = root
    assert root.attrib == only.attrib
    return only


def test_findings_fail_notes_pass_with_a_remark_and_the_rest_passes():
    found = suite(LINT)

    outcomes = [[inner.tag for inner in case] for case in found.iter("testcase")]
    assert outcomes == [["failure"]] * 6 + [["system-out"]] + [[]] * len(LINT.passed)
    assert {key: found.get(key) for key in ("name", "tests", "failures", "errors", "skipped", "time")} == {
        "name": "mpdiag lint",
        "tests": "12",
        "failures": "6",
        "errors": "0",
        "skipped": "0",
        "time": "0.041",
    }


def test_a_failure_tells_where_what_and_what_to_do():
    case = suite(LINT).find("testcase")

    finding = LINT.findings[0]
    assert case.attrib == {
        "classname": "mpdiag lint",
        "name": "MP204 unpicklable-task at shop/app.py:41:27",
        "time": "0",
        "file": "shop/app.py",
        "line": "41",
    }
    failure = case.find("failure")
    assert failure.attrib == {"type": "error", "message": finding.title}
    assert failure.text.splitlines() == [
        finding.seen,
        "41 │ prices = pool.map(lambda item: item.price, items)",
        "   │                   ^^^^^^^^^^^^^^^^^^^^^^^",
        f"→ {finding.do}",
    ]


def test_what_was_not_judged_is_skipped_with_the_reason():
    skipped = [case for case in suite(PROBE).iter("testcase") if case.find("skipped") is not None]

    assert [(case.get("name"), case.find("skipped").get("message")) for case in skipped] == [
        (one.rule, one.reason) for one in PROBE.not_judged
    ]


def test_the_verdict_and_what_limits_trust_are_the_output_of_the_suite():
    found = suite(LINT)

    assert (found.find("system-out").text, found.find("system-err").text) == (LINT.verdict, LINT.quality[0].text)
    assert suite(replace(LINT, quality=())).find("system-err") is None


def test_paths_are_relative_to_the_working_directory():
    assert suite(RUN, folder="~/shop").find("testcase").get("file") == "app.py"


def test_what_xml_cannot_say_is_spelt_out():
    report = replace(
        LINT, verdict="\0\x1b\ud800\ufffe]]>", findings=(replace(LINT.findings[0], place=Place("a\0\udce9<.py")),)
    )

    found = suite(report)

    assert found.find("system-out").text == r"\x00\x1b\ud800\ufffe]]>"
    assert found.find("testcase").get("file") == r"a\x00\udce9<.py"
