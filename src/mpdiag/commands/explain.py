"""``mpdiag explain``: a rule, a probe, a topic or a format, whole."""

from __future__ import annotations

import difflib

import click

from mpdiag import errors, registry
from mpdiag.errors import BadInput
from mpdiag.options import say, terminal_style
from mpdiag.report import Style
from mpdiag.text import pages
from mpdiag.text.paper import QUIET, Paper, hang
from mpdiag.text.topics import TOPICS


@click.command()
@click.argument("name", required=False)
@click.option(  # not `option`: MPDIAG_FORMAT is for reports, and may name a format that pages lack
    "--format",
    "form",
    type=click.Choice(["terminal", "markdown"]),
    default="terminal",
    show_default=True,
    help="How the page is written.",
)
def explain(name: str | None, form: str) -> int:
    """Explain a rule (MP301, queue-for-pipe), a probe (channels) or a topic (hangs); without NAME, list them all."""
    page = everything() if name is None else find(name)
    text = pages.to_markdown(page) if form == "markdown" else draw(page, terminal_style(verbose=False))
    say(text)
    return errors.FINE


def everything() -> pages.Page:
    """The page that lists what can be explained."""
    renderers = map(registry.renderer, registry.names("renderers"))
    mistakes = (units[0] for units in registry.mistakes().values())
    return pages.overview(TOPICS.values(), registry.probes().values(), renderers, mistakes)


def find(name: str) -> pages.Page:
    """The page that ``name`` means: a rule's id, name or alias, a probe, a topic or a format.

    Raises:
        BadInput: there is nothing of that name.
    """
    wanted = name.strip().lower().replace("_", "-")
    if wanted in TOPICS:
        return pages.of_topic(TOPICS[wanted])
    for units in registry.mistakes().values():
        if any(wanted in (unit.id.lower(), unit.name, *unit.aliases) for unit in units):
            return pages.of_mistake(units)
    for probe in registry.probes().values():
        if wanted == probe.name.replace("_", "-"):
            return pages.of_probe(probe)
    if wanted in registry.names("renderers"):
        return pages.of_renderer(registry.renderer(wanted))
    raise BadInput(f"there is nothing called {name!r} to explain", suggest(wanted))


def suggest(wanted: str) -> str:
    """What was probably meant."""
    known = {name.lower(): name for name in (*TOPICS, *registry.probes(), *registry.rule_names())}
    close = [known[name] for name in difflib.get_close_matches(wanted, known, n=3)]
    return f"Did you mean {' or '.join(close)}?" if close else "`mpdiag explain` lists everything there is."


def draw(page: pages.Page, style: Style) -> str:
    """``page`` for a terminal."""
    paper = Paper(style)
    paper.put(paper.say(page.title, "bold"))
    if page.aside:
        paper.put(paper.say(page.aside, QUIET))
    for part in page.parts:
        if part.heading:
            paper.heading(part.heading)
        else:
            paper.put("")
        _draw_part(paper, part)
    return paper.text()


def _draw_part(paper: Paper, part: pages.Part) -> None:
    if part.kind == "code":
        paper.code(part.body)
    elif part.kind == "names":
        entries = pages.entries(part.body)
        widest = max(len(name) for name, _ in entries)
        paper.put(*(hang(paper.say(name.ljust(widest)), paper.say(meaning), gap=2) for name, meaning in entries))
    elif part.kind == "links":
        for address in part.body.splitlines():
            paper.link(address)
    else:
        _draw_prose(paper, part.body)


def _draw_prose(paper: Paper, body: str) -> None:
    before = None
    for item, text in pages.blocks(body):
        if before is not None and not (item and before):
            paper.put("")
        paper.put(hang(paper.say("-"), paper.say(text)) if item else paper.say(text))
        before = item
