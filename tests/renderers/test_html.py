import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mpdiag import comparing, registry, reports
from mpdiag.advice import Finding
from mpdiag.model import Column
from mpdiag.renderers.html import RENDERER
from mpdiag.report import Memory, ProcessAccount, Section, Span, Style
from mpdiag.text.buckets import BUCKETS

GOLDEN = Path(__file__).parent.parent / "golden"
RUN, PROBE, LINT = (reports.decode((GOLDEN / f"{kind}.json").read_bytes(), kind) for kind in ("run", "probe", "lint"))
COMPARED = comparing.compare(replace(RUN, findings=RUN.findings[1:]), RUN)
CSS = (Path(RENDERER.render.__code__.co_filename).parent.parent / "templates" / "report.css").read_text("utf-8")
VOID = {"meta"}


class Page(HTMLParser):
    """What a document consists of."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.texts = [], [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open[-3:]):
            self.texts.setdefault(tag, []).append(data)

    def all(self, tag, **wanted):
        wanted = {key.rstrip("_"): value for key, value in wanted.items()}
        return [each for name, each in self.tags if name == tag and wanted.items() <= each.items()]

    def text(self, tag):
        return " ".join(" ".join(self.texts.get(tag, ())).split())


def rendered(report, **style):
    return RENDERER.render(report, Style(rules=registry.behind(report), **style))


def page(report, **style):
    return Page(rendered(report, **style))


@pytest.mark.parametrize("report", [RUN, PROBE, LINT, COMPARED], ids=lambda report: report.kind)
def test_a_document_is_whole_and_asks_for_nothing_else(report):
    shown = page(report)

    assert shown.open == []
    assert {tag for tag, _ in shown.tags} & {"link", "img", "iframe", "base", "object", "form", "input"} == set()
    attributes = [(key, value) for _, each in shown.tags for key, value in each.items()]
    assert [key for key, _ in attributes if key.startswith("on") or key in ("src", "style")] == []
    assert all(re.match(r"#|https://", value) for key, value in attributes if key == "href")
    identifiers = [value for key, value in attributes if key == "id"]
    assert len(identifiers) == len(set(identifiers))
    targets = {value[1:] for key, value in attributes if key == "href" and value.startswith("#")}
    assert targets <= set(identifiers)


@pytest.mark.parametrize("report", [RUN, PROBE, LINT], ids=lambda report: report.kind)
def test_the_policy_allows_its_own_style_and_script_alone(report):
    text = rendered(report)
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="([^"]*)"', text)

    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;".replace("&#39;", "'") in policy.replace("&#39;", "'")
    assert policy.startswith("default-src &#39;none&#39;;")


def test_it_tells_what_the_report_has():
    shown = page(RUN)

    assert all(f"{finding.rule} {finding.name}" in shown.text("span") for finding in RUN.findings)
    assert all(finding.title in shown.text("h3") for finding in RUN.findings)
    assert "at most 3.2 s (41 %) of 7.80 s" in shown.text("p")
    assert len(shown.all("svg", class_="bar")) == len(RUN.account.processes)
    assert len(shown.all("svg", class_="meter")) == sum(finding.gain is not None for finding in RUN.findings)
    assert len(shown.all("table", class_="sortable")) == len(RUN.sections)
    assert all(item.label in shown.text("li") for finding in RUN.findings for item in finding.evidence)


def test_bars_read_without_colour():
    letters = page(RUN).text("svg")

    assert {"P", "j", "C"} <= set(letters.split())


def test_a_timeline_has_what_the_account_knows():
    shown = page(RUN)
    marks = [each for each in shown.all("rect") if "b-" in each.get("class", "") and float(each.get("y", 0)) > 0]

    assert len(shown.all("figure", class_="timeline")) == 1
    assert len(marks) == len(RUN.account.timeline)
    assert sum("often" in mark["class"] for mark in marks) == 1  # many sendings; many tasks are no less tasks
    assert page(replace(RUN, account=replace(RUN.account, timeline=()))).all("figure") == []


def test_curves_have_a_point_for_each_row_and_say_it():
    shown = page(PROBE)

    assert len(shown.all("figure", class_="chart")) == 2
    assert len([each for each in shown.all("svg", class_="dot") if "x" in each]) == 5 + 4
    assert "256 MiB: 5.57 ms [5.23–5.76]" in shown.text("title")


def test_numbers_can_be_sorted():
    keys = [each["data-n"] for each in page(PROBE).all("td", class_="number")]

    assert "0.000202" in keys or any(float(key) < 0.001 for key in keys if key)
    assert all(key == "" or float(key) == float(key) for key in keys)


def test_the_text_of_a_rule_stands_once_folded_in():
    shown = page(LINT)
    about = [each["id"] for each in shown.all("div") if each.get("id", "").startswith("about-")]

    assert about == sorted(set(about), key=about.index)
    assert "about-MP204" in about
    assert {"#about-MP204"} == {each["href"] for each in shown.all("a") if each["href"].startswith("#about-")}


def test_the_source_of_a_lint_keeps_its_columns():
    assert "41 │ prices = pool.map(lambda item: item.price, items)\n   │                   ^^^^" in rendered(LINT)


def test_unknown_rules_and_buckets_and_empty_reports_are_shown_too():
    strange = replace(
        RUN,
        account=replace(
            RUN.account,
            processes=tuple(replace(one, buckets={"warp": 1.0}) for one in RUN.account.processes),
            total={"warp": 3.0},
            timeline=(Span(4001, "warp", "warping", 1.0, 2.0),),
        ),
        findings=(Finding("MP999", "strange", "note", "measured", "Strange", "seen", "do"),),
    )
    empty = replace(RUN, sections=(), account=None, findings=(), quality=(), passed=(), not_judged=(), command=())

    assert 'class="b-unknown"' in rendered(strange)
    assert "b-warp" not in rendered(strange)
    assert page(empty).open == []


def test_a_hundred_processes_stay_below_500_kb():
    processes = tuple(
        ProcessAccount(
            100 + n, 99, f"SpawnPoolWorker-{n}", "worker", "spawn", n * 0.01, 7.5, 0,
            dict.fromkeys(BUCKETS, 0.5), Memory(2**26, 2**25, 2**25), 4.0,
        )
        for n in range(100)
    )  # fmt: skip
    spans = tuple(Span(100 + n % 100, "task", "app.crunch_numbers", n / 200, n / 190) for n in range(800))
    table = next(section for section in RUN.sections if section.id == "processes")
    many = replace(
        RUN,
        account=replace(RUN.account, processes=processes, timeline=spans),
        sections=(*RUN.sections, replace(table, id="p", rows=table.rows[:1] * 100)),
    )

    assert len(rendered(many).encode()) < 500_000


def test_very_many_rows_findings_and_processes_end_in_a_count():
    rows = tuple({"n": number} for number in range(250))
    long = Section("long", "Long", "ok", columns=(Column("n", "n", "1"),), rows=rows)
    many = replace(
        RUN,
        sections=(long,),
        findings=RUN.findings[:1] * 130,
        account=replace(RUN.account, processes=RUN.account.processes * 40),
    )

    text = rendered(many)

    assert "and 50 more rows: see the JSON report" in text
    assert "and 30 more findings: see the JSON report" in text
    assert len(page(many).all("svg", class_="bar")) < 20


def light(colour):
    """The relative luminance of ``#rrggbb``, after WCAG."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return sum(
        weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
        for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
    )


def contrast(one, other):
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def whole(colour):
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])


THEMES = [dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)]


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_colours_can_be_read_in_both_themes(theme):
    for name in ("ink", "quiet", "link", "error", "warning", "note"):
        assert contrast(whole(theme[name]), whole(theme["ground"])) >= 4.5, name
        assert contrast(whole(theme[name]), whole(theme["raised"])) >= 4.5, name


@pytest.mark.parametrize(("name", "colour"), re.findall(r"\.b-(\w+) \{ fill: (#\w{6})", CSS))
def test_letters_can_be_read_on_their_bucket_and_buckets_on_the_page(name, colour):
    assert contrast(colour, "#ffffff") >= 4.3
    for theme in THEMES:
        assert contrast(colour, whole(theme["ground"])) >= 3


def test_every_bucket_has_a_colour():
    assert set(re.findall(r"\.b-(\w+)", CSS)) == {*BUCKETS, "task", "unaccounted", "unknown"}
