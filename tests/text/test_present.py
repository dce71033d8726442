from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mpdiag import reports
from mpdiag.advice import Evidence, Place
from mpdiag.model import Column, Measured
from mpdiag.report import Quality, Style
from mpdiag.text import present

REPORT = reports.decode((Path(__file__).parent.parent / "golden" / "probe.json").read_bytes(), "probe.json")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – µs × 漢字", "plain – µs × 漢字"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202e\u200b\u2028", r"\u202e\u200b\u2028"),
        ("\udce9", r"\udce9"),
    ],
)
def test_visible(text, shown):
    assert present.visible(text) == shown


def test_plain_in_ascii_keeps_the_meaning():
    assert present.plain("1.70× [1.60–1.80] → 5 µs 漢", Style(unicode=False)) == r"1.70x [1.60-1.80] -> 5 us \u6f22"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("start_method and `set_x(a_b)`", "start_method and `set_x(a_b)`"),
        ("_odd_ *x* [a](b) <b> a|b", r"\_odd\_ \*x\* [a\](b) &lt;b> a\|b"),
        ("`a|b`", r"`a\|b`"),
        ("``two`` ticks", r"\`\`two\`\` ticks"),
        ("a ` lone tick", r"a \` lone tick"),
        (
            "@ann #1 https://x www.x ann@x.org",
            "@<!-- -->ann #<!-- -->1 https:<!-- -->//x www<!-- -->.x ann@<!-- -->x.org",
        ),
        ("# heading", r"\# heading"),
        ("1. item", r"1\. item"),
        ("1.83 ms", "1.83 ms"),
        ("-6.15 ms", "-6.15 ms"),
        ("2.70× [2.50–2.90]", "2.70× [2.50–2.90]"),
        ("[a]: b [c][d] ![e](f)", r"[a\]: b [c\][d] ![e\](f)"),
        ("- item", r"\- item"),
        ("a\n# b", r"a\\n# b"),
        ("&lt; $x$", "&amp;lt; <span>$</span>x<span>$</span>"),
    ],
)
def test_markdown(text, written):
    assert present.markdown(text) == written


def levels(*names):
    finding = REPORT.findings[0]
    return replace(REPORT, findings=tuple(replace(finding, level=name) for name in names))


@pytest.mark.parametrize(
    ("names", "full"),
    [
        ((), 0),
        (("note",) * 3, 3),
        (("note",) * 9, 4),
        (("warning", "error") + ("note",) * 5, 4),
        (("warning",) * 6 + ("note",) * 5, 7),
        (("note", "warning") * 3, 4),
    ],
)
def test_split_findings(names, full):
    told, brief = present.split_findings(levels(*names), Style())

    assert (len(told), len(told) + len(brief)) == (full, len(names))
    assert all(finding.level == "note" for finding in brief)


def test_verbose_tells_all():
    told, brief = present.split_findings(levels(*["note"] * 9), Style(verbose=True))

    assert (len(told), brief) == (9, [])


def test_many_doubts_end_in_a_count():
    report = replace(REPORT, quality=tuple(Quality(f"noisy: {number}", ("channels",)) for number in range(7)))

    few = present.doubts(report, Style())

    assert few[0] == "noisy: 0 (channels)"
    assert few[3:] == ["4 more such remarks, shown by -v"]
    assert len(present.doubts(report, Style(verbose=True))) == 7
    assert present.doubts(replace(REPORT, quality=(Quality("interrupted"),)), Style()) == ["interrupted"]


def test_counts():
    assert present.counts(levels("error", "note", "note")) == "1 error, 2 notes; 3 passed, 1 not judged"
    assert present.counts(replace(REPORT, findings=(), passed=(), not_judged=())) == "none"


def test_evidence():
    assert present.evidence(Evidence("ratio", 2.7, "x", 2.5, 2.9)) == "ratio = 2.70× [2.50–2.90]"
    assert present.evidence(Evidence("counted", 8, "1")) == "counted = 8"
    assert present.evidence(Evidence("method", "fork")) == "method = fork"
    assert present.evidence(Evidence("quota", None)) == "quota = –"


