"""Text that is out to do harm, through every format: each stays what it is, and says nothing but words."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from markdown_it import MarkdownIt

from mpdiag import registry, reports
from mpdiag.advice import Finding, Place
from mpdiag.model import Column, Measured
from mpdiag.report import Account, Memory, ProcessAccount, Quality, Section, Span, Style

TESTS = Path(__file__).parent.parent
LINT = reports.decode((TESTS / "golden" / "lint.json").read_bytes(), "lint.json")
SCHEMA = Draft7Validator(json.loads((TESTS / "schemas" / "sarif-2.1.0.json").read_bytes()))
TAGS = {"b", "br", "details", "p", "span", "summary", "table", "td", "th", "tr"}
CODES = re.compile(r"\x1b\[[0-9;]*m")

pieces = st.sampled_from(
    [
        *("[red]x[/]", "\x1b[2J", "\x1b]0;owned\x07", "<script>", "</details>", "]]>", "&lt;", "<!--", "-->"),
        *("::error::", "::stop-commands::x", "##[error]", "%0A", "%25", ",line=1", "|", "`", "```", "````text"),
        *("\u202e", "\u200b", "\0", "\ud800", "\udce9", "\r", "\n", "\n::error::", "\t", " ", "本", "e\u0301", "{0}"),
        *("[a](http://x.y)", "![a](b)", "@ann", "#1", "\n# h", "\n- ", "/", "\\", "..", ":", "nb.ipynb:cell 3", "a"),
    ]
)
texts = st.lists(pieces | st.text(max_size=4), max_size=6).map("".join)
numbers = st.none() | st.integers(-1, 12)
places = st.builds(
    Place,
    texts,
    *(numbers, numbers, st.none() | texts, st.none() | texts, numbers, numbers, st.none() | texts),
)
findings = st.builds(
    Finding,
    *(texts, texts, st.sampled_from(["note", "warning", "error"]), st.just("static")),
    *(texts, texts, texts),
    place=st.none() | places,
)
processes = st.builds(
    ProcessAccount,
    *(st.integers(1, 3), st.just(1), texts, st.sampled_from(["main", "worker"]) | texts, texts),
    *(st.floats(0, 5), st.floats(5, 9), st.none() | st.integers(0, 3) | texts),
    buckets=st.dictionaries(st.sampled_from(["cpu", "recv"]) | texts, st.floats(0, 9), max_size=3),
    memory=st.builds(Memory, st.integers(0, 2**40)),
)
spans = st.builds(
    Span,
    *(st.integers(1, 3), st.sampled_from(["task", "lock"]) | texts, texts, st.floats(-1, 99), st.floats(-1, 99)),
    *(st.integers(1, 9), st.none() | st.floats(0, 9), st.none() | texts),
)
accounts = st.builds(
    lambda some, timeline: Account(
        9.0, tuple(some), {k: 1.0 for one in some for k in one.buckets}, 0.1, None, timeline
    ),
    *(st.lists(processes, min_size=1, max_size=3), st.lists(spans, max_size=4).map(tuple)),
)
cells = (
    texts | st.none() | st.integers(0, 9) | st.builds(Measured, st.floats(0, 9), st.just(1.0), st.just(2.0), st.just(3))
)
sections = st.builds(
    lambda title, names, rows, detail: Section(
        *("s", title, "ok"),
        columns=tuple(Column(str(at), name, unit, bar=bool(unit)) for at, (name, unit) in enumerate(names)),
        rows=tuple({str(at): cell for at, cell in enumerate(row)} for row in rows),
        detail=detail,
    ),
    texts,
    st.lists(st.tuples(texts, st.sampled_from([None, "s", "B"])), max_size=3),
    st.lists(st.lists(cells, max_size=3), max_size=4),
    st.booleans(),
)
hostile = st.builds(
    lambda verdict, some, doubt, passed, kind: replace(
        LINT, kind=kind, verdict=verdict, findings=tuple(some), quality=(Quality(doubt),), passed=(passed,)
    ),
    *(texts, st.lists(findings, max_size=3), texts, texts, st.sampled_from(["lint", "run"])),
)
#: With all that a program may have a hand in.
observed = st.builds(
    lambda report, account, section, facts, command: replace(
        report, kind="run", account=account, sections=(section,), machine={"facts": facts}, command=(command,)
    ),
    *(hostile, accounts, sections, st.dictionaries(texts, texts, max_size=2), texts),
)
styles = st.builds(Style, st.sampled_from([40, 80, 120]), st.booleans(), st.booleans(), st.booleans(), texts)


def is_json(text):
    json.loads(text)


def is_sarif(text):
    SCHEMA.validate(json.loads(text))


def is_issues(text):
    for issue in json.loads(text):
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["location"]["lines"]["begin"] >= 1


def is_xml(text):
    ET.fromstring(text.encode())


def is_commands(text):
    *commands, verdict = text.splitlines()
    for line in commands:
        assert re.fullmatch(
            r"::(error|warning|notice) title=[^:,]*(,(file|line|endLine|col|endColumn)=[^:,]*)*::(?!.*%(?!25|0A)).*",
            line,
        )
    assert verdict.startswith("mpdiag ")


def is_lines(text):
    for line in text.splitlines():
        assert CODES.sub("", line).isprintable()
        assert not re.match(r"\s*::", line)
        assert not re.search(r"##\w*\[", line)


def is_markdown(text):
    assert all(line.isprintable() for line in text.splitlines())
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    inner = [token for each in tokens for token in (each, *(each.children or []))]
    assert {token.type for token in inner} & {"link_open", "image", "em_open", "s_open", "hr", "code_block"} == set()
    assert {token.tag for token in inner if token.type == "heading_open"} <= {"h3", "h4"}
    written = "".join(token.content for token in inner if token.type in ("html_inline", "html_block"))
    assert set(re.findall(r"</?([a-z]+)", written)) <= TAGS


class Written(HTMLParser):
    """The tags and attributes of a document; every value is what stands between quotes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.links = set(), set(), set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        self.links |= {value for name, value in attributes if name == "href"}

    def handle_comment(self, data):
        raise AssertionError(data)


def is_page(text):
    written = Written(text)
    assert written.tags <= PAGE_TAGS
    assert written.attributes <= PAGE_ATTRIBUTES
    assert all(re.match("#[a-z]|https://", link) for link in written.links)
    assert text.count("<script") == text.count("<style") == 1
    assert all(line.isprintable() for line in text.splitlines())


def of_templates(pattern):
    texts = [path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.html")]
    return {found for text in texts for found in re.findall(pattern, re.sub(r"\{[{%].*?[%}]\}", "", text))}


TEMPLATES = Path(reports.__file__).parent / "templates"
PAGE_TAGS = of_templates(r"<([a-z]\w*)")
PAGE_ATTRIBUTES = {name.lower() for name in of_templates(r"([\w-]+)=\"")}


KINDS = {
    "concise": is_lines,
    "github": is_commands,
    "gitlab": is_issues,
    "html": is_page,
    "json": is_json,
    "junit": is_xml,
    "markdown": is_markdown,
    "sarif": is_sarif,
    "terminal": is_lines,
}


def test_every_format_is_tried():
    assert set(KINDS) == set(registry.names("renderers"))


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile | observed, styles)
def test_text_stays_text(name, report, style):
    text = registry.renderer(name).render(report, style)

    text.encode()
    KINDS[name](text)
