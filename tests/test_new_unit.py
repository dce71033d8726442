"""tools/new_unit.py: the right shape is the least typing, and no stub passes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def new_unit(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "tools" / "new_unit.py", *arguments, "--root", root]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def python_files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*.py")}


@pytest.fixture
def project(tmp_path):
    """A copy of the package, with what tests share and no tests."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for lint in (tmp_path / "src" / "mpdiag" / "lints").glob("[a-z]*.py"):
        lint.unlink()
    (tmp_path / "tests" / "lints").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "lints" / "test_cases.py", tmp_path / "tests" / "lints")
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    return tmp_path


def test_a_new_unit_fails_each_of_its_tests_until_it_is_filled_in(project):
    before = python_files(project)
    made = [new_unit(project, "probe", "walking"), new_unit(project, "rule", "walking-home", "--id", "MP799")]
    made.append(new_unit(project, "lint", "walking-home", "--id", "MP799"))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--import-mode=importlib", "-p", "no:cacheprovider", "-q", "tests"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert [done.returncode for done in made] == [0, 0, 0]
    assert python_files(project) - before == {
        "src/mpdiag/lints/walking_home.py",
        "src/mpdiag/probes/walking.py",
        "src/mpdiag/rules/walking_home.py",
        "tests/lints/cases/walking_home.py",
        "tests/probes/test_walking.py",
        "tests/rules/test_walking_home.py",
    }
    assert re.search(r"^13 failed, 1 skipped in", run.stdout, re.MULTILINE), run.stdout + run.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["probe", ""], "NAME='' has to be lower-case words"),
        (["probe", "Über Cost"], "has to be lower-case words"),
        (["probe", "../walking"], "has to be lower-case words"),
        (["probe", "start-method"], "start_method.py exists already"),
        (["rule", "walking-home"], "ID='' has to be MP and three digits"),
        (["rule", "walking-home", "--id", "MP901"], "ID='MP901' has to be"),
        (["rule", "walking-home", "--id", "MP701"], "MP701 belongs to"),
        (["lint", "walking-home"], "ID='' has to be MP and three digits"),
    ],
)
def test_a_name_or_id_that_cannot_be_used_is_refused_and_nothing_written(project, arguments, reason):
    before = python_files(project)
    refused = new_unit(project, *arguments)

    assert refused.returncode == 2
    assert reason in refused.stderr
    assert python_files(project) == before
