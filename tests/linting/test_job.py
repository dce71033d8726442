import os
import shutil
import signal
import subprocess
import sys

import pytest

from mpdiag import registry, reports
from mpdiag.advice import Lint
from mpdiag.errors import BadInput
from mpdiag.linting import examining, running
from mpdiag.model import Doc

IMPORT = "import multiprocessing\n"


def numbers(report):
    """What was looked at, by key."""
    return {row["key"]: row["count"] for section in report.sections if section.id == "files" for row in section.rows}


def texts(report):
    return [each.text for each in report.quality]


def test_a_report_of_what_is_found(project, places):
    project.write("a.py", IMPORT + "slow()\nwrong()\n")
    project.write("b.py", IMPORT + "def f():\n    slow()\n")
    project.write("c.py", "slow()\n")
    project.write("d.py", IMPORT)

    report = project.lint()

    assert places(report) == ["a.py:3 MP601", "a.py:2 MP401", "b.py:3 MP401"]
    assert report.kind == "lint"
    assert report.verdict == "1 error and 2 warnings in 2 of 4 files: A title (a.py:3) and 2 more."
    assert numbers(report) == {"checked": 4, "relevant": 3}
    assert report.passed == ()
    assert project.lint("c.py", "d.py").verdict == "Nothing found in 2 files (1 uses multiprocessing)."
    assert project.lint("c.py", "d.py").passed == ("MP401", "MP601")


def test_what_it_is_judged_for(project):
    project.write("pyproject.toml", '[project]\nrequires-python = ">=3.12"\n')
    project.write("a.py")
    project.write("inner/pyproject.toml", '[project]\nrequires-python = "==3.9.*"\n')
    project.write("inner/b.py")

    assert project.lint().python["target_versions"] == ["3.9", "3.12 to 3.15"]
    assert project.lint("a.py", target_version=("3.14",), start_method="spawn").python == {
        "parser": f"{sys.implementation.name.replace('cpython', 'CPython')} {sys.version.split()[0]}",
        "target_versions": ["3.14"],
        "start_method": "spawn",
    }


BAD = {
    "syntax.py": IMPORT.encode() + b"x = = 1\n",
    "python2.py": IMPORT.encode() + b"print 'x'\n",
    "latin.py": IMPORT.encode() + b"x = '\xff'\n",
    "cookie.py": b"# coding: nonsense\n" + IMPORT.encode(),
    "null.py": IMPORT.encode() + b"x = '\0'\n",
    "deep.py": IMPORT.encode() + b"x = " + b"-" * 100_000 + b"1\n",
    "chain.py": IMPORT.encode() + b"x = a" + b".b" * 200_000 + b"\n",
    "sum.py": IMPORT.encode() + b"x = a" + b"+a" * 200_000 + b"\n",
    "elif.py": IMPORT.encode() + b"if a: pass\n" + b"elif a: pass\n" * 20_000,
    "parens.py": IMPORT.encode() + b"(" * 10_000 + b")" * 10_000,
    "utf16.py": IMPORT.encode("utf-16"),
    "huge.py": IMPORT.encode() + b"#" * 6_000_000,
    "broken.ipynb": b"{",
}


def test_files_that_cannot_be_checked_are_a_line_each_and_the_others_go_on(project, places):
    for name, content in BAD.items():
        project.write(name, content)
    project.write("good.py", IMPORT + "wrong()\n")

    report = project.lint()

    told = {text.partition(":")[0] for text in texts(report)}
    fine = {"utf16.py"}  # where a word that lints are about cannot be seen
    fine |= {"chain.py", "sum.py"} if sys.version_info < (3, 11) else set()
    assert told == set(BAD) - fine
    assert len(texts(report)) == len(told)
    assert places(report) == ["good.py:2 MP601"]
    assert numbers(report) == {"checked": 1 + len(fine), "relevant": len(fine), "not_checked": len(told)}
    assert report.verdict.endswith(f"; {len(told)} not checked.")
    assert project.job.came_to_something


