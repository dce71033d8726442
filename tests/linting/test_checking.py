"""The screen lets pass what may matter, and only that is parsed."""

from __future__ import annotations

import pytest

from mpdiag import registry
from mpdiag.linting.checking import can_match, check
from mpdiag.source import Target


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        (b"import multiprocessing", True),
        (b"import os, multiprocessing as mp", True),
        (b"try:\n    from multiprocessing.pool import Pool\nexcept ImportError: pass", True),
        (b"from concurrent import futures", True),
        (b"import concurrent.futures", True),
        (b"import torch.multiprocessing as mp", True),
        (b"import sys\nif hasattr(sys, '_called_from_multiprocessing'): pass", True),
        (b"from torch import (\n    nn,\n    multiprocessing,\n)", True),
        (b"import billiard", True),
        (b"from joblib.externals import loky", True),
        (b"import multiprocess as mp", True),
        (b"from joblib import Parallel, delayed", True),
        (b"from sklearn.utils.parallel import Parallel, delayed", True),
        (b"from mine import parallel\nparallel(1)", False),
        (b"if x: import multiprocessing", True),
        (b"import os\n# multiprocessing is not used\n", False),
        (b"from os import path  # not multiprocessing", False),
        (b"import os\nword = 'concurrent'\n", False),
        (b"", False),
    ],
)
def test_screen(text, passes):
    assert can_match(text) == passes


def test_what_cannot_match_is_not_parsed():
    assert check(b"this is no Python", "app.py", registry.lints().values(), Target()) == []


def test_findings_come_in_the_order_of_the_lines():
    text = b"""
from multiprocessing import Process

def work(): print(1)

p = Process(target=work())
p.start()
q = Process(target=work())
"""
    found = check(text, "app.py", registry.lints().values(), Target())

    assert [(each.place.line, each.rule) for each in found] == [(6, "MP113"), (7, "MP106"), (8, "MP113")]


@pytest.mark.parametrize(
    ("line", "passes"), [(b"import (\n", False), (b"import ", False), (b"loky ", True), (b"from (loky\n", True)]
)
def test_the_screen_ends_soon_however_a_file_is_made(line, passes):
    assert can_match(b"loky\n" + line * 200_000) is passes  # the time of a test is up long before the square of that
