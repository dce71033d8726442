"""What the tests of linting share: lints of their own, so that no real one decides."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mpdiag import registry
from mpdiag.advice import Lint
from mpdiag.linting.job import Job
from mpdiag.linting.reporting import report
from mpdiag.linting.settings import Request, resolve
from mpdiag.model import Doc

#: A file that lints are asked of.
IMPORT = "import multiprocessing\n"


def calls_of(name, level):
    """A judge that finds the calls of a name."""

    def inspect(source):
        for call in source.calls(name):
            yield lints()[{"slow": "MP401", "wrong": "MP601"}[name]].finding(
                source.place(call), level=level, seen=f"`{name}()` is called.", do="Do not."
            )

    return inspect


def renamed(source, call):
    """The edit that calls something else."""
    return source.replaced(call.func, "quick")


def lints():
    doc = Doc("A title", "Why.", "How.")
    return {
        "MP401": Lint("mpdiag.lints.submit_then_wait", "MP401", doc, calls_of("slow", "warning"), renamed),
        "MP601": Lint("mpdiag.lints.join_before_drain", "MP601", doc, calls_of("wrong", "error")),
        "MP999": Lint("mpdiag.lints.opted", "MP999", doc, lambda source: iter(()), default=False),
    }


@pytest.fixture
def own_lints(monkeypatch):
    monkeypatch.setattr(registry, "lints", lints)
    resolve.cache_clear()
    yield
    resolve.cache_clear()


@pytest.fixture
def project(own_lints, tmp_path, monkeypatch):
    """A folder to work in: ``project.write(name, text)``, then ``project.lint(path, select=…)`` gives a report."""
    monkeypatch.chdir(tmp_path)

    class Project:
        path = tmp_path

        def write(self, name: str, text: str | bytes = IMPORT) -> Path:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            return path

        def lint(self, *paths, stdin=None, saved=None, **wishes):
            here = os.path.realpath(tmp_path)
            self.job = Job(Request(paths or (".",), here, here, **wishes), saved, stdin)
            self.job.run()
            return report(self.job)

    return Project()


@pytest.fixture
def places():
    """``places(report)``: where each finding is, with its rule."""

    def told(made):
        return [f"{each.place.file}:{each.place.line} {each.rule}" for each in made.findings]

    return told
