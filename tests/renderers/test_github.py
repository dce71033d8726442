from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import reports
from mpdiag.advice import Place
from mpdiag.renderers.github import RENDERER
from mpdiag.report import Style

GOLDEN = Path(__file__).parent.parent / "golden"
LINT, RUN, PROBE = (reports.decode((GOLDEN / f"{kind}.json").read_bytes(), kind) for kind in ("lint", "run", "probe"))


def lines(report, **style):
    return RENDERER.render(report, Style(**style)).splitlines()


def understood(line):
    """A command as GitHub's runner takes it apart: its name, its properties and its text."""
    empty, head, text = line.split("::", 2)
    assert empty == ""
    name, _, properties = head.partition(" ")
    pairs = dict(each.split("=", 1) for each in properties.split(","))
    return name, {key: unescaped(value, ":,") for key, value in pairs.items()}, unescaped(text, "")


def unescaped(text, more):
    for char in ("\r", "\n", *more, "%"):
        text = text.replace(f"%{ord(char):02X}", char)
    return text


def of_place(place):
    report = replace(LINT, findings=(replace(LINT.findings[0], place=place),))
    return understood(lines(report)[0])


def test_a_command_for_each_finding_the_worst_first_then_the_verdict():
    *commands, verdict = lines(LINT)

    assert [understood(line)[0] for line in commands] == ["error"] * 4 + ["warning"] * 2 + ["notice"]
    finding = LINT.findings[0]
    assert understood(commands[0]) == (
        "error",
        {
            "title": "mpdiag MP204 unpicklable-task",
            "file": "shop/app.py",
            "line": "41",
            "endLine": "41",
            "col": "27",
            "endColumn": "50",
        },
        f"shop/app.py:41:27: {finding.seen}\n→ {finding.do}",
    )
    assert verdict == f"mpdiag lint: {LINT.verdict}"


@pytest.mark.parametrize(
    ("place", "known"),
    [
        (Place("a.py"), {}),
        (Place("a.py", 3), {"line": "3"}),
        (Place("a.py", 3, 5), {"line": "3", "col": "5"}),
        (Place("a.py", 3, 5, end_line=4, end_column=1), {"line": "3", "endLine": "4"}),
        (Place("a.py", 3, 5, end_line=2, end_column=1), {"line": "3", "col": "5"}),
        (Place("a.py", 0, -1), {}),
    ],
)
def test_lines_and_columns_that_github_can_show(place, known):
    _, properties, _ = of_place(place)

    assert {key: value for key, value in properties.items() if key not in {"title", "file"}} == known


def test_a_finding_without_a_place_is_an_annotation_of_the_step():
    assert understood(lines(PROBE)[0])[1] == {"title": "mpdiag MP701 affinity-ignored"}


def test_paths_are_relative_to_the_working_directory():
    assert understood(lines(RUN, folder="~/shop")[0])[1]["file"] == "app.py"


def test_names_cannot_leave_their_property_or_begin_a_command():
    file = "a,line=1::x%0A::error::y\n::stop-commands::z:.py"
    name, properties, text = of_place(Place(file, 3))

    assert (name, properties["file"], properties["line"]) == ("error", file.replace("\n", r"\n"), "3")
    assert text.startswith(r"a,line=1::x%0A::error::y\n::stop-commands::z:.py:3: ")


def test_a_verdict_is_no_command():
    assert lines(replace(LINT, verdict="::error::x", findings=())) == ["mpdiag lint: ::error::x"]
