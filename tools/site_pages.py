"""Pages of the documentation site that are made from the units; a hook of mkdocs, which `make site` runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from mpdiag import registry, reports
from mpdiag.brief import COMMANDS
from mpdiag.cli import group, load
from mpdiag.text import pages
from mpdiag.text.topics import TOPICS

ROOT = Path(__file__).resolve().parent.parent
#: Columns of the help texts.
WIDTH = 100
#: What a command's page says beyond its help: the topics about it.
TOPICS_OF = {
    "run": ("running", "account", "buckets", "gain", "efficiency", "budgets", "profiling", "ledger"),
    "probe": ("measuring", "reading-a-report"),
    "lint": ("linting", "silencing"),
    "hang": ("hanging", "hangs"),
    "size": ("sizing",),
    "fleet": ("fleet", "fleet-run"),
    "compare": ("comparing",),
    "doctor": ("limits",),
    "report": ("reading-a-report",),
}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the made pages into the navigation."""
    made = made_pages()
    for folder in ("commands", "topics", "probes", "examples"):
        config["nav"].append({folder.capitalize(): [name for name in made if name.startswith(f"{folder}/")]})
    config["nav"].append({"Rules": [f"rules/{path.name}" for path in index_first(ROOT / "docs" / "rules")]})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the made pages, and the schema of reports."""
    files.append(File.generated(config, "report.schema.json", content=reports.json_schema()))
    for name, text in made_pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def made_pages() -> dict[str, str]:
    """All of them, by path."""
    return {**dict(commands()), **dict(topics()), **dict(probes()), **dict(examples())}


def commands() -> Iterator[tuple[str, str]]:
    """A page for each command: its help, and the topics about it."""
    context = click.Context(group, info_name="mpdiag")
    for name in COMMANDS:
        command = load(name)
        lines = [f"# mpdiag {name}", "", *help_of(command, name, context)]
        if about := TOPICS_OF.get(name, ()):
            lines += ["More about it:", "", *(f"- [{TOPICS[each].title}](../topics/{each}.md)" for each in about), ""]
        yield f"commands/{name}.md", "\n".join(lines)


def help_of(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """The help of a command, and of those below it."""
    own = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH)
    yield from ("```text", command.get_help(own), "```", "")
    for inner, each in getattr(command, "commands", {}).items():
        yield from help_of(each, inner, own)


def topics() -> Iterator[tuple[str, str]]:
    """The topics of `mpdiag explain`."""
    for name, topic in TOPICS.items():
        yield f"topics/{name}.md", pages.to_markdown(pages.of_topic(topic))


def probes() -> Iterator[tuple[str, str]]:
    """A page for each probe."""
    for name, probe in registry.probes().items():
        yield f"probes/{name}.md", pages.to_markdown(pages.of_probe(probe))


def examples() -> Iterator[tuple[str, str]]:
    """A page for each example: what it shows, what mpdiag says of it, and its code."""
    folder = ROOT / "examples"
    overview = (folder / "README.md").read_text(encoding="utf-8")
    yield "examples/index.md", re.sub(r"\]\((\w+)\.py\)", r"](\1.md)", overview)
    for path in sorted(folder.glob("*.py")):
        source = path.read_text(encoding="utf-8")
        title, _, story = (ast.get_docstring(ast.parse(source)) or path.stem).partition("\n")
        lines = [f"# {path.stem}", "", title, "", *(["```text", story.strip("\n"), "```", ""] if story.strip() else [])]
        yield f"examples/{path.stem}.md", "\n".join([*lines, "```python", source.rstrip("\n"), "```", ""])


def index_first(folder: Path) -> list[Path]:
    """The pages of a folder, its index first."""
    return sorted(folder.glob("*.md"), key=lambda path: (path.stem != "index", path.name))
