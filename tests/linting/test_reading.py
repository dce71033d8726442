import os
import re
from pathlib import Path

import pytest

from mpdiag.linting import reading
from mpdiag.linting.reading import Unreadable, unparsed


def make_pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize("content", [b"", b"a\r\nb\0\xff", b"x" * 100_000])
def test_all_that_a_file_holds(tmp_path, content):
    (tmp_path / "a.py").write_bytes(content)

    assert reading.read(str(tmp_path / "a.py"), len(content)) == content
    assert reading.read(str(tmp_path / "a.py"), None) == content


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs a file whose size is not known")
def test_a_file_of_unknown_size():
    assert reading.read("/proc/self/status").startswith(b"Name:")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda path: None, "cannot be read: No such file"),
        (lambda path: path.mkdir(), "a folder|cannot be read"),
        (lambda path: path.write_bytes(b"x" * 2**20 + b"y"), "larger than 1 MiB: --huge reads it too"),
        pytest.param(make_pipe, "a named pipe", marks=pytest.mark.skipif(os.name == "nt", reason="no pipes")),
    ],
)
def test_what_cannot_be_read_has_a_reason(tmp_path, prepare, said):
    prepare(tmp_path / "a.py")

    with pytest.raises(Unreadable, match=said):
        reading.read(str(tmp_path / "a.py"), 2**20)


@pytest.mark.parametrize(
    ("content", "script"),
    [
        (b"#!/usr/bin/env python3\n", True),
        (b"#!/usr/bin/python3.12 -E\n", True),
        (b"#!/usr/bin/env -S uv run --script python\n", True),
        (b"#!/bin/sh\n# python\n", False),
        (b"#!/usr/bin/pythonic\n", False),
        (b"import os\n", False),
        (b"", False),
    ],
)
def test_scripts_name_python_in_their_first_line(tmp_path, content, script):
    (tmp_path / "a").write_bytes(content)

    assert reading.is_script(str(tmp_path / "a")) is script


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SyntaxError("invalid syntax", ("a.py", 3, 7, "x = =", 3, 8)), r":3:7: not read by Python 3[\d.]+: invalid"),
        (SyntaxError("encoding problem: none"), r"^: not read by Python [\d.]+: encoding problem: none$"),
        (ValueError("source code string cannot contain null bytes"), "^: not read by .* null bytes$"),
        (RecursionError("maximum recursion depth exceeded"), ": nested too deeply$"),
        (MemoryError(), ": nested too deeply$"),
    ],
)
def test_why_python_cannot_read_it(error, said):
    assert re.search(said, unparsed(error))
