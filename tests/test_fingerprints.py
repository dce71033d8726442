from dataclasses import replace

import pytest

from mpdiag.advice import Finding, Place
from mpdiag.fingerprints import fingerprints

PLACE = Place("shop/app.py", 12, 9, "main", excerpt="    pool.map(lambda x: x, items)\n    more()")


def finding(rule="MP204", **place):
    return Finding(rule, "name", "error", "static", "title", "seen", "do", place=replace(PLACE, **place))


def test_a_moved_or_indented_line_keeps_its_name():
    moved = finding(line=99, column=13, excerpt="\tpool.map(lambda x:  x, items)   \nother()")

    assert fingerprints([moved]) == fingerprints([finding()])


@pytest.mark.parametrize(
    "other",
    [
        finding("MP205"),
        finding(file="shop/b.py"),
        finding(function="other"),
        finding(function=None),
        finding(excerpt="pool.map(f, items)"),
        finding(excerpt=None),
        replace(finding(), place=None),
    ],
)
def test_another_mistake_has_another_name(other):
    assert len(set(fingerprints([finding(), other]))) == 2
    assert fingerprints([other]) != fingerprints([finding()])


def test_equal_lines_are_told_apart_by_their_order_in_the_file():
    first, second, third = finding(line=3), finding(line=30), finding(line=30, column=40)

    names = fingerprints([first, second, third])

    assert len(set(names)) == 3
    assert fingerprints([third, first, second]) == [names[2], names[0], names[1]]
    assert fingerprints([first, second]) == names[:2]


def test_other_findings_do_not_matter():
    assert fingerprints([finding("MP101"), finding(), finding(file="a.py")])[1] == fingerprints([finding()])[0]


def test_files_of_windows_have_the_same_names():
    assert fingerprints([finding(file="shop\\app.py")]) == fingerprints([finding()])


def test_undecodable_names_do_no_harm():
    assert len(fingerprints([finding(file="caf\udce9.py", function="\ud800")])[0]) == 32


def test_a_further_cell_before_it_changes_nothing():
    cells = [finding(file=f"nb.ipynb:cell {number}") for number in (9, 10)]
    moved = [finding(file=f"nb.ipynb:cell {number}") for number in (10, 11)]

    assert fingerprints(cells) == fingerprints(moved)
    assert fingerprints(cells[::-1]) == fingerprints(cells)[::-1]
