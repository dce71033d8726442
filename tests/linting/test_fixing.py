import codecs
import os
import stat

import pytest

from mpdiag.advice import Finding, Fix, Place
from mpdiag.linting.editing import apart, patched
from mpdiag.linting.fixing import edited, write
from mpdiag.linting.searching import File

FIX = Fix(2, 5, 2, 9, "quick")
FILE = File("a.py", "a.py", "/a.py", None)


def finding(fix, file="a.py"):
    return Finding("MP401", "", "note", "static", "", "", "", place=Place(file, fix.line, fix.column), fix=fix)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nx = slow()\nb\n", b"a\nx = quick()\nb\n"),
        (b"a\r\nx = slow()\r\nb", b"a\r\nx = quick()\r\nb"),
        (b"a\rx = slow()\rb\r", b"a\rx = quick()\rb\r"),
        (codecs.BOM_UTF8 + b"a\nx = slow()\n", codecs.BOM_UTF8 + b"a\nx = quick()\n"),
        ("# ä本\né = slow('ß')\n".encode(), "# ä本\né = quick('ß')\n".encode()),
        ("# coding: latin-1\né = slow()\n".encode("latin-1"), "# coding: latin-1\né = quick()\n".encode("latin-1")),
        (b"'\x0c\x1c\x85'.x\nx = slow()".replace(b"\x85", b""), b"'\x0c\x1c'.x\nx = quick()"),
    ],
)
def test_everything_else_stays_as_it_is(before, after):
    assert edited(FILE, before, [finding(FIX)]) == after


def test_several_edits_of_a_file_and_new_lines():
    fixes = [Fix(1, 1, 1, 2, "bb"), Fix(2, 1, 3, 2, "c\nd"), Fix(1, 3, 1, 3, "!")]

    assert patched("a-\r\nx\r\ny\r\nz", fixes) == "bb-!\r\nc\r\nd\r\nz"


def test_of_edits_that_overlap_the_first_is_put_in():
    fixes = [Fix(1, 5, 2, 3, ""), Fix(1, 1, 1, 5, ""), Fix(1, 8, 1, 9, ""), Fix(2, 2, 2, 9, ""), Fix(2, 3, 2, 4, "")]

    assert [each.fix for each in apart(map(finding, fixes))] == [fixes[1], fixes[0], fixes[4]]


def test_edits_of_different_cells_never_overlap():
    cells = [finding(Fix(1, 1, 9, 9, ""), "n.ipynb:cell 2"), finding(Fix(5, 5, 5, 6, ""), "n.ipynb:cell 1")]

    assert apart(cells) == cells[::-1]


def test_a_file_keeps_its_mode_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o750)

    write(str(path), b"new")

    assert path.read_bytes() == b"new"
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o750
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_stays_and_nothing_is_left(tmp_path, monkeypatch):
    path = tmp_path / "a.py"
    path.write_bytes(b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space"):
        write(str(path), b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
