import sys
from pathlib import Path

import pytest

from mpdiag.errors import BadInput, CannotWork
from mpdiag.outputs import Output


def test_what_a_file_held_stays_until_the_report_comes(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("the last report, rather long")
    output = Output.open(path, "json")
    assert path.read_text() == "the last report, rather long"

    output.write("new\n")
    assert path.read_text() == "new\n"


def test_no_report_leaves_no_file(tmp_path):
    output = Output.open(tmp_path / "report.json", "json")
    output.discard()

    assert list(tmp_path.iterdir()) == []


def test_no_report_leaves_an_old_file_as_it_was(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    Output.open(path, "json").discard()

    assert path.read_text() == "old"


def test_a_missing_folder_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="cannot be written"):
        Output.open(tmp_path / "no" / "report.json", "json")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said(tmp_path):
    path = tmp_path / "full"
    path.symlink_to("/dev/full")
    with pytest.raises(CannotWork, match="No space left"):
        Output.open(path, "json").write("x" * 100_000)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes differ")
def test_a_device_can_be_written(tmp_path):
    path = tmp_path / "null"
    path.symlink_to("/dev/null")
    Output.open(path, "json").write("text")


def test_a_dash_is_no_file():
    with pytest.raises(BadInput, match="- is no file"):
        Output.open(Path("-"), "json")


def test_a_file_is_the_same_by_any_name(tmp_path):
    (tmp_path / "there").touch()
    (tmp_path / "linked").hardlink_to(tmp_path / "there")
    there, linked, other = (Output.open(tmp_path / name, "json") for name in ("there", "linked", "other"))

    assert there.same(linked)
    assert not there.same(other)
    for output in (there, linked, other):
        output.discard()
