import os
import socket
from pathlib import Path

import pytest

from mpdiag.errors import BadInput
from mpdiag.linting.searching import Search
from mpdiag.linting.settings import layer

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")


@pytest.fixture
def find(project):
    """``find("src", exclude=[…])``: the names of what is found, and the search itself."""

    def found(*names, exclude=()):
        search = Search(layer(os.path.realpath(project.path), exclude) if exclude else None)
        return [file.name for file in search.files(names or (".",))], search

    return found


def test_python_files_and_notebooks_in_the_order_of_names(project, find):
    for name in ("b.py", "a/z.py", "a/n.ipynb", "A.pyw", "c/d/e.py", "x.pyi", "y.txt", "script"):
        project.write(name)

    assert find()[0] == ["A.pyw", "b.py", "a/n.ipynb", "a/z.py", "c/d/e.py"]


def test_what_is_named_is_found_once_whatever_it_is_called(project, find):
    project.write("x.pyi")
    project.write("script", "#!/usr/bin/env python3\n")
    project.write(".venv/lib.py")
    project.write("a.py")

    assert find("x.pyi", "script", ".venv", "a.py", "./a.py", ".")[0] == ["x.pyi", "script", ".venv/lib.py", "a.py"]


@pytest.mark.parametrize("content", [b"#!/bin/sh\n", b"", b"\x7fELF"])
def test_a_named_file_that_is_no_python_is_passed(project, find, content):
    project.write("thing", content)

    found, search = find("thing")

    assert found == []
    assert search.passed == [("thing", "no Python file, by its name or its first line")]


def test_folders_of_tools_environments_and_builds_are_passed_over(project, find):
    for name in (".git/x.py", "node_modules/x.py", "__pycache__/x.py", ".tox/x.py", "build/lib/x.py", "dist/x.py"):
        project.write(name)
    project.write("env/x.py")
    project.write("env/pyvenv.cfg")
    project.write("conda/x.py")
    project.write("conda/conda-meta/history")
    project.write("tool/build/__init__.py")
    project.write("ok/x.py")

    assert find()[0] == ["ok/x.py", "tool/build/__init__.py"]
    assert find("env", "build")[0] == ["env/x.py", "build/lib/x.py"]


def test_ignore_files_nest_and_negate(project, find):
    project.write(".gitignore", "*_gen.py\n/top.py\nskipped/\n# a comment\n\n!\n")
    project.write("inner/.gitignore", "!kept_gen.py\nlocal.py\n")
    for name in ("top.py", "a_gen.py", "inner/top.py", "inner/kept_gen.py", "inner/b_gen.py", "inner/local.py"):
        project.write(name)
    project.write("skipped/a.py")
    project.write("inner/deep/local.py")

    assert find()[0] == ["inner/kept_gen.py", "inner/top.py"]


def test_ignore_files_above_count_within_a_repository(project, find):
    project.write(".git/HEAD")
    project.write(".gitignore", "*_gen.py\nout/\n")
    for name in ("src/a_gen.py", "src/b.py", "out/c.py", "out/d_gen.py"):
        project.write(name)

    assert find("src")[0] == ["src/b.py"]
    assert find("out")[0] == ["out/c.py", "out/d_gen.py"]  # it is named, so it is wanted


def test_ignore_files_above_do_not_count_outside(project, find):
    project.write(".gitignore", "*_gen.py\n")
    project.write("src/a_gen.py")

    assert find("src")[0] == ["src/a_gen.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("tests", ["a.py", "src/b.py", "src/gen/c_pb2.py"]),
        ("*_pb2.py", ["a.py", "src/b.py", "src/tests/d.py", "tests/e.py"]),
        ("src/gen/", ["a.py", "src/b.py", "src/tests/d.py", "tests/e.py"]),
        ("./tests", ["a.py", "src/b.py", "src/gen/c_pb2.py", "src/tests/d.py"]),
        ("/tests", ["a.py", "src/b.py", "src/gen/c_pb2.py", "src/tests/d.py"]),
        ("**/gen/*", ["a.py", "src/b.py", "src/tests/d.py", "tests/e.py"]),
    ],
)
def test_what_is_excluded(project, find, pattern, left):
    for name in ("a.py", "src/b.py", "src/gen/c_pb2.py", "src/tests/d.py", "tests/e.py"):
        project.write(name)

    found, search = find(exclude=[pattern])

    assert sorted(found) == left
    assert search.left_out