def test_place():
    assert present.place(Place("app.py")) == "app.py"
    assert present.place(Place("app.py", 3, None, "main", "Worker-1")) == "app.py:3 in main (Worker-1)"


def test_facts_carry_the_unit_of_their_name_and_the_reason_of_what_is_unknown():
    facts = {
        "rss_peak": 2**20,
        "children_peak": 3,
        "cpu_user_s": 0.0012,
        "others_cpu_fraction": 0.25,
        "usable_memory": 2**33,
        "swap_total": None,
        "limit": None,
        "flags": {"optimize": 1},
        "cgroup": {"cpu_quota": None},
        "pools": [{"library": "openblas", "threads": 8}],
        "signs": [],
        "set": True,
        "unknown": {"swap_total": "not told"},
    }

    assert present.pairs(facts) == [
        ("rss_peak", "1 MiB"),
        ("children_peak", "3"),
        ("cpu_user_s", "1.20 ms"),
        ("others_cpu_fraction", "25.0 %"),
        ("usable_memory", "8 GiB"),
        ("swap_total", "– (not told)"),
        ("limit", "none"),
        ("flags.optimize", "1"),
        ("cgroup.cpu_quota", "none"),
        ("pools", "library openblas threads 8"),
        ("signs", "none"),
        ("set", "yes"),
    ]


def test_machine_and_python_in_a_line():
    assert present.machine(REPORT) == (
        "AMD EPYC 7B13, 2 usable CPUs of 8, 8 GiB of memory, 64 MiB of shared memory, Debian GNU/Linux 13, "
        "kernel 6.18.5, in a container (docker)"
    )
    assert present.python(REPORT) == (
        "CPython 3.12.1 (of the active virtual environment), starts workers by fork, pools default to 8 workers"
    )


@pytest.mark.parametrize("odd", [{}, {"usable_cpus": [1], "cpu_model": {"a": 1}, "chosen": 3, "version": True}])
def test_odd_facts_do_not_hurt(odd):
    report = replace(REPORT, machine=odd, python=odd)

    assert isinstance(present.machine(report) + present.python(report), str)


def test_is_number():
    assert present.is_number(Column("a", "a", "s"), [])
    assert present.is_number(Column("a", "a"), [{"a": "x"}, {"a": 3}])
    assert not present.is_number(Column("a", "a"), [{"a": "x"}, {"a": True}, {}])


def test_cell():
    assert present.cell(Measured(2.0, 1.0, 3.0, 9), "x") == "2.00× [1.00–3.00]"
    assert present.cell(2, "1") == "2"


MARKUP = st.text(st.sampled_from("`*_[]()<>!|~&#:;$@-+=.1ab \\\n/\"'{}^"), max_size=24) | st.text(max_size=12)
OURS = {"<!-- -->", "<span>", "</span>"}


@settings(deadline=None)
@given(MARKUP)
def test_a_markdown_parser_sees_text_and_code_only(text):
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])

    tokens = [
        inner
        for token in parser.parse(f"| {present.markdown(text)}\n")
        if token.type not in {"paragraph_open", "paragraph_close"}
        for inner in token.children or [token]
    ]

    assert {token.type for token in tokens} <= {"text", "code_inline", "html_inline"}
    assert {token.content for token in tokens if token.type == "html_inline"} <= OURS


@settings(deadline=None)
@given(MARKUP)
def test_text_at_the_start_of_a_block_stays_a_paragraph(text):
    tokens = MarkdownIt("commonmark").enable("table").parse(present.markdown(text))

    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}


def test_of_a_tree_the_heaviest_rows_are_shown_where_they_stand():
    rows = tuple({"call": str(place), "share": share} for place, share in enumerate((0.9, 0.5, 0.1, 0.4, 0.2)))

    assert [row["call"] for row in present.heaviest(rows, "share", 3)] == ["0", "1", "3"]
    assert [row["call"] for row in present.heaviest(rows, None, 3)] == ["0", "1", "2"]
