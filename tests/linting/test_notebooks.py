import json

import pytest

from mpdiag.advice import Finding, Fix, Place
from mpdiag.linting import notebooks
from mpdiag.linting.reading import Unreadable


def notebook(*cells, language="python", kind="code", **others):
    """The bytes of a notebook: a string is a cell of code, a list its lines."""
    found = [{"cell_type": kind, "source": cell, "outputs": [{"text": "x"}], "id": "1"} for cell in cells]
    about = {"language_info": {"name": language, "version": "3"}} if language else {}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": found, **others}).encode()


def python(*cells):
    return list(notebooks.read(notebook(*cells)).python().cells.values())


def test_cells_are_one_module_and_lines_lead_back():
    data = json.loads(notebook(["a = 1\n", "b = 2"], "# a title", "", "c = 3\r\nd = 4\n"))
    data["cells"][1]["cell_type"] = "markdown"

    read = notebooks.read(json.dumps(data).encode())

    assert read.source == b"a = 1\nb = 2\n\nc = 3\nd = 4\n"
    assert [read.at(line) for line in range(1, 6)] == [(1, 1), (1, 2), (3, 1), (4, 1), (4, 2)]
    assert read.at(6) == (4, 3)


@pytest.mark.parametrize(
    ("cell", "left"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install loky\nx = 1", "pass\nx = 1"),
        ("if x:\n    !ls\n    y = 1", "if x:\n    pass\n    y = 1"),
        ("files = !ls *.py\nx = 1", "files = None\nx = 1"),
        ("a, b = %sql select\nx = 1", "a, b = None\nx = 1"),
        ("!ls \\\n  -l \\\n  -a\nx = 1", "pass\n\n\nx = 1"),
        ("Pool?\nx = 1", "pass\nx = 1"),
        ("?Pool\nx = 1", "pass\nx = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%timeit -n 1\nx = 1", "\nx = 1"),
        ("%%bash\nls -l\nrm x", "\n\n"),
        ("%%writefile a.py\nimport os", "\n"),
        ('x = ("%s"\n     % y)', 'x = ("%s"\n     % y)'),
        ('"""\n%cd\n!ls\n"""', '"""\n%cd\n!ls\n"""'),
        ("await x", "await x"),
        ("x = 1;", "x = 1;"),
    ],
)
def test_what_is_for_ipython_is_taken_out_line_for_line(cell, left):
    assert python(cell) == [left]


def test_a_cell_that_is_no_python_is_told_and_the_others_go_on():
    read = notebooks.read(notebook("x = 1", "y = = 2\nz", "z = '\0'")).python()

    assert list(read.cells.values()) == ["x = 1", "\n", ""]
    assert [text.partition(":")[0] for text in read.broken] == ["cell 2", "cell 3"]
    assert read.broken[0].startswith("cell 2:1:5: not read by Python")


def test_other_languages_have_no_cells_for_us():
    assert notebooks.read(notebook("x <- 1", language="R")).cells == {}
    assert notebooks.read(notebook("x = 1", language="")).cells == {1: "x = 1"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no notebook"),
        (b"{", "no notebook"),
        (b"[]", "no notebook"),
        (b'{"nbformat": 4, "cells": 3}', "no notebook"),
        (b"\xff\xfe", "no notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "a notebook of format 3: `jupyter nbconvert"),
        (b"[" * 100_000, "no notebook"),
    ],
)
def test_a_broken_notebook_has_a_reason(data, said):
    with pytest.raises(Unreadable, match=said):
        notebooks.read(data)


@pytest.mark.parametrize("indent", [None, 1, 2, 4])
@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize(("mark", "end"), [(b"", b""), (b"", b"\n"), (b"\xef\xbb\xbf", b"\n")])
def test_edits_change_their_cell_alone(indent, escaped, mark, end):
    content = json.loads(notebook(["slow()\n", "y = 'ö'\n", "slow()"], "slow()\r\n# ß", kind="code", extra=[1.5, None]))

    def written():
        return mark + json.dumps(content, indent=indent, ensure_ascii=escaped).encode() + end

    before = written()
    places = [
        ("cell 1", Fix(1, 1, 1, 5, "quick")),
        ("cell 1", Fix(3, 1, 3, 7, "x\ny")),
        ("cell 2", Fix(1, 1, 1, 5, "q")),
    ]
    findings = [
        Finding("MP401", "", "note", "static", "", "", "", place=Place(f"n.ipynb:{cell}", fix.line), fix=fix)
        for cell, fix in places
    ]
    content["cells"][0]["source"] = ["quick()\n", "y = 'ö'\n", "x\n", "y"]
    content["cells"][1]["source"] = "q()\r\n# ß"

    assert notebooks.edited(before, findings) == written()


def test_what_is_found_keeps_its_edit_in_the_lines_of_its_cell():
    read = notebooks.read(notebook("a\nb", "c\nd"))
    found = Finding("MP401", "", "note", "static", "", "", "", place=Place("n.ipynb", 4), fix=Fix(4, 1, 4, 2, "e"))

    located = read.located(found)

    assert (located.place.file, located.place.line, located.fix) == ("n.ipynb:cell 2", 2, Fix(2, 1, 2, 2, "e"))