def test_what_is_excluded_stays_so_when_it_is_named(project, find):
    project.write("tests/e.py")

    assert find("tests/e.py", "tests", exclude=["tests"])[0] == []


def test_an_absolute_path_may_be_excluded(project, find):
    project.write("a.py")
    project.write("b.py")

    assert find(exclude=[f"{os.path.realpath(project.path)}/a.py"])[0] == ["b.py"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["a.py"]),
        ("src/**/*.py", ["src/b.py", "src/x/c.py", "src/x/d.py"]),
        ("src/x*", ["src/x/c.py", "src/x/d.py"]),
        ("*/x/[cd].py", ["src/x/c.py", "src/x/d.py"]),
        ("./src/?.py", ["src/b.py"]),
    ],
)
def test_globs(project, find, pattern, found):
    for name in ("a.py", "src/b.py", "src/x/c.py", "src/x/d.py", "node_modules/x/c.py"):
        project.write(name)

    assert find(pattern)[0] == found


def test_a_file_may_be_called_like_a_glob(project, find):
    project.write("a[1].py")
    project.write("a1.py")

    assert find("a[1].py")[0] == ["a[1].py"]


@pytest.mark.parametrize(("name", "said"), [("gone.py", "no such file or folder"), ("*.pyx", "no Python file")])
def test_what_is_not_there(project, find, name, said):
    with pytest.raises(BadInput, match=said):
        find(name)


@POSIX
def test_links_to_folders_are_not_followed_and_files_win_over_links_to_them(project, find):
    project.write("z/a.py")
    project.write("elsewhere.txt")
    (project.path / "a_link.py").symlink_to("z/a.py")
    (project.path / "loop").symlink_to(".")
    (project.path / "z/loop").symlink_to("..")
    (project.path / "other.py").symlink_to("elsewhere.txt")
    (project.path / "gone.py").symlink_to("nowhere")
    (project.path / ".#a.py").symlink_to("user@host.1234")

    found, search = find()

    assert found == ["z/a.py", "other.py"]
    assert search.passed == [("gone.py", "a link that leads nowhere")]
    assert find("loop")[0] == ["z/a.py", "other.py"]


@POSIX
def test_pipes_and_sockets_are_never_opened(project, find):
    os.mkfifo(project.path / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.py")
        expected = [("pipe.py", "a named pipe, which is not read"), ("socket.py", "a socket, which is not read")]

        assert find()[1].passed == expected
        assert find("pipe.py", "socket.py")[1].passed == expected


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told(project, find):
    project.write("a.py")
    (project.path / "closed").mkdir(mode=0)

    found, search = find()

    assert found == ["a.py"]
    assert search.passed == [("closed", "cannot be read: Permission denied")]


def test_folders_may_nest_deeply(project, find):
    folder = project.path
    for _ in range(700):
        folder = folder / "d"
        folder.mkdir()
    project.write("a.py")

    assert find()[0] == ["a.py"]


@POSIX
def test_names_that_are_no_text(project, find):
    project.write("a.py")
    (project.path / "\udcff.py").touch()

    assert find()[0] == ["a.py", "\udcff.py"]


def test_the_nearest_project_is_known(project):
    project.write("pyproject.toml", "")
    project.write("inner/pyproject.toml", "")
    for name in ("a.py", "inner/b.py", "inner/deep/c.py"):
        project.write(name)

    projects = {file.name: os.path.relpath(file.project) for file in Search().files([".", "inner/b.py"])}

    assert projects == {
        "a.py": "pyproject.toml",
        "inner/b.py": str(Path("inner", "pyproject.toml")),
        "inner/deep/c.py": str(Path("inner", "pyproject.toml")),
    }


def test_what_lies_outside_is_called_as_it_was_named(project, find, monkeypatch):
    project.write("a.py")
    project.write("inner/b.py")
    monkeypatch.chdir("inner")

    assert find("..")[0] == ["../a.py", "b.py"]
