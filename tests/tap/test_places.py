"""What places are called."""

from __future__ import annotations

import sys

import pytest

from mpdiag.tap import places


class Shop:
    def prices(self):
        return [sys._getframe() for _ in range(1)].pop()

    def names(self):
        return next(sys._getframe() for _ in range(1))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code does not tell what it is in")
@pytest.mark.parametrize(("call", "name"), [("prices", "prices"), ("names", "names")])
def test_a_line_in_a_comprehension_is_in_the_function_around(call, name):
    assert places.function(getattr(Shop(), call)().f_code) == name


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code does not tell what it is in")
def test_or_in_the_module():
    code = compile("(1 for _ in ())", "app.py", "exec").co_consts[0]

    assert (code.co_name, places.function(code)) == ("<genexpr>", "<module>")


def test_the_library_function_that_was_called_and_what_stands_between():
    code, line, api, via = places.of(1)

    assert (code, line, api, via) == (sys._getframe().f_code, line, "", 0)
