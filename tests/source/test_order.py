"""The order of statements in a function, what stands around them, and what becomes of values."""

from __future__ import annotations

import ast

import pytest

from mpdiag.source import Source, Target


def read(code: str) -> Source:
    return Source.parse(code.encode(), "app.py", Target())


def call(source: Source, name: str) -> ast.Call:
    return source.tree.calls[name][0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("first()\nsecond()", True),
        ("second()\nfirst()", False),
        ("if x:\n  first()\nsecond()", True),
        ("if x:\n  first()\nelse:\n  second()", False),
        ("if x:\n  first()\n  return\nsecond()", False),
        ("if x:\n  first()\n  raise E\nsecond()", False),
        ("first()\nif x:\n  return\nsecond()", True),
        ("first()\nreturn\nsecond()", False),
        ("for y in z:\n  first()\n  break\nsecond()", True),
        ("for y in z:\n  if x:\n    first()\n    continue\n  second()", False),
        ("try:\n  first()\nexcept E:\n  second()", True),
        ("try:\n  pass\nexcept E:\n  first()\nelse:\n  second()", False),
        ("try:\n  pass\nexcept E:\n  first()\nexcept F:\n  second()", False),
        ("try:\n  first()\nfinally:\n  second()", True),
        ("match x:\n  case 1:\n    first()\n  case 2:\n    second()", False),
        ("x = first() if y else second()", False),
        ("def g():\n  first()\nsecond()", False),
    ],
)
def test_one_statement_leads_to_another(body, expected):
    source = read("def f():\n" + "\n".join(f"  {line}" for line in body.splitlines()))

    assert source.order.leads(call(source, "first"), call(source, "second")) is expected


def test_at_the_top_level_too():
    source = read("first()\nif x:\n    second()")

    assert source.order.leads(call(source, "first"), call(source, "second"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("try:\n  here()\nexcept (queue.Empty, OSError):\n  pass", {"Empty", "OSError"}),
        ("try:\n  here()\nexcept:\n  pass", {"BaseException"}),
        ("try:\n  pass\nexcept E:\n  here()", set()),
        ("from contextlib import suppress\nwith suppress(EOFError):\n  here()", {"EOFError"}),
        ("try:\n  def f():\n    here()\nexcept E:\n  pass", set()),
    ],
)
def test_what_is_caught_around_a_node(code, expected):
    source = read(code)

    assert source.order.handled(call(source, "here")) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import multiprocessing as mp\nx = mp.Lock()\nwith x:\n  here()", True),
        ("import threading\nx = threading.Lock()\nwith x:\n  here()", True),
        ("with counter.get_lock():\n  here()", True),
        ("with unknown:\n  here()", True),
        ("with open(name) as f:\n  here()", False),
        ("import multiprocessing as mp\nwith mp.Pool() as p:\n  here()", False),
        ("guard.acquire()\nhere()\nguard.release()", True),
        ("here()\nguard.acquire()", False),
        ("def f():\n  guard.acquire()\nhere()", False),
        ("here()", False),
    ],
)
def test_a_lock_may_be_held(code, expected):
    source = read(code)

    assert source.order.locked(call(source, "here")) is expected


@pytest.mark.parametrize(
    ("code", "how", "keeper"),
    [
        ("here()", "dropped", None),
        ("x = here()", "kept", "x"),
        ("x: int = here()", "kept", "x"),
        ("x = [here() for _ in y]", "kept", "x"),
        ("x = {here(): y for y in z}", "kept", "x"),
        ("x[here()] = 1", "kept", "x"),
        ("x[1] = here()", "kept", "x"),
        ("x.append((1, here()))", "kept", "x"),
        ("self.x.add(here())", "kept", "self.x"),
        ("[here() for _ in y]", "dropped", None),
        ("def f():\n  return [here()]", "returned", None),
        ("here().result()", "used", None),
        ("x = [y for y in here()]", "used", None),
        ("print(here())", "used", None),
        ("x, y = here()", "used", None),
    ],
)
def test_what_becomes_of_a_value(code, how, keeper):
    source = read(code)
    fate = source.order.fate(call(source, "here"))

    assert (fate.how, fate.keeper and ast.unparse(fate.keeper)) == (how, keeper)
