"""The documentation site: made of what there is, without a broken link, and true where it can be tried."""

import json
import re
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

from mpdiag import registry
from mpdiag.brief import COMMANDS
from mpdiag.text.topics import TOPICS

ROOT = Path(__file__).parent.parent
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r'```python title="(\w+\.py)"\n(.*?)```', TUTORIAL, re.DOTALL))


@pytest.fixture(scope="module")
def site_pages():
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    spec = util.spec_from_file_location("site_pages", ROOT / "tools" / "site_pages.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_everything_that_can_be_explained_has_a_page(site_pages):
    made = site_pages.made_pages()

    assert {f"commands/{name}.md" for name in COMMANDS} <= set(made)
    assert {f"probes/{name}.md" for name in registry.probes()} <= set(made)
    assert {f"topics/{name}.md" for name in TOPICS} <= set(made)
    assert {f"examples/{path.stem}.md" for path in (ROOT / "examples").glob("*.py")} <= set(made)
    assert all(text.startswith("# ") for text in made.values())
    assert all(topic in TOPICS for about in site_pages.TOPICS_OF.values() for topic in about)


def test_the_site_has_no_broken_link(site_pages, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "--quiet", "build", "--site-dir", tmp_path / "site"],
        cwd=ROOT, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert 'href="../topics/budgets.html"' in (tmp_path / "site" / "commands" / "run.html").read_text(encoding="utf-8")
    schema = json.loads((tmp_path / "site" / "report.schema.json").read_text(encoding="utf-8"))
    assert schema["title"] == "mpdiag.report/1"
    home = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|<link[^>]*href)="(https?://[^"]*)"', home) == []


def test_lint_says_of_the_tutorial_what_the_tutorial_says(tmp_path):
    for name, program in PROGRAMS.items():
        (tmp_path / name).write_text(program, encoding="utf-8")
    command, said = re.search(r"\$ mpdiag (lint shop\.py .*)\n(.*)\n", TUTORIAL).groups()

    slow, fixed = (
        subprocess.run(
            [sys.executable, "-m", "mpdiag", *words],
            stdout=subprocess.PIPE,
            cwd=tmp_path,
            text=True,
            timeout=60,
            check=False,
        )
        for words in (command.split(), ["lint", "fixed.py"])
    )

    assert list(PROGRAMS) == ["shop.py", "fixed.py"]
    assert (slow.returncode, slow.stdout.splitlines()[0]) == (1, said)
    assert fixed.returncode == 0, fixed.stdout
