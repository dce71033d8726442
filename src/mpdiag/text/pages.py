"""The page of a rule, probe or topic: built once, written for the terminal, or as Markdown for docs/ and chats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from mpdiag.advice import Lint, Rule
from mpdiag.model import Probe
from mpdiag.report import Renderer
from mpdiag.text.present import markdown
from mpdiag.text.topic import Topic

#: The hundreds of rule ids.
HUNDREDS = {
    "MP1": "Start-up and import",
    "MP2": "Pickling and payload",
    "MP3": "Channels: queue, pipe, shared memory",
    "MP4": "Pools and futures",
    "MP5": "Shared state and locks",
    "MP6": "Hangs, fork safety, lost results",
    "MP7": "Machine limits and portability",
}


_HOW = {Rule: "How it is judged", Lint: "What `mpdiag lint` looks for"}


@dataclass(frozen=True)
class Part:
    """A stretch of a page: prose (paragraphs and ``- `` items), Python code, names with their meaning, or links."""

    heading: str
    body: str
    kind: Literal["prose", "code", "names", "links"] = "prose"


@dataclass(frozen=True)
class Page:
    """A title, what the thing is called, and the parts that have something to say."""

    title: str
    aside: str
    parts: tuple[Part, ...]


def of_mistake(units: Sequence[Rule | Lint]) -> Page:
    """The page of a mistake, from the rule and the lint that show it; of their examples the lint's, which is whole."""
    first, last = units[0], units[-1]
    aliases = list(dict.fromkeys(alias for unit in units for alias in unit.aliases))
    also = f", also known as {', '.join(aliases)}" if aliases else ""
    doc = first.doc
    return _page(
        f"{first.id} {first.name}: {doc.title}",
        f"{HUNDREDS.get(first.id[:3], 'Rule')}{also}",
        Part("Why it matters", doc.why),
        *(Part(_HOW[type(unit)], unit.doc.how) for unit in units),
        Part("What is usually claimed, and what holds", doc.claim),
        Part("Instead of", last.doc.bad, "code"),
        Part("Write", last.doc.good, "code"),
        Part("Applies to", doc.applies),
        _links(tuple(dict.fromkeys(link for unit in units for link in unit.doc.links))),
    )


def of_probe(probe: Probe) -> Page:
    """The page of a probe."""
    doc = probe.doc
    tables = [(table.title, ", ".join(column.title for column in table.columns)) for table in probe.tables]
    return _page(
        f"{probe.name}: {doc.title}",
        f"a probe; run it alone with `mpdiag probe {probe.name}`",
        Part("Why it matters", doc.why),
        Part("How it is measured", doc.how),
        Part("How to read it", doc.reading),
        Part("What is usually claimed, and what holds", doc.claim),
        _names("Tables", tables),
        Part("Applies to", doc.applies),
        _links(doc.links),
    )


def of_topic(topic: Topic) -> Page:
    """The page of a topic."""
    return _page(f"{topic.name}: {topic.title}", "", Part("", topic.text), _links(topic.links))


def of_renderer(renderer: Renderer) -> Page:
    """The page of an output format."""
    doc = renderer.doc
    return _page(
        f"{renderer.name}: {doc.title}",
        f"a format: `--format {renderer.name}`",
        Part("What it is for", doc.why),
        Part("What it holds", doc.how),
        _links(doc.links),
    )


def overview(
    topics: Iterable[Topic], probes: Iterable[Probe], renderers: Iterable[Renderer], mistakes: Iterable[Rule | Lint]
) -> Page:
    """Everything that can be explained."""
    return _page(
        "What mpdiag can explain",
        "`mpdiag explain NAME` with any name, id or topic below",
        _names("Topics", ((topic.name, topic.title) for topic in topics)),
        _names("Probes", ((probe.name, probe.doc.title) for probe in probes)),
        _names("Formats", ((renderer.name, renderer.doc.why) for renderer in renderers)),
        *(
            _names(f"{hundred}xx {HUNDREDS.get(hundred, '')}", (_entry(rule) for rule in some))
            for hundred, some in _by_hundred(mistakes).items()
        ),
    )


def index(mistakes: Iterable[Rule | Lint]) -> str:
    """The Markdown page that lists all mistakes, with links to theirs."""
    lines = ["# Rules", "", "One id is one mistake, whichever way it was found. `mpdiag explain ID` shows these pages."]
    for hundred, some in _by_hundred(mistakes).items():
        lines += [
            "",
            f"## {hundred}xx {HUNDREDS.get(hundred, '')}",
            "",
            "| id | name | mistake |",
            "| --- | --- | --- |",
        ]
        lines += [
            f"| [{rule.id}]({rule.id}-{rule.name}.md) | {rule.name} | {markdown(rule.doc.title)} |" for rule in some
        ]
    return "\n".join(lines) + "\n"


def _by_hundred(mistakes: Iterable[Rule | Lint]) -> dict[str, list[Rule | Lint]]:
    grouped: dict[str, list[Rule | Lint]] = {}
    for each in mistakes:
        grouped.setdefault(each.id[:3], []).append(each)
    return grouped


def _entry(rule: Rule | Lint) -> tuple[str, str]:
    return f"{rule.id} {rule.name}", rule.doc.title


def _names(heading: str, entries: Iterable[tuple[str, str]]) -> Part:
    return Part(heading, "\n".join(f"{name}\t{meaning}" for name, meaning in entries), "names")


def _links(links: tuple[str, ...]) -> Part:
    return Part("Links", "\n".join(links), "links")


def _page(title: str, aside: str, *parts: Part) -> Page:
    return Page(title, aside, tuple(part for part in parts if part.body.strip()))


def blocks(prose: str) -> list[tuple[bool, str]]:
    """The items (True) and paragraphs (False) of ``prose``, each on one line."""
    found: list[tuple[bool, str]] = []
    for paragraph in re.split(r"\n\s*\n", prose.strip()):
        for block in re.split(r"\n(?=- )", paragraph):
            line = " ".join(block.split())
            found.append((line.startswith("- "), line.removeprefix("- ")))
    return found


def to_markdown(page: Page) -> str:
    """``page`` as Markdown."""
    lines = [f"# {markdown(page.title)}", ""]
    if page.aside:
        lines += [f"{markdown(page.aside[:1].upper() + page.aside[1:])}.", ""]
    for part in page.parts:
        if part.heading:
            lines += [f"## {markdown(part.heading)}", ""]
        lines += [*_MARKDOWN[part.kind](part.body), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _prose(body: str) -> list[str]:
    lines: list[str] = []
    for item, text in blocks(body):
        if lines and not (item and lines[-1].startswith("- ")):
            lines.append("")
        lines.append(f"- {markdown(text)}" if item else markdown(text))
    return lines


def _code(body: str) -> list[str]:
    return ["```python", body.strip("\n"), "```"]


def _meanings(body: str) -> list[str]:
    return [f"- `{name}`: {markdown(meaning)}" for name, meaning in entries(body)]


def _addresses(body: str) -> list[str]:
    return [f"- <{link}>" for link in body.splitlines()]


_MARKDOWN = {"prose": _prose, "code": _code, "names": _meanings, "links": _addresses}


def entries(body: str) -> list[tuple[str, str]]:
    """The names and meanings of a part of that kind."""
    return [(name, meaning) for line in body.splitlines() for name, _, meaning in [line.partition("\t")]]
