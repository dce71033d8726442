"""The generated pages are those of the rules there are."""

import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "tools" / "generate_docs.py"


@pytest.fixture
def generate_docs():
    spec = util.spec_from_file_location("generate_docs", SCRIPT)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_up_to_date():
    done = subprocess.run([sys.executable, SCRIPT, "--check"], check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr


def test_missing_changed_and_foreign_pages_are_stale_until_written(generate_docs, tmp_path):
    generate_docs.write(tmp_path)
    assert generate_docs.stale(tmp_path) == []

    changed, missing, foreign = (
        tmp_path / "index.md",
        tmp_path / "MP701-affinity-ignored.md",
        tmp_path / "MP000-gone.md",
    )
    changed.write_text("old")
    missing.unlink()
    foreign.write_text("gone")

    assert generate_docs.stale(tmp_path) == sorted([changed.name, missing.name, foreign.name])
    generate_docs.write(tmp_path)
    assert generate_docs.stale(tmp_path) == []
    assert not foreign.exists()


def test_the_index_links_only_pages_that_exist(generate_docs):
    pages = generate_docs.expected()

    for name in pages:
        assert name == "index.md" or f"]({name})" in pages["index.md"]
