"""Text that is out to do harm, through every format: each stays what it is, and says nothing but words."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from markdown_it import MarkdownIt

from mpdiag import registry, reports
from mpdiag.advice import Finding, Place
from mpdiag.report import Quality, Style

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
hostile = st.builds(
    lambda verdict, some, doubt, passed, kind: replace(
        LINT, kind=kind, verdict=verdict, findings=tuple(some), quality=(Quality(doubt),), passed=(passed,)
    ),
    *(texts, st.lists(findings, max_size=3), texts, texts, st.sampled_from(["lint", "run"])),
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


KINDS = {
    "concise": is_lines,
    "github": is_commands,
    "gitlab": is_issues,
    "json": is_json,
    "junit": is_xml,
    "markdown": is_markdown,
    "sarif": is_sarif,
    "terminal": is_lines,
}


def test_every_format_is_tried():
    assert set(KINDS) == set(registry.names("renderers"))


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile, styles)
def test_text_stays_text(name, report, style):
    text = registry.renderer(name).render(report, style)

    text.encode()
    KINDS[name](text)
