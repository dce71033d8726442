import io
import json
import os
import sys

import pytest

from mpdiag.cli import run

IMPORT = "from multiprocessing import Pool\n\n"
#: Fails wherever the start method is not fork.
UNGUARDED = IMPORT + "with Pool() as pool:\n    print(pool.map(abs, range(3)))\n"
GUARDED = IMPORT + 'if __name__ == "__main__":\n    with Pool() as pool:\n        print(pool.map(abs, range(3)))\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a file that has a mistake and one that has none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text(UNGUARDED)
    (tmp_path / "good.py").write_text(GUARDED)
    return tmp_path


@pytest.fixture
def found(capfd):
    """``found("bad.py", "--select", "MP106")``: the exit code, and rule, file and line of each finding."""

    def lint(*arguments):
        code = run(["lint", "--format", "json", *arguments])
        out, err = capfd.readouterr()
        assert err == ""
        return code, [
            f"{each['rule']} {each['place']['file']}:{each['place']['line']}" for each in json.loads(out)["findings"]
        ]

    return lint


BAD = ["MP106 bad.py:3"]


def test_without_a_path_the_current_folder_is_checked(folder, found):
    assert found() == (1, BAD)
    assert found("good.py") == (0, [])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--fail-on", "error"), (1, BAD)),
        (("--fail-on", "never"), (0, BAD)),
        (("--target-version", "3.13"), (1, BAD)),
        (("--start-method", "fork"), (0, [])),
        (("--ignore", "MP106"), (0, [])),
        (("--ignore", "missing-main-guard"), (0, [])),
        (("--select", "MP1"), (1, BAD)),
        (("--select", "MP401"), (0, [])),
        (("--select", "MP401", "--extend-select", "MP106"), (1, BAD)),
        (("--exclude", "bad*"), (0, [])),
        (("--per-file-ignores", "b*.py", "MP106"), (0, [])),
        (("--per-file-ignores", "g*.py", "MP106"), (1, BAD)),
    ],
)
def test_options(folder, found, arguments, expected):
    assert found(*arguments) == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("ignore = ['MP106']", (0, [])),
        ("select = 'MP401'", (0, [])),
        ("select = ['MP401']\nextend-select = ['MP1']", (1, BAD)),
        ("exclude = ['b*.py']", (0, [])),
        ("start-method = 'fork'", (0, [])),
        ("target-version = '3.14'\nfail-on = 'never'", (0, BAD)),
        ("[tool.mpdiag.lint.per-file-ignores]\n'b*.py' = ['MP106', 'MP401']", (0, [])),
        ("[tool.mpdiag.lint.per-file-ignores]\n'b*.py' = 'MP106'", (0, [])),
        ("per-file-ignores = { '/other/*.py' = ['MP106'] }", (1, BAD)),
    ],
)
def test_settings(folder, found, table, expected):
    (folder / "pyproject.toml").write_text(f"[tool.mpdiag.lint]\n{table}\n")

    assert found() == expected


def test_patterns_of_pyproject_begin_where_it_stands_and_those_of_options_here(folder, found, monkeypatch):
    (folder / "pyproject.toml").write_text("[tool.mpdiag.lint]\nexclude = ['/bad.py']\n")
    (folder / "inner").mkdir()
    (folder / "inner" / "bad.py").write_text(UNGUARDED)
    monkeypatch.chdir("inner")

    assert found("..") == (1, BAD)
    assert found("..", "--exclude", "/bad.py") == (1, ["MP106 ../bad.py:3"])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("per-file-ignores = { 'a.py' = 3 }", "'a.py' has 3 for a list of names"),
        ("per-file-ignores = { 'a.py' = ['MP4O1'] }", "there is no rule 'MP4O1'"),
        ("per-file-ignores = 3", "per-file-ignores"),
        ("exclude = 3", "exclude"),
        ("selct = ['MP1']", "selct"),
        ("target-version = '2.7'", "'2.7' is no version of Python 3"),
        ("start-method = 'thread'", "thread"),
    ],
)
def test_settings_that_cannot_be_meant(folder, capfd, table, said):
    (folder / "pyproject.toml").write_text(f"[tool.mpdiag.lint]\n{table}\n")

    assert run(["lint"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gone.py",), "gone.py: no such file or folder"),
        (("*.pyx",), "*.pyx: there is no Python file that it fits"),
        (("empty",), "there is no Python file in empty"),
        (("--baseline", "gone.json"), "gone.json cannot be read"),
        (("--baseline", "bad.py"), "bad.py: not JSON"),
        (("--diff", "HEAD"), "--diff"),
        (("--select", "MP4O1"), "there is no rule 'MP4O1'"),
    ],
)
def test_bad_input_is_a_line(folder, capfd, monkeypatch, arguments, said):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    (folder / "empty").mkdir()

    assert run(["lint", *arguments]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_only_files_that_cannot_be_read_are_code_2_and_a_report(folder, capfd):
    (folder / "broken.py").write_text(IMPORT + "x = = 1\n")

    assert run(["lint", "broken.py"]) == 2
    assert "broken.py:3:5: not read by Python" in capfd.readouterr().out
    assert run(["lint", "broken.py", "good.py"]) == 0


def stdin(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.parametrize("arguments", [("-", "--stdin-filename", "x/y.py"), ("--stdin-filename", "x/y.py")])
def test_standard_input(folder, found, monkeypatch, arguments):
    stdin(monkeypatch, UNGUARDED)

    assert found(*arguments) == (1, ["MP106 x/y.py:3"])


def test_standard_input_that_is_mended_is_printed_and_the_report_goes_elsewhere(folder, capfd, monkeypatch):
    stdin(monkeypatch, GUARDED)

    assert run(["lint", "-", "--fix"]) == 0
    out, err = capfd.readouterr()
    assert out == GUARDED
    assert err.startswith("Nothing found in 1 file")


def test_a_saved_report_is_a_baseline_and_can_be_shown_again(folder, found, capfd):
    assert run(["lint", "--json", "saved.json", "--fail-on", "never"]) == 0
    capfd.readouterr()

    assert found("--baseline", "saved.json") == (0, [])
    assert run(["report", "saved.json", "--ignore", "MP106"]) == 0
    assert capfd.readouterr().out.startswith("Nothing found in 2 files (2 use multiprocessing).")


def test_what_was_looked_at_is_shown_by_v(folder, capfd):
    assert run(["lint", "--statistics"]) == 1
    brief = capfd.readouterr().out
    assert run(["lint", "-v"]) == 1
    whole = capfd.readouterr().out

    assert "Findings by rule" in brief
    assert "What was looked at" not in brief
    assert "files checked" in whole
    assert "3.9 to 3.15" in whole


@pytest.mark.skipif(os.name == "nt", reason="a working directory cannot be deleted")
def test_a_working_directory_that_is_gone(tmp_path, monkeypatch, capfd):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert run(["lint"]) == 2
    assert "working directory" in capfd.readouterr().err


def test_an_internal_mistake_is_code_3(folder, capfd, monkeypatch):
    monkeypatch.delenv("MPDIAG_DEBUG", raising=False)
    monkeypatch.setattr("mpdiag.linting.checking.check", lambda *arguments: 1 / 0)

    assert run(["lint"]) == 3
    assert "internal error: ZeroDivisionError" in capfd.readouterr().out
