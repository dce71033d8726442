"""Which calls get the same arguments for every task."""

from __future__ import annotations

import pytest

from mpdiag.watch.invariance import invariant, positions

MODULE = """
import json
import numpy as np
import os
import random
import time
from random import gauss
from .somewhere import fetch

PATH = "data.json"
LIMIT = 10
SEEN = []
TABLE = {}
MODE = None
QUEUE = make_queue()

def load(path=PATH):
    with open(path) as file:
        return json.load(file)

def draw(n):
    return [random.random() for _ in range(n)]

def deep(n):
    return draw(n)

def remember(x):
    SEEN.append(x)
    TABLE[x] = 1

def switch():
    global MODE
    MODE = 1

def toggle():
    global MODE
    MODE = not MODE

def fill():
    global TABLE
    with open(PATH) as file:
        TABLE = {}
    for line in range(LIMIT):
        TABLE[line] = line * 2

@lru_cache(None)
def kept():
    return load(PATH)

def once():
    global TABLE
    if not TABLE:
        TABLE = load()

def count():
    global MODE
    MODE += 1

class Model:
    def __init__(self, path):
        self.path = path

    def load(self):
        return load(self.path)

    def draw(self):
        return draw(3)

def take():
    return QUEUE.get_nowait()
"""


def ask(tmp_path, body, same="", head="def task(job, extra=None):", callee=None, fresh=[0]):  # noqa: B006 - counts
    """What is said of the line that ends with a mark."""
    fresh[0] += 1
    file = tmp_path / f"app{fresh[0]}.py"
    lines = (MODULE + "\n" + head + "\n" + "\n".join("    " + line for line in body.splitlines())).splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.endswith("#!"))
    file.write_text("\n".join(lines) + "\n")
    return invariant(str(file), "task", line, same, callee)


@pytest.mark.parametrize(
    "body",
    [
        "return load()  #!",
        "return load('x.json')  #!",
        "return load(PATH)  #!",
        "return load(PATH + str(LIMIT))  #!",
        "return load(path=PATH)  #!",
        "return load(os.path.join('a', PATH))  #!",
        "path = PATH\nreturn load(path)  #!",
        "path, n = PATH, job\nreturn load(path)  #!",
        "path = f'{PATH}.old'\nreturn load(path)  #!",
        "table = load(PATH)\nreturn np.sort(table)  #!",
        "for name in ('a', 'b'):\n    load(name)  #!",
        "i = 0\nwhile i < LIMIT:\n    load(i)  #!\n    i += 1",
        "names = []\nnames.append('a')\nreturn load(names)  #!",
        "return load([n * 2 for n in range(LIMIT)])  #!",
        "if job:\n    load(PATH)  #!",
        "from json import loads\nreturn loads('1')  #!",
        "return load(\n    PATH,  #!\n)",
        "switch()  #!",  # rebinds a global without asking for it
        "fill()  #!",
        "return [load(PATH), job]  #!",
    ],
)
def test_the_same_for_every_task(tmp_path, body):
    assert ask(tmp_path, body) is True


@pytest.mark.parametrize(
    "body",
    [
        "return load(job)  #!",
        "return load(PATH, job)  #!",
        "return load(path=job)  #!",
        "return load(job.path)  #!",
        "return load(job['path'])  #!",
        "return load(str(job))  #!",
        "return load(f'{job}')  #!",
        "path, n = job\nreturn load(path)  #!",
        "path = job\nreturn load(path)  #!",
        "a = job\nb = a + 1\nreturn load(b)  #!",
        "path = PATH\npath += job\nreturn load(path)  #!",
        "for n in range(job):\n    load(n)  #!",
        "i = 0\nwhile i < job:\n    load(i)  #!\n    i += 1",
        "path = PATH\nif job:\n    path = 'b'\nreturn load(path)  #!",
        "names = []\nnames.append(job)\nreturn load(names)  #!",
        "table = {}\ntable['a'] = job\nreturn load(table)  #!",
        "return load([job for _ in range(3)])  #!",
        "return job.compute()  #!",
        "return job(PATH)  #!",
        "return load(PATH), load(job)  #!",
        "with open(job) as file:\n    return json.load(file)  #!",
        "return load('a' if job else 'b')  #!",
        "return load(load(job))  #!",
        "return load(*job)  #!",
    ],
)
def test_different_from_task_to_task(tmp_path, body):
    assert ask(tmp_path, body) is False


