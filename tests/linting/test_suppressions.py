from textwrap import dedent

import pytest

from mpdiag.advice import Finding, Place
from mpdiag.linting.suppressions import Judged, silence

NAMES = {
    "MP401": {"MP401"},
    "submit-then-wait": {"MP401"},
    "MP4": {"MP401", "MP402"},
    "MP402": {"MP402"},
    "MP601": {"MP601"},
    "MP701": {"MP701"},
}
JUDGED = Judged(frozenset({"MP401", "MP402", "MP601"}))


def resolve(name):
    return frozenset(NAMES.get(name.upper(), NAMES.get(name.lower(), ())))


def finding(rule, line, end_line=None):
    return Finding(
        rule, "name", "warning", "static", "", "", "", place=Place("a.py", line, 1, end_line=end_line or line)
    )


def silenced(source, *findings, judged=JUDGED):
    """The rules and lines of what is left, and the remarks."""
    found = silence(dedent(source).lstrip("\n").encode(), list(findings), resolve, judged)
    assert found.count == len(findings) - len(found.findings)
    return [(each.rule, each.place.line) for each in found.findings], list(found.remarks)


@pytest.mark.parametrize(
    "comment",
    [
        "# mpdiag: ignore",
        "# mpdiag: ignore[MP401]",
        "#mpdiag:ignore[ mp401 ]",
        "# mpdiag: ignore[MP601, MP401]",
        "# mpdiag: ignore[submit-then-wait]",
        "# mpdiag: ignore[MP4]",
        "# mpdiag: ignore[MP401] the peer is slow",
        "# mpdiag: ignore, the peer is slow",
        "# pylint: disable=all  # mpdiag: ignore[MP401]",
        "# noqa",
        "# NOQA: MP401",
        "# noqa:E501,MP401",
        "# noqa: E501 MP401",
        "# type: ignore  # noqa: MP401  # why",
    ],
)
def test_comments_that_silence(comment):
    left, remarks = silenced(f"slow()  {comment}\n", finding("MP401", 1), finding("MP601", 2))

    assert left == [("MP601", 2)]
    assert [text for _, text in remarks] == (["ignore[MP601] silences nothing here"] if "MP601," in comment else [])


@pytest.mark.parametrize(
    "line",
    [
        "slow()  # mpdiag: ignore[MP601]",
        "slow()  # noqa: E501",
        "slow()  # noqa: because MP",
        "slow()  # noqaa",
        "slow()  # no mpdiag here: ignore",
        "slow('# mpdiag: ignore')",
        "slow('''# noqa: MP401''')",
    ],
)
def test_what_silences_nothing(line):
    assert silenced(line + "\n", finding("MP401", 1))[0] == [("MP401", 1)]


STATEMENTS = """
    first(  # mpdiag: ignore
        slow(),
    )
    second(
        slow(),
    )  # mpdiag: ignore
    third(
        # mpdiag: ignore[MP401]
        slow(),
    )
    # mpdiag: ignore[MP401]
    # because the peer is slow
    fourth()
    for each in fifth():  # mpdiag: ignore
        slow()
    with sixth():
        slow()  # mpdiag: ignore
"""


@pytest.mark.parametrize(
    ("line", "end", "left"),
    [
        (1, 3, False),
        (2, 2, False),
        (5, 5, False),
        (4, 6, False),
        (9, 9, False),
        (13, 13, False),
        (14, 14, False),
        (14, 15, False),
        (15, 15, True),
        (16, 17, True),
        (17, 17, False),
    ],
)
def test_a_comment_counts_for_the_whole_statement_that_it_is_in_or_above(line, end, left):
    assert bool(silenced(STATEMENTS, finding("MP401", line, end))[0]) is left


def test_a_whole_file():
    two = finding("MP401", 1), finding("MP601", 9)

    assert silenced("x = 1\n# mpdiag: ignore-file\n", *two) == ([], [])
    assert silenced("# mpdiag: ignore-file[MP401]\n", *two) == ([("MP601", 9)], [])


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# mpdiag: ignore", "ignore silences nothing here"),
        ("# mpdiag: ignore-file", "ignore silences nothing here"),
        ("# mpdiag: ignore[MP401]", "ignore[MP401] silences nothing here"),
        ("# mpdiag: ignore[MP402, MP601]", "ignore[MP402, MP601] silences nothing here"),
        ("# mpdiag: ignore[MP4O1]", "ignore[MP4O1] names no rule"),
        ("# mpdiag: ignore[]", "ignore[] names no rule"),
        ("# mpdiag: ignore MP401", "'ignore MP401' is not understood: write ignore[MP401], ignore or ignore-file"),
        ("# mpdiag: disable=MP401", "'disable=MP401' is not understood: write ignore[MP401], ignore or ignore-file"),
        ("# mpdiag: ignored", "'ignored' is not understood: write ignore[MP401], ignore or ignore-file"),
    ],
)
def test_comments_of_ours_that_do_nothing_are_told(comment, said):
    assert silenced(f"x = 1\ny = 2  {comment}\n")[1] == [(2, said)]


@pytest.mark.parametrize("comment", ["# noqa", "# noqa: MP401", "# mpdiag: ignore[MP701]", "# mpdiag: ignore[MP4]"])
def test_comments_that_others_may_need_are_not(comment):
    judged = Judged(frozenset({"MP401", "MP601"}))

    assert silenced(f"x = 1  {comment}\n", judged=judged)[1] == []


def test_ignore_may_be_needed_by_rules_that_are_not_asked_now():
    assert silenced("x = 1  # mpdiag: ignore\n", judged=Judged(frozenset({"MP401"}), whole=False))[1] == []


def test_two_comments_for_one_finding_are_both_used():
    assert silenced("# mpdiag: ignore-file[MP401]\nslow()  # mpdiag: ignore\n", finding("MP401", 2)) == ([], [])


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_lines_end_as_python_ends_them(end):
    source = f"x = '''{end}'''{end}\x0c{end}slow()  # mpdiag: ignore{end}".encode()

    assert silence(source, [finding("MP401", 4)], resolve, JUDGED).findings == []


def test_other_encodings():
    source = "# -*- coding: latin-1 -*-\nslow('é')  # mpdiag: ignore\n".encode("latin-1")

    assert silence(source, [finding("MP401", 2)], resolve, JUDGED).findings == []


@pytest.mark.parametrize(
    "source", [b"x = (  # mpdiag: ignore", b"'''  # mpdiag:", b"\xff # mpdiag: ignore", b"\tx\n  y # mpdiag: ignore\n"]
)
def test_what_cannot_be_parted_into_tokens_silences_nothing_and_raises_nothing(source):
    assert silence(source, [finding("MP401", 9)], resolve, JUDGED).count == 0
