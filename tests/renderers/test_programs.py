"""Reports of observed programs, as the formats for people show them."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from mpdiag import reports
from mpdiag.advice import Finding, Gain, Place
from mpdiag.renderers import markdown, terminal
from mpdiag.report import Account, Memory, ProcessAccount, Style

GOLDEN = Path(__file__).parent.parent / "golden"
RUN = reports.decode((GOLDEN / "run.json").read_bytes(), "run.json")
SITES = next(section for section in RUN.sections if section.id == "sites")
HOSTILE = "日本[red]x[/] \x1b]0;owned\x07\x1b[2J\r\n``` | <b> \u202egnp.exe 日本語-1"


def process(place, name="Process", role="process", born=0.0, ended=1.0, buckets=None, **more):
    known = {"start_method": "fork", "exit": 0, "memory": Memory(30 * 2**20), **more}
    return ProcessAccount(
        100 + place, 100, f"{name}-{place}", role, born_s=born, ended_s=ended, buckets=buckets, **known
    )


def account(*processes, wall=10.0):
    main = ProcessAccount(99, 1, "MainProcess", "main", "", 0.0, wall, 0, {"cpu": 1.0, "join": wall - 1}, Memory(2**26))
    total = {}
    for one in (main, *processes):
        for key, time in one.buckets.items():
            total[key] = total.get(key, 0.0) + time
    return Account(wall, (main, *processes), total, 0.0)


def many():
    """200 short processes one after the other, 40 workers, a manager."""
    return account(
        *(process(n, born=n * 0.04, ended=n * 0.04 + 0.05, buckets={"start": 0.04, "cpu": 0.01}) for n in range(200)),
        *(
            process(
                n, "SpawnPoolWorker", "worker", 2.0, 9.0, {"import": 2.0, "wait_task": 5.0},
                start_method="spawn", exit="SIGKILL" if n < 3 else 0,
            )
            for n in range(40)
        ),
        process(1, "SyncManager", "manager", 0.1, 9.9, {"recv": 9.8}),
    )  # fmt: skip


def alone():
    """A program of one process, of which nothing bad can be said."""
    main = ProcessAccount(99, 1, "MainProcess", "main", "", 0.0, 2.5, 0, {"import": 0.1, "cpu": 2.4}, Memory(2**26))
    verdict = "Nothing to gain here: it is one process, which computes 96.0 % of the time."
    return replace(
        RUN,
        verdict=verdict,
        account=Account(2.5, (main,), main.buckets, 0.0),
        sections=(),
        findings=(),
        quality=(),
        not_judged=(),
    )


def hostile():
    """A program whose names are out to do harm."""
    finding = replace(RUN.findings[0], place=Place(HOSTILE, 1, None, HOSTILE), gain=Gain(1.0, 0.1, HOSTILE))
    workers = [process(n, HOSTILE, "worker", 0.0, 9.0, {"cpu": 8.0, HOSTILE: 1.0}) for n in range(3)]
    rows = tuple({**row, "where": HOSTILE, "role": HOSTILE} for row in SITES.rows)
    sections = (replace(SITES, rows=rows),)
    return replace(RUN, account=account(*workers), findings=(finding,), sections=sections, quality=())


GOLDENS = {
    "run.80.txt": (terminal, RUN, Style(width=80)),
    "run.120.txt": (terminal, RUN, Style(width=120)),
    "run.ascii.txt": (terminal, RUN, Style(width=80, unicode=False)),
    "run.verbose.txt": (terminal, RUN, Style(width=120, verbose=True)),
    "run.md": (markdown, RUN, Style(width=100)),
    "run.many.txt": (terminal, replace(RUN, account=many(), sections=()), Style(width=80)),
    "run.alone.txt": (terminal, alone(), Style(width=80)),
    "run.hostile.txt": (terminal, hostile(), Style(width=80)),
    "run.hostile.md": (markdown, hostile(), Style(width=100)),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_golden(name):
    renderer, report, style = GOLDENS[name]
    text = renderer.RENDERER.render(report, style)
    if os.environ.get("UPDATE_GOLDEN"):
        (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")

    assert text == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("report", [RUN, replace(RUN, account=many()), alone(), hostile()])
def test_no_line_is_wider_than_the_terminal(width, report):
    text = terminal.RENDERER.render(report, Style(width=width))

    assert max(map(cell_len, text.splitlines())) <= width


@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_from_a_program_escapes(verbose):
    text = terminal.RENDERER.render(hostile(), Style(width=120, verbose=verbose))
    ticket = markdown.RENDERER.render(hostile(), Style(verbose=verbose))

    assert set(text + ticket) & set("\x1b\x07\r\u202e") == set()
    assert re.findall("^```.*", ticket, re.MULTILINE) == ["```text", "```"]
    assert "<b> " not in re.sub(r"```text.*?```|`[^`\n]*`", "", ticket, flags=re.DOTALL)


def test_ascii_for_terminals_without_unicode():
    for report in (RUN, hostile(), replace(RUN, account=many())):
        assert terminal.RENDERER.render(report, Style(unicode=False, verbose=True)).isascii()


def test_colour_adds_codes_only():
    text = terminal.RENDERER.render(RUN, Style(color=True))

    assert re.sub(r"\x1b\[[0-9;]*m", "", text).split() == terminal.RENDERER.render(RUN, Style()).split()


def test_a_finding_tells_place_and_gain():
    text = terminal.RENDERER.render(RUN, Style(width=120))

    assert "\n  at ~/shop/app.py:33 in main\n" in text
    assert "\n  gain: at most 3.2 s (41 %) of 7.80 s: pickling and sending happen in the main process" in text


def test_a_ticket_stays_below_120_lines():
    for report in (RUN, replace(RUN, account=many()), hostile()):
        assert markdown.RENDERER.render(report, Style()).count("\n") < 120


def test_a_long_table_waits_for_verbose():
    long = replace(RUN, sections=(replace(SITES, rows=SITES.rows * 4),), account=None)
    left = len(SITES.rows) * 4 - 8

    assert f"and {left} more rows, shown by -v" in terminal.RENDERER.render(long, Style())
    assert f"and {left} more rows, folded away below" in markdown.RENDERER.render(long, Style())
    assert "more rows" not in terminal.RENDERER.render(long, Style(verbose=True))


def test_notes_of_another_kind_keep_their_gain_without_an_account():
    finding = Finding("MP201", "x", "note", "measured", "t", "s", "d", gain=Gain(0.314, 0.123, "why"))

    text = terminal.RENDERER.render(replace(RUN, findings=(finding,), account=None), Style())

    assert "gain: at most 310 ms (12 %): why" in text
