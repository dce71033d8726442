"""Reports of `mpdiag lint`, as the formats for people show them."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from mpdiag import reports
from mpdiag.advice import Place
from mpdiag.renderers import markdown, terminal
from mpdiag.report import Style

GOLDEN = Path(__file__).parent.parent / "golden"
LINT = reports.decode((GOLDEN / "lint.json").read_bytes(), "lint.json")
HOSTILE = "日本[red]x[/] \x1b]0;owned\x07\x1b[2J\r``` | <b> \u202egnp.exe"


def many(count):
    """The same mistake ``count`` times."""
    first = LINT.findings[0]
    again = tuple(replace(first, place=replace(first.place, line=100 + line)) for line in range(count))
    return replace(LINT, findings=(first, *again))


def hostile():
    """Files, functions and source that are out to do harm."""
    place = Place(f"{HOSTILE}.py", 1, 3, HOSTILE, end_line=1, end_column=9, excerpt=f"x = {HOSTILE}\n  ````\n- ```")
    findings = tuple(replace(finding, seen=HOSTILE, do=HOSTILE, place=place) for finding in LINT.findings[:2])
    return replace(LINT, verdict=HOSTILE, findings=findings)


GOLDENS = {
    "lint.80.txt": (terminal, LINT, Style(width=80)),
    "lint.120.txt": (terminal, LINT, Style(width=120)),
    "lint.ascii.txt": (terminal, LINT, Style(width=80, unicode=False)),
    "lint.color.txt": (terminal, LINT, Style(width=80, color=True)),
    "lint.verbose.txt": (terminal, LINT, Style(width=100, verbose=True)),
    "lint.md": (markdown, LINT, Style(width=100)),
    "lint.hostile.txt": (terminal, hostile(), Style(width=80)),
    "lint.hostile.md": (markdown, hostile(), Style(width=100)),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name):
    renderer, report, style = GOLDENS[name]
    text = renderer.RENDERER.render(report, style)
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")

    assert text == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("report", [LINT, many(3), hostile()], ids=["lint", "many", "hostile"])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_the_terminal(width, report, verbose):
    text = terminal.RENDERER.render(report, Style(width=width, verbose=verbose))

    assert max(map(cell_len, text.splitlines())) <= width


def test_the_verdict_comes_first_and_files_in_order():
    text = terminal.RENDERER.render(LINT, Style(width=200))

    assert text.splitlines()[0] == LINT.verdict
    assert re.findall(r"^(\S+\.(?:py|ipynb).*?) ─", text, re.MULTILINE) == [
        "report.ipynb:cell 4 (1 warning)",
        "shop/app.py (3 errors, 1 note)",
        "shop/lager/bestände.py (1 error, 1 warning)",
    ]


def test_a_remedy_is_told_once_unless_verbose():
    remedy = LINT.findings[0].do

    for render in (terminal.RENDERER.render, markdown.RENDERER.render):
        assert render(LINT, Style(width=200)).count(remedy) == 1
        assert render(LINT, Style(width=200, verbose=True)).count(remedy) == 3


def test_the_same_again_is_a_line_and_its_source():
    text = terminal.RENDERER.render(many(2), Style())

    assert text.endswith(
        "error MP204 unpicklable-task shop/app.py:100:27 in price_all\n"
        "  100 │ prices = pool.map(lambda item: item.price, items)\n"
        "error MP204 unpicklable-task shop/app.py:101:27 in price_all\n"
        "  101 │ prices = pool.map(lambda item: item.price, items)\n"
        "\n"
        "`mpdiag explain MP204` says why, how it was judged, and shows the fix.\n"
    )


def test_another_remedy_of_the_same_rule_is_told():
    first, second, *rest = LINT.findings
    other = replace(LINT, findings=(first, replace(second, do="Do something else."), *rest))

    assert "→ Do something else." in terminal.RENDERER.render(other, Style())


def test_findings_without_a_place_come_last():
    report = replace(LINT, findings=(replace(LINT.findings[-1], place=None), LINT.findings[0]))

    text = terminal.RENDERER.render(report, Style())
    ticket = markdown.RENDERER.render(report, Style())

    assert text.index("shop/app.py") < text.index("Nowhere in particular (1 note)") < text.index("MP402")
    assert ticket.index("shop/app.py") < ticket.index("MP402")


def test_nothing_found_is_the_verdict_alone():
    clean = replace(LINT, findings=(), quality=(), verdict="No mistake in 14 files.")

    assert terminal.RENDERER.render(clean, Style()) == "No mistake in 14 files.\n"
    assert "MP106" in terminal.RENDERER.render(clean, Style(verbose=True))


def test_ascii_for_terminals_without_unicode():
    for report in (LINT, hostile()):
        assert terminal.RENDERER.render(report, Style(unicode=False, verbose=True)).isascii()


def test_colour_adds_codes_only():
    text = terminal.RENDERER.render(LINT, Style(color=True))

    assert re.sub(r"\x1b\[[0-9;]*m", "", text).split() == terminal.RENDERER.render(LINT, Style()).split()


def test_nothing_from_a_file_escapes():
    text = terminal.RENDERER.render(hostile(), Style(width=120, verbose=True))
    ticket = markdown.RENDERER.render(hostile(), Style(verbose=True))

    assert set(text + ticket) & set("\x1b\x07\r\u202e") == set()
    assert re.findall("^ *```+.*", ticket, re.MULTILINE) == ["  `````text", "  `````"] * 2
    assert "<b> " not in re.sub(r"`````text.*?`````|`[^`\n]*`", "", ticket, flags=re.DOTALL)


def test_a_ticket_names_what_it_folds_away():
    few, lots = markdown.RENDERER.render(many(60), Style()), markdown.RENDERER.render(many(2000), Style())

    assert "Folded away" not in few
    shown = lots.count("\n- error MP204")
    assert lots.count("\n") < 120
    assert len(lots) < 65_536
    assert f"Folded away below: {2001 - shown} more findings." in lots
    assert f"Further findings, the first 100 of {2001 - shown}" in lots
    assert lots.count("<td>MP204 unpicklable-task</td>") == 100
    assert markdown.RENDERER.render(many(200), Style(verbose=True)).count("\n- error MP204") == 201
