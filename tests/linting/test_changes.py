import os
import shutil
import subprocess

import pytest

from mpdiag.advice import Finding, Place
from mpdiag.errors import BadInput
from mpdiag.linting.changes import Changes

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
SETTINGS = ("user.name=me", "user.email=me@example.org", "commit.gpgsign=false", "init.defaultBranch=main")


@pytest.fixture
def git(tmp_path, monkeypatch):
    """``git("commit", …)`` in a repository of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    settings = [word for setting in SETTINGS for word in ("-c", setting)]

    def run(*arguments):
        subprocess.run(["git", *settings, *arguments], check=True, capture_output=True)

    run("init")
    return run


@pytest.fixture
def committed(git, tmp_path):
    """A first commit of some files, called ``first``."""
    for name in ("a.py", "b.py", "sub/c d.py", "gone.py", "moved.py", "ä.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(f"line({number})\n" for number in range(1, 11)), encoding="utf-8")
    git("add", ".")
    git("commit", "-m", "first")
    git("tag", "first")
    return git


def edit(path, **lines):
    """Replace the lines that are given as ``_3="text"``; several lines stand for one, none takes it away."""
    old = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines.get(f"_{number}", line) for number, line in enumerate(old, 1)))


def touched(changes, path, lines=range(1, 21)):
    real = os.path.realpath(path)
    places = [Place(str(path), line, end_line=line) for line in lines]
    return [
        each.line for each in places if changes.touch(real, Finding("", "", "note", "static", "", "", "", place=each))
    ]


def test_lines_that_changed_since(committed, tmp_path):
    edit(tmp_path / "a.py", _2="changed\n", _5="two\nlines\n", _8="")
    edit(tmp_path / "sub/c d.py", _1="@@ -1 +1,9 @@\n")
    edit(tmp_path / "ä.py", _10="last without an end")

    changes = Changes("first")

    assert [path.name for path in sorted(tmp_path.iterdir()) if changes.has(str(path.resolve()))] == ["a.py", "ä.py"]
    assert touched(changes, tmp_path / "a.py") == [2, 5, 6]
    assert touched(changes, tmp_path / "sub/c d.py") == [1]
    assert touched(changes, tmp_path / "ä.py") == [10]
    assert touched(changes, tmp_path / "b.py") == []


def test_a_finding_of_several_lines_needs_one_that_changed(committed, tmp_path):
    edit(tmp_path / "a.py", _4="changed\n")
    changes, real = Changes("first"), os.path.realpath("a.py")

    def told(first, last):
        place = Place("a.py", first, end_line=last)
        return changes.touch(real, Finding("", "", "note", "static", "", "", "", place=place))

    assert [told(2, 4), told(4, 9), told(1, 3), told(5, 6)] == [True, True, False, False]


def test_untracked_files_are_new_and_ignored_ones_are_not(committed, tmp_path):
    (tmp_path / ".gitignore").write_text("out.py\n")
    for name in ("new.py", "out.py"):
        (tmp_path / name).write_text("x\ny\n")

    changes = Changes("first")

    assert touched(changes, tmp_path / "new.py", range(1, 3)) == [1, 2]
    assert not changes.has(os.path.realpath("out.py"))


def test_what_is_staged_committed_moved_or_deleted(committed, tmp_path):
    edit(tmp_path / "a.py", _1="committed\n")
    committed("commit", "-am", "second")
    edit(tmp_path / "b.py", _2="staged\n")
    committed("add", "b.py")
    committed("rm", "-q", "gone.py")
    committed("mv", "moved.py", "new.py")
    (tmp_path / "sub/c d.py").chmod(0o755)

    changes = Changes("first")

    assert touched(changes, tmp_path / "a.py") == [1]
    assert touched(changes, tmp_path / "b.py") == [2]
    assert touched(changes, tmp_path / "new.py", range(1, 11)) == list(range(1, 11))
    assert not changes.has(os.path.realpath("sub/c d.py"))


def test_what_others_did_since_the_work_parted_is_not_ours(committed, tmp_path):
    committed("checkout", "-q", "-b", "work")
    edit(tmp_path / "a.py", _1="ours\n")
    committed("commit", "-am", "ours")
    committed("checkout", "-q", "main")
    edit(tmp_path / "b.py", _1="theirs\n")
    committed("commit", "-am", "theirs")
    committed("checkout", "-q", "work")

    changes = Changes("main")

    assert changes.has(os.path.realpath("a.py"))
    assert not changes.has(os.path.realpath("b.py"))


def test_from_a_folder_below(committed, tmp_path, monkeypatch):
    edit(tmp_path / "a.py", _1="changed\n")
    monkeypatch.chdir(tmp_path / "sub")

    assert touched(Changes("first"), tmp_path / "a.py") == [1]


def test_a_file_is_looked_at_again_after_it_was_written(committed, tmp_path):
    edit(tmp_path / "a.py", _1="changed\n")
    changes = Changes("first")
    assert touched(changes, tmp_path / "a.py") == [1]

    edit(tmp_path / "a.py", _3="changed\n")
    changes.forget(os.path.realpath("a.py"))

    assert touched(changes, tmp_path / "a.py") == [1, 3]


@pytest.mark.parametrize("revision", ["nonsense", "first:a.py", "--output=x", "", "-h"])
def test_a_revision_that_is_not_there(committed, tmp_path, revision):
    with pytest.raises(BadInput, match="revision"):
        Changes(revision)
    assert not (tmp_path / "x").exists()


def test_a_folder_that_is_no_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(BadInput, match="this is no git repository"):
        Changes("HEAD")


def test_no_git_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BadInput, match="--diff needs git"):
        Changes("HEAD")


def test_nothing_runs_that_the_repository_names(committed, tmp_path):
    script = tmp_path / "spy.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/seen\n")
    script.chmod(0o755)
    (tmp_path / ".gitattributes").write_text("*.py diff=spy\n")
    for setting in ("core.fsmonitor", "diff.external", "diff.spy.textconv", "diff.spy.command"):
        committed("config", setting, str(script))
    edit(tmp_path / "a.py", _1="changed\n")

    assert touched(Changes("first"), tmp_path / "a.py") == [1]
    assert not (tmp_path / "seen").exists()
