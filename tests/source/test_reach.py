"""Which code tasks come to, past the branches that constant arguments switch off."""

from __future__ import annotations

import pytest

from mpdiag.source import Source, Target

HEAD = "from multiprocessing import Pool, Process\n"


def comes(code: str) -> bool:
    """Whether a task comes to the call of ``here``."""
    source = Source.parse(f"{HEAD}{code}".encode(), "app.py", Target())
    return bool(source.workers_at(source.tree.calls["here"][0]))


@pytest.mark.parametrize(
    ("test", "passed", "expected"),
    [
        ("x", "x=True", True),
        ("x", "x=False", False),
        ("x", "x=unknown", True),
        ("x", "", False),
        ("x", "**more", True),
        ("not x", "x=True", False),
        ("x and y", "x=0", False),
        ("x and y", "x=1, y=y", True),
        ("x or y", "x=0", False),
        ("x is None", "x=None", True),
        ("x is not None", "x=None", False),
        ("x == 'a'", "x='b'", False),
        ("x > 1", "x=1", False),
        ("x > 1", "x='1'", True),
        ("1 < x < 3", "x=9", True),
        ("(z := x)", "x=None", False),
    ],
)
def test_a_constant_decides_a_branch(test, passed, expected):
    call = f"def task(item):\n  work({passed})\ndef main():\n  Pool().map(task, items)\n"

    assert comes(f"def work(x=False, y=''):\n  if {test}:\n    here()\n{call}") is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if not x:\n  return\nhere()", False),
        ("if x:\n  return\nhere()", True),
        ("if x:\n  pass\nelse:\n  here()", True),
        ("x = x or 4\nif x:\n  here()", True),
        ("y = here() if x else 0", False),
        ("x and here()", False),
        ("while x:\n  here()", False),
        ("def inner(x):\n  here()\ninner(x)", True),
    ],
)
def test_ways_around(body, expected):
    lines = "\n".join(f"  {line}" for line in body.splitlines())

    assert comes(f"def work(x):\n{lines}\ndef main():\n  Process(target=work, args=(False,))") is expected


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("Pool().map(work, [1])", False),
        ("Pool().apply_async(work, (1,), {'x': True})", True),
        ("Pool().starmap(work, [(1, False)])", False),
        ("Pool().starmap(work, rows)", True),
        ("Process(target=work, args=rows)", True),
    ],
)
def test_a_task_gives_constants_too(task, expected):
    assert comes(f"def work(item, x=False):\n  if x:\n    here()\ndef main():\n  {task}\n") is expected


def test_so_many_different_arguments_are_not_told_apart():
    chain = "".join(
        f"def f{n}({', '.join(f'x{k}' for k in range(n))}):\n"
        f"  f{n + 1}({', '.join([*(f'x{k}' for k in range(n)), 'True'])})\n"
        f"  f{n + 1}({', '.join([*(f'x{k}' for k in range(n)), 'False'])})\n"
        for n in range(40)
    )
    last = f"def f40({', '.join(f'x{k}' for k in range(40))}):\n  if x0 and not x1:\n    here()\n"

    assert comes(f"{chain}{last}def main():\n  Process(target=f0)\n")