def test_what_is_huge_is_read_when_asked_for(project, places):
    project.write("huge.py", BAD["huge.py"] + b"\nslow()\n")

    assert places(project.lint(huge=True)) == ["huge.py:3 MP401"]


def test_nothing_but_broken_files(project):
    project.write("a.py", BAD["syntax.py"])

    report = project.lint()

    assert report.verdict == "Nothing was checked; 1 could not be read."
    assert report.passed == ()
    assert not project.job.came_to_something


def test_nothing_at_all(project):
    project.write("a.txt")

    with pytest.raises(BadInput, match=r"there is no Python file in \."):
        project.lint()


def test_that_all_is_excluded_is_no_mistake(project):
    project.write("a.py")

    assert project.lint("a.py", exclude=("*.py",)).verdict == "Nothing was checked; 1 excluded."
    assert project.job.came_to_something


def test_a_mistake_of_ours_in_one_file_does_not_hide_the_others(project, places, monkeypatch):
    def inspect(source):
        yield from ()
        if source.file == "a.py":
            raise KeyError("oops")

    ours = Lint("mpdiag.lints.ours", "MP402", Doc("", "", ""), inspect)
    known = registry.lints()
    monkeypatch.setattr(registry, "lints", lambda: {**known, "MP402": ours})
    monkeypatch.delenv("MPDIAG_DEBUG", raising=False)
    project.write("a.py", IMPORT + "slow()\n")
    project.write("b.py", IMPORT + "slow()\n")

    report = project.lint()

    assert places(report) == ["b.py:2 MP401"]
    assert texts(report) == ["a.py: internal error: KeyError: 'oops'. Please report it"]
    assert project.job.stumbled


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="CPU time cannot be limited")
def test_a_file_that_takes_too_long_does_not_hold_up_the_others(project, places, monkeypatch):
    def inspect(source):
        yield from ()
        while source.file == "a.py":
            pass

    known = registry.lints()
    slow = Lint("mpdiag.lints.ours", "MP402", Doc("", "", ""), inspect)
    monkeypatch.setattr(registry, "lints", lambda: {**known, "MP402": slow})
    monkeypatch.setattr(examining, "PATIENCE", 0.1)
    project.write("a.py", IMPORT + "slow()\n")
    project.write("b.py", IMPORT + "slow()\n")

    report = project.lint()

    assert places(report) == ["b.py:2 MP401"]
    assert texts(report) == ["a.py: given up after 0 s of CPU time"]
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_comments_and_what_they_do_not_silence(project, places):
    project.write("a.py", IMPORT + "slow()  # mpdiag: ignore[MP401]\nslow()\n")
    project.write("b.py", "x = 1  # mpdiag: ignore\n")

    report = project.lint()

    assert places(report) == ["a.py:3 MP401"]
    assert texts(report) == ["b.py:1: ignore silences nothing here"]
    assert numbers(report)["silenced"] == 1


def test_less_in_some_files(project, places):
    for name in ("a.py", "tests/b.py"):
        project.write(name, IMPORT + "slow()\nwrong()\n")

    assert places(project.lint(per_file_ignores=(("tests/", "MP6"),))) == [
        "a.py:3 MP601",
        "a.py:2 MP401",
        "tests/b.py:2 MP401",
    ]


def test_notebooks_are_told_by_cell_and_line(project, places):
    project.write(
        "nb.ipynb",
        '{"nbformat": 4, "cells": ['
        '{"cell_type": "markdown", "source": "# A title"},'
        '{"cell_type": "code", "source": "%time\\nimport multiprocessing"},'
        '{"cell_type": "code", "source": ["slow()\\n", "x = (\\n", "wrong(1,\\n", "2))"]},'
        '{"cell_type": "code", "source": "y = = 1"},'
        '{"cell_type": "code", "source": "slow()  # mpdiag: ignore[MP4]\\nz  # mpdiag: ignore"}]}',
    )

    report = project.lint()

    assert places(report) == ["nb.ipynb:cell 3:3 MP601", "nb.ipynb:cell 3:1 MP401"]
    assert (report.findings[0].place.end_line, report.findings[0].place.path) == (4, "nb.ipynb")
    assert [text.partition(": not read")[0] for text in texts(report)] == [
        "nb.ipynb:cell 4:1:5",
        "nb.ipynb:cell 5:2: ignore silences nothing here",
    ]


