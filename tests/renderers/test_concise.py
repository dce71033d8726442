import re
from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import reports
from mpdiag.advice import Place
from mpdiag.renderers.concise import RENDERER
from mpdiag.report import Style

GOLDEN = Path(__file__).parent.parent / "golden"
LINT, RUN, PROBE = (reports.decode((GOLDEN / f"{kind}.json").read_bytes(), kind) for kind in ("lint", "run", "probe"))
LINE = re.compile(
    r"(?P<file>[^:]+(:cell \d+)?):(?P<line>\d+)(:(?P<column>\d+))?: MP\d{3} (note|warning|error) [a-z-]+: .+"
)


def lines(report, **style):
    return RENDERER.render(report, Style(**style)).splitlines()


def test_a_line_for_each_finding_by_place_then_the_verdict():
    *found, verdict = lines(LINT)

    assert [LINE.fullmatch(line).group("file", "line", "column") for line in found] == [
        ("report.ipynb:cell 4", "3", "1"),
        ("shop/app.py", "41", "27"),
        ("shop/app.py", "58", "25"),
        ("shop/app.py", "63", "21"),
        ("shop/app.py", "90", "16"),
        ("shop/lager/bestände.py", "12", "16"),
        ("shop/lager/bestände.py", "77", "5"),
    ]
    assert found[1].endswith(": MP204 error unpicklable-task: " + LINT.findings[0].seen)
    assert verdict == LINT.verdict


def test_findings_of_a_run_keep_its_order_and_are_relative_to_the_working_directory():
    assert [line.partition(": ")[0] for line in lines(RUN, folder="~/shop")[:-1]] == [
        "app.py:33",
        "app.py:31",
        "app.py:28",
    ]


def test_findings_without_a_place_start_with_their_id():
    assert lines(PROBE)[0].startswith("MP701 warning affinity-ignored: ")


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("::error::x.py", r"\x3a:error::x.py"),
        (" ::error::x.py", r" \x3a:error::x.py"),
        ("a##[add-mask]b.py", r"a\x23#[add-mask]b.py"),
        ("##vso[task.complete]", r"\x23#vso[task.complete]"),
        ("a\nb\x1b[2J.py", r"a\nb\x1b[2J.py"),
    ],
)
def test_no_line_is_a_command_of_a_build_service(file, shown):
    report = replace(LINT, findings=(replace(LINT.findings[0], place=Place(file, 3)),))

    assert lines(report)[0].startswith(f"{shown}:3: MP204 ")


def test_ascii_where_asked_for():
    assert all(line.isascii() for line in lines(LINT, unicode=False))
