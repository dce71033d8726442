"""Pools whose workers are threads with an interpreter each: what they run is told by the process that owns them."""

from __future__ import annotations

from pathlib import Path

import pytest

#: Tasks come from a module that is no program: sub-interpreters have to import it.
TASKS = """\
def burn(turns):
    return sum(number % 7 for number in range(turns))

def ready(where):
    open(where, "a").close()
"""
PROGRAM = """\
import sys, os
from concurrent.futures import InterpreterPoolExecutor

sys.path.insert(0, sys.argv[1])
import tasks

with InterpreterPoolExecutor(2, initializer=tasks.ready, initargs=(os.path.join(sys.argv[1], "ready"),)) as pool:
    print(sum(pool.map(tasks.burn, [20_000] * 6)))
"""


@pytest.mark.parametrize("python", ["3.14", "3.15"], indirect=True)
def test_tasks_of_interpreters(tapped, tmp_path, python):
    Path(tmp_path, "tasks.py").write_text(TASKS, encoding="utf-8")
    bare = tapped(python).run("-c", PROGRAM, str(tmp_path), tapped=False)
    done = tapped(python).run("-c", PROGRAM, str(tmp_path))

    assert (done.code, done.out, done.err) == (bare.code, bare.out, bare.err)
    (book,) = done.books
    (made,) = book.noted("pool")
    assert (made.facts[1], made.facts[5]) == ("InterpreterPoolExecutor", "interpreter")
    slots = {slot.kind: slot for slot in book.slots if slot.kind in ("task", "initializer")}
    assert (slots["task"].name, sum(slot.count for slot in book.of("task"))) == ("tasks.burn", 6)
    assert slots["task"].cpu_s > 0
    assert sum(slot.count for slot in book.of("initializer")) == len(list(book.noted("worker")))