def test_standard_input(project, places):
    project.write("pkg/pyproject.toml", '[project]\nrequires-python = "==3.9.*"\n')
    source = (IMPORT + "slow()\n").encode()

    assert places(project.lint("-", stdin=source)) == ["<stdin>:2 MP401"]
    named = project.lint("-", stdin=source, stdin_filename="pkg/a.py", per_file_ignores=(("pkg", "MP6"),))
    assert places(named) == ["pkg/a.py:2 MP401"]
    assert named.python["target_versions"] == ["3.9"]
    left_out = project.lint("-", stdin=source, stdin_filename="pkg/a.py", exclude=("pkg",), fix=True)
    assert (left_out.verdict, project.job.outcome.mended) == ("Nothing was checked; 1 excluded.", source)


def test_statistics(project):
    project.write("a.py", IMPORT + "slow()\nslow()\nwrong()\n")

    first = project.lint(statistics=True).sections[0]

    assert [column.key for column in first.columns] == ["rule", "name", "count"]
    assert first.rows == (
        {"rule": "MP401", "name": "submit-then-wait", "count": 2},
        {"rule": "MP601", "name": "join-before-drain", "count": 1},
    )


@pytest.mark.parametrize("redacted", [True, False])
def test_a_baseline_knows_findings_whose_lines_have_moved(project, places, redacted):
    from mpdiag.redact import Identity, redact

    project.write("a.py", IMPORT + "slow()\nwrong()\n")
    saved = project.lint()
    saved = reports.decode(reports.encode(redact(saved, Identity.here()) if redacted else saved).encode(), "saved")
    project.write("a.py", IMPORT + "# one\n# more\nslow()\nwrong()\nslow()\n")

    report = project.lint(saved=saved)

    assert places(report) == ["a.py:6 MP401"]
    assert report.verdict.endswith("(a.py:6); 2 in the baseline.")
    assert numbers(report)["known"] == 2


def test_a_baseline_of_another_kind(project):
    project.write("a.py")
    saved = project.lint()
    object.__setattr__(saved, "kind", "run")

    with pytest.raises(BadInput, match="this is a run report"):
        project.lint(saved=saved)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_only_what_changed(project, places):
    project.write("a.py", IMPORT + "slow()\nslow()\n")
    project.write("b.py", IMPORT + "slow()\n")
    git = ("git", "-c", "user.name=me", "-c", "user.email=me@example.org", "-c", "commit.gpgsign=false")
    for command in (("init",), ("add", "."), ("commit", "-m", "first")):
        subprocess.run([*git, *command], check=True, capture_output=True)
    project.write("a.py", IMPORT + "slow()\nslow(1)\n")
    project.write("c.py", IMPORT + "wrong()\n")

    report = project.lint(diff="HEAD")

    assert places(report) == ["c.py:2 MP601", "a.py:3 MP401"]
    assert numbers(report) == {"checked": 2, "relevant": 2, "unchanged": 1, "untouched": 1}
    assert project.lint("b.py", diff="HEAD").verdict == "Nothing was checked; 1 without a change."
    assert project.job.came_to_something
    source = (IMPORT + "slow()\n").encode()
    assert places(project.lint("-", stdin=source, stdin_filename="b.py", diff="HEAD")) == []
    with pytest.raises(BadInput, match="which file standard input is"):
        project.lint("-", stdin=source, diff="HEAD")
    mended = project.lint(diff="HEAD", fix=True)
    assert (project.path / "a.py").read_text() == IMPORT + "slow()\nquick(1)\n"
    assert places(mended) == ["c.py:2 MP601"]


