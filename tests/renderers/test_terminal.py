import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mpdiag import reports
from mpdiag.advice import Evidence, Finding, Gain, Place
from mpdiag.model import Column
from mpdiag.renderers.terminal import RENDERER
from mpdiag.report import Account, Memory, ProcessAccount, Section, Style

GOLDEN = Path(__file__).parent.parent / "golden"
REPORT = reports.decode((GOLDEN / "probe.json").read_bytes(), "probe.json")
CODES = re.compile(r"\x1b\[[0-9;]*m")
STYLES = {
    "probe.80.txt": Style(width=80),
    "probe.120.txt": Style(width=120),
    "probe.verbose.txt": Style(width=100, verbose=True),
    "probe.ascii.txt": Style(width=80, unicode=False),
}


def render(report=REPORT, **style):
    return RENDERER.render(report, Style(**style))


@pytest.mark.parametrize("name", STYLES)
def test_golden(name):
    text = RENDERER.render(REPORT, STYLES[name])
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")

    assert text == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 100, 109, 110, 120, 200])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_the_terminal(width, verbose):
    assert max(map(len, render(width=width, verbose=verbose).splitlines())) <= width


def test_numbers_are_never_broken_when_text_has_to_give_way():
    text = render(width=60)

    assert all(number in text for number in ("86.1 ms", "12.8 ms", "10.5 MiB", "4.40 k/s"))


def test_the_verdict_is_the_first_line():
    assert render(width=200).splitlines()[0] == REPORT.verdict


def test_what_limits_trust_comes_before_the_findings():
    text = render()

    assert text.index("! noisy") < text.index("Findings") < text.index("Machine") < text.index("Starting a worker")


def test_colour_adds_codes_only():
    assert CODES.sub("", render(color=True)).split() == render().split()


def test_without_colour_there_is_no_escape():
    assert "\x1b" not in render(verbose=True)


def test_ascii_for_terminals_without_unicode():
    assert render(unicode=False, verbose=True, width=120).isascii()


def test_louder_findings_and_the_first_notes_are_told_in_full_the_rest_in_a_line():
    text = render(width=200)

    told = [finding.rule for finding in REPORT.findings if finding.do in text]
    assert told == ["MP701", "MP108", "MP301", "MP402"]
    assert "note MP205 copied-bytes · send against send_bytes at 1 MiB = 3.10× [2.80–3.30]" in text


def test_verbose_tells_all_findings_detail_tables_and_what_was_fine():
    text = render(width=200, verbose=True)

    assert all(finding.do in text for finding in REPORT.findings)
    for shown in ("Channels, every round", "MP101, MP302, MP502", "large_payload was skipped", "posix.read", "7.00 %"):
        assert shown in text
    assert "Channels, every round" not in render(width=200)


def test_wide_columns_and_intervals_need_room():
    assert "USS" not in render(width=109)
    assert "USS" in render(width=120)
    assert "[4.63–5.17]" not in render(width=109)
    assert "[4.63–5.17]" in render(width=120)


def test_a_section_without_rows_is_one_line_with_its_reason():
    assert "\nLarge payloads: skipped, /dev/shm is missing\n" in render()


def test_rows_of_a_section_that_was_cut_short_are_kept():
    cut = replace(REPORT.sections[0], status="timeout", reason="stopped after 8 s")

    text = render(replace(REPORT, sections=(cut,)))

    assert "Starting a worker: timeout, stopped after 8 s" in text
    assert "86.1 ms" in text


def test_foreign_text_neither_escapes_nor_marks_up():
    hostile = "[bold red]x[/] \x1b]0;owned\x07 \x1b[2J\r\n\u202egnp.exe :smile: \x9b31m"
    finding = Finding("MP999", hostile, "error", "static", hostile, hostile, hostile, (Evidence(hostile, hostile),))
    section = Section(hostile, hostile, "ok", hostile, columns=(Column(hostile, hostile),), rows=({hostile: hostile},))
    report = replace(
        REPORT,
        verdict=hostile,
        findings=(finding,),
        sections=(section,),
        machine={hostile: hostile, "cpu_model": hostile},
    )

    text = render(report, width=120, verbose=True)

    assert set(text) & set("\x1b\x07\r\x9b\u202e") == set()
    assert text.startswith(r"[bold red]x[/] \x1b]0;owned\x07 \x1b[2J\r\n\u202egnp.exe :smile: \x9b31m")


def test_place_and_gain_of_other_kinds_are_shown_and_an_account_does_not_hurt():
    finding = replace(
        REPORT.findings[0],
        place=Place("app.py", 31, 5, "main", "Worker-1"),
        gain=Gain(12.0, 0.42, "the time workers waited"),
    )
    process = ProcessAccount(1, 0, "main", "main", "fork", 0.0, 1.0, "SIGKILL", {"cpu": 1.0}, Memory(1))
    account = Account(1.0, (process,), {"cpu": 1.0}, 0.0)

    text = render(replace(REPORT, kind="run", findings=(finding,), account=account))

    assert "at app.py:31:5 in main (Worker-1)" in text
    assert "gain: at most 12 s (42 %) of 1.00 s: the time workers waited" in text


def test_a_report_with_nothing_in_it():
    bare = replace(REPORT, findings=(), sections=(), quality=(), machine={}, python={}, passed=(), not_judged=())

    assert render(bare, width=200).splitlines()[2].startswith("Findings (none) ──")


def test_few_probes_show_all_their_tables_many_an_overview():
    main = Section("pipes", "Pipes", "ok", columns=(Column("kind", "kind"),), rows=({"kind": "Pipe"},))
    more = replace(main, id="pipes.more", title="More of pipes")
    others = tuple(replace(main, id=name) for name in ("a", "b", "c"))

    assert "More of pipes" in RENDERER.render(replace(REPORT, sections=(main, more)), Style())
    overview = RENDERER.render(replace(REPORT, sections=(main, more, *others)), Style())
    assert "More of pipes" not in overview
    assert "Tables folded away: 1." in overview
