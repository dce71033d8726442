import codecs
import os
import stat

import pytest

from mpdiag.advice import Finding, Fix
from mpdiag.linting.fixing import apart, edited, write

FIX = Fix(2, 5, 2, 9, "quick")


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
    assert edited(before, [FIX]) == after


def test_several_edits_of_a_file_and_new_lines():
    fixes = [Fix(1, 1, 1, 2, "bb"), Fix(2, 1, 3, 2, "c\nd"), Fix(1, 3, 1, 3, "!")]

    assert edited(b"a-\r\nx\r\ny\r\nz", fixes) == b"bb-!\r\nc\r\nd\r\nz"


def test_of_edits_that_overlap_the_first_is_put_in():
    finding = Finding("MP401", "", "note", "static", "", "", "")
    fixes = [Fix(1, 5, 2, 3, ""), Fix(1, 1, 1, 5, ""), Fix(1, 8, 1, 9, ""), Fix(2, 2, 2, 9, ""), Fix(2, 3, 2, 4, "")]

    assert [fix for _, fix in apart([(finding, fix) for fix in fixes])] == [fixes[1], fixes[0], fixes[4]]


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