def test_what_can_be_mended_is(project, places):
    path = project.write("a.py", b"\xef\xbb\xbf" + IMPORT.encode() + b"slow()\r\nwrong()\r\nslow()  # noqa\r\n")
    path.chmod(0o640)

    report = project.lint(fix=True)

    assert path.read_bytes() == b"\xef\xbb\xbf" + IMPORT.encode() + b"quick()\r\nwrong()\r\nslow()  # noqa\r\n"
    assert places(report) == ["a.py:3 MP601"]
    assert report.verdict == "1 error in 1 file: A title (a.py:3); 1 mended."
    assert [dict(row) for row in report.sections[0].rows] == [
        {"rule": "MP401", "name": "submit-then-wait", "file": "a.py", "line": 2}
    ]


def test_nothing_is_mended_that_is_not_told_of(project):
    path = project.write("a.py", IMPORT + "slow()\n")
    before = path.read_bytes()

    project.lint("a.py", fix=True, saved=project.lint())

    assert path.read_bytes() == before


def test_cells_of_a_notebook_are_mended_and_nothing_else_changes(project):
    first = '{"cell_type":"code","source":"import multiprocessing\\nslow(\'ä\')"}'
    second = '{"cell_type":"code","source":["slow()\\n","x"]}'
    path = project.write("n.ipynb", f'{{"nbformat":4,"cells":[{first},{second}],"more":{{"z":1.5,"a":null}}}}\n')
    before = path.read_text("utf-8")

    report = project.lint(fix=True)

    assert path.read_text("utf-8") == before.replace("slow", "quick")
    assert (report.verdict, report.findings) == ("Nothing found in 1 file (1 uses multiprocessing); 2 mended.", ())


def test_a_notebook_that_would_change_elsewhere_is_left_alone(project):
    text = '{"nbformat": 4,  "cells": [{"cell_type": "code", "source": "import multiprocessing\\nslow()"}]}'
    path = project.write("n.ipynb", text)

    report = project.lint(fix=True)

    assert path.read_text() == text
    assert len(report.findings) == 1
    assert "n.ipynb: cannot be mended: it is not written as Jupyter does" in report.quality[0].text


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_link_stays_one_when_what_it_leads_to_is_mended(project):
    path = project.write("real/a.py", IMPORT + "slow()\n")
    (project.path / "link.py").symlink_to("real/a.py")

    project.lint("link.py", fix=True)

    assert (project.path / "link.py").is_symlink()
    assert path.read_text() == IMPORT + "quick()\n"


def test_a_fix_that_would_break_the_file_is_left_out(project, monkeypatch):
    path = project.write("a.py", IMPORT + "slow()\n")
    known = registry.lints()
    slow = known["MP401"]
    broken = Lint(slow.module, slow.id, slow.doc, slow.inspect, lambda source, call: source.replaced(call, "x ="))
    monkeypatch.setattr(registry, "lints", lambda: {**known, "MP401": broken})

    report = project.lint(fix=True)

    assert path.read_text() == IMPORT + "slow()\n"
    assert len(report.findings) == 1


def test_standard_input_is_mended_in_what_comes_out(project):
    project.lint("-", stdin=(IMPORT + "slow()\n").encode(), fix=True)

    assert project.job.outcome.mended == (IMPORT + "quick()\n").encode()


def test_an_interruption_shows_what_there_is(project, places, monkeypatch):
    for name in ("a.py", "b.py", "c.py"):
        project.write(name, IMPORT + "slow()\n")
    examine = running.Examiner.examine

    def interrupted(self, file, data=None):
        if file.name == "b.py":
            raise KeyboardInterrupt
        return examine(self, file, data)

    monkeypatch.setattr(running.Examiner, "examine", interrupted)

    report = project.lint()

    assert places(report) == ["a.py:2 MP401"]
    assert texts(report) == ["interrupted: what had been checked by then is shown"]
    assert project.job.outcome.interrupted