@pytest.mark.parametrize(
    "body",
    [
        "return load(unknown)  #!",
        "return unknown(PATH)  #!",
        "toggle()  #!",
        "once()  #!",
        "kept()  #!",  # runs but once
        "count()  #!",
        "return load(MODE)  #!",  # rebound by a function
        "return load(SEEN)  #!",  # changed by a function
        "return load(TABLE)  #!",
        "return load(QUEUE.get_nowait())  #!",
        "return load(take())  #!",
        "return draw(100)  #!",  # each task's own random numbers
        "return deep(100)  #!",
        "return random.random()  #!",
        "return gauss(0, 1)  #!",
        "return np.random.normal(10)  #!",
        "return load(time.time())  #!",
        "return load(os.getpid())  #!",
        "return load(input())  #!",
        "return load(lambda: job)  #!",
        "return 1  #!",  # no call
    ],
)
def test_what_the_source_does_not_tell(tmp_path, body):
    assert ask(tmp_path, body) is None


@pytest.mark.parametrize(
    ("same", "body", "expected"),
    [
        ("0", "return load(job)  #!", True),
        ("1", "return load(extra)  #!", True),
        ("1", "return load(extra, job)  #!", False),
        ("0,1", "return load(extra, job)  #!", True),
        ("0.1", "path, review = job\nreturn load(review)  #!", True),
        ("0.1", "path, review = job\nreturn load(path)  #!", False),
        ("0.0,0.2", "a, b, c = job\nreturn load(a, c)  #!", True),
        ("0.0,0.2", "a, b, c = job\nreturn load(a, b)  #!", False),
        ("0.1", "return load(job[1])  #!", True),
        ("0.1", "return load(job[0])  #!", False),
        ("0.1", "return load(job)  #!", False),
        ("0.1", "first, *rest = job\nreturn load(rest)  #!", False),
        ("0.1", "(a, b), c = job\nreturn load(c)  #!", True),
        ("0.1", "a, b = job\nb = a\nreturn load(b)  #!", False),
        ("0", "job = fetch()\nreturn load(job)  #!", True),
        ("0", "return job.load()  #!", True),  # a method of the module's only class that has it
        ("0", "return job.draw()  #!", None),
        ("1", "return job.load()  #!", False),
        ("0", "return job.compute()  #!", None),  # it may hold state of its own
        ("0", "item = job.get()\nreturn load(item)  #!", None),
    ],
)
def test_constant_arguments(tmp_path, same, body, expected):
    assert ask(tmp_path, body, same) is expected


@pytest.mark.parametrize(
    ("callee", "body", "expected"),
    [
        ("load", "return score(load(PATH), job)  #!", True),
        ("score", "return score(load(PATH), job)  #!", False),
        ("load", "return load(job).find(load(PATH))  #!", False),
        ("__init__", "return Model(PATH)  #!", True),
        ("<listcomp>", "return [job * n for n in range(LIMIT)]  #!", False),
        ("<dictcomp>", "return {n: n * 2 for n in range(LIMIT)}[job]  #!", True),
        ("<genexpr>", "return sum(job % n for n in range(LIMIT))  #!", False),
    ],
)
def test_only_what_is_called_counts(tmp_path, callee, body, expected):
    assert ask(tmp_path, body, callee=callee) is expected


def test_catchalls_vary(tmp_path):
    assert ask(tmp_path, "return load(rest)  #!", "0", head="def task(*rest):") is False


def test_without_arguments_at_all(tmp_path):
    assert ask(tmp_path, "return load()  #!", head="def task():") is True


def test_methods_take_themselves_first(tmp_path):
    assert ask(tmp_path, "return load(self, job)  #!", "0,1", head="def task(self, job):") is True


def test_sources_that_cannot_be_read(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("def task(:")

    assert invariant(str(broken), "task", 1) is None
    assert invariant(str(tmp_path / "gone.py"), "task", 1) is None
    assert invariant("<string>", "task", 1) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0,0.2", {(0, 0), (0, 2)}),
        ("1", {(1, None)}),
        ("", set()),
        (None, set()),
        ("all, x.1", set()),
        ("1, 0.1", {(1, None), (0, 1)}),
    ],
)
def test_positions_as_the_tap_writes_them(text, expected):
    assert positions(text) == expected
