"""Places count characters, whatever the encoding and the ends of lines; what cannot be read raises."""

from __future__ import annotations

import pytest

from mpdiag.source import Source, Target


def place_of_call(text: bytes):
    source = Source.parse(text, "app.py", Target())
    [call] = source.calls("f")
    place = source.place(call)
    return (place.line, place.column, place.end_line, place.end_column, place.function, place.excerpt)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"f(1)", (1, 1, 1, 5, None, "f(1)")),
        ("x = 'é' + f('ü')\n".encode(), (1, 11, 1, 17, None, "x = 'é' + f('ü')")),
        ("# coding: latin-1\nx = 'é' + f('ü')\n".encode("latin-1"), (2, 11, 2, 17, None, "x = 'é' + f('ü')")),
        (b"\xef\xbb\xbff(1)\r\n", (1, 1, 1, 5, None, "f(1)")),
        (b"class A:\r    def m(self):\r        f(\r1)\r", (3, 9, 4, 3, "A.m", "        f(\n1)")),
        (b"x = '\x0c'\ndef g():\n\tf(1)\n", (3, 2, 3, 6, "g", "\tf(1)")),
    ],
)
def test_places(text, expected):
    assert place_of_call(text) == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"print 'x'\n", SyntaxError),
        (b"# coding: klingon\n", SyntaxError),
        (b"x = '\xff'\n", SyntaxError),
        (b"x = 1\0\n", (SyntaxError, ValueError)),
        (b"x = " + b"-" * 200_000 + b"1\n", (RecursionError, SyntaxError)),
    ],
)
def test_what_cannot_be_read_raises_as_ast_does(text, error):
    with pytest.raises(error):
        Source.parse(text, "app.py", Target())


def test_a_long_sum_is_not_too_deep():
    source = Source.parse(b"f()\nx = " + b" + ".join([b"1"] * 2000), "app.py", Target())

    assert len(list(source.calls("f"))) == 1
