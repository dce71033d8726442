import os
import re
from dataclasses import replace
from pathlib import Path

from mpdiag import reports
from mpdiag.advice import Evidence, Finding
from mpdiag.model import Column
from mpdiag.renderers.markdown import RENDERER
from mpdiag.report import Section, Style

GOLDEN = Path(__file__).parent.parent / "golden"
REPORT = reports.decode((GOLDEN / "probe.json").read_bytes(), "probe.json")


def render(report=REPORT, **style):
    return RENDERER.render(report, Style(**style))


def many_sections(count):
    first = REPORT.sections[0]
    further = replace(first, title="More")
    tables = [
        replace(section, id=f"probe{place}{suffix}")
        for place in range(count)
        for section, suffix in ((first, ""), (further, ".more"))
    ]
    return replace(REPORT, sections=tuple(tables))


def test_golden():
    text = render()
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / "probe.md").write_text(text, encoding="utf-8", newline="\n")

    assert text == (GOLDEN / "probe.md").read_text(encoding="utf-8")


def test_the_verdict_follows_the_heading():
    assert render().splitlines()[:3] == ["### mpdiag probe", "", f"**{REPORT.verdict}**"]


def test_a_large_report_stays_below_120_lines_and_githubs_limit():
    text = render(many_sections(20))

    assert text.count("\n") < 120
    assert len(text) < 65_536


def test_each_probes_first_table_comes_before_any_second_one():
    text = render(many_sections(4)).partition("<details>")[0]

    assert text.count("**Starting a worker**") == 4
    assert text.count("**More**") < 4


def test_what_does_not_fit_is_folded_away_and_not_lost():
    text = render(many_sections(15))

    shown = text.count("| bare interpreter |")
    assert 0 < shown < 30
    assert f"Folded away below: {30 - shown} more tables." in text
    assert "Folded away" not in render()
    assert text.count("<td>bare interpreter</td>") == 30


def test_what_is_too_long_for_a_ticket_is_named():
    text = render(many_sections(60))

    assert "Too long for a ticket, see the JSON report: " in text
    assert len(text) < 60_000


def test_verbose_shows_every_table_and_finding():
    text = render(many_sections(20), verbose=True)

    assert text.partition("<details>")[0].count("**More**") == 20
    assert all(finding.do in text.replace("\\", "") for finding in REPORT.findings)


def test_every_table_row_has_as_many_cells_as_its_header():
    tables = re.findall(r"(?:^\|.*\n)+", render(), re.MULTILINE)

    assert len(tables) > 3
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1


def test_foreign_text_neither_formats_nor_links_nor_mentions():
    hostile = (
        "</details><img src=x onerror=1> @octocat #12 https://evil.example www.evil.example a|b **b** `c` ~~s~~ \n# h"
    )
    finding = Finding("MP999", hostile, "error", "static", hostile, hostile, hostile, (Evidence(hostile, hostile),))
    section = Section("s", hostile, "ok", columns=(Column("a", hostile),), rows=({"a": hostile},))
    report = replace(
        REPORT, verdict=hostile, findings=(finding,), sections=(section,), machine={hostile: hostile}, python={}
    )

    text = render(report, verbose=True)

    outside_code = re.sub(r"`[^`\n]*`", "", text)
    assert outside_code.count("</details>") == 1
    assert "<img" not in outside_code
    for dangerous in ("@octocat", "#12", "https://evil", "www.evil", "\n# h"):
        assert dangerous not in outside_code
    assert r"a\|b \*\*b\*\*" in outside_code
    assert " **b**" not in outside_code.partition("<details>")[0]


def test_code_stays_code():
    assert "pass `max_workers=2`" in render()
