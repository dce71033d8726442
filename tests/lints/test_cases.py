"""Every lint against its cases: code that it must speak of, and at least as much of which it must not.

A file of cases is called like the lint. ``# --- what it shows`` begins a case, which is a file of its own to the lint;
``[start-method=fork python=3.9-3.13 file=__main__.py]`` at the end of that line says what it runs on. ``# expect: MP106
warning`` ends each line on which a finding begins. A case without one is silent.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mpdiag import registry
from mpdiag.linting.checking import check
from mpdiag.linting.editing import patched
from mpdiag.source import Target

CASES = Path(__file__).parent / "cases"
HEAD = re.compile(r"# --- (?P<title>.+?)(?: \[(?P<settings>.+)\])?$")
EXPECTED = re.compile(r"# expect: (?P<what>.+)$")
LINTS = list(registry.lints().values())
#: The mistakes that source code can show.
VISIBLE = """
    MP101 MP102 MP103 MP105 MP106 MP109 MP110 MP111 MP112 MP113 MP114 MP115 MP116 MP117 MP118 MP119
    MP201 MP204 MP205 MP207 MP208
    MP302 MP303 MP305 MP306 MP308 MP309
    MP401 MP402 MP404 MP408 MP410 MP411 MP412 MP413 MP414 MP415 MP416 MP417 MP418 MP419
    MP501 MP502 MP503 MP504 MP505 MP508 MP509 MP510 MP511 MP512 MP513
    MP601 MP602 MP603 MP604 MP606 MP607 MP608 MP611 MP613
    MP701 MP704 MP705
"""


@dataclass
class Case:
    lint: str
    title: str
    settings: dict[str, str]
    #: Lines before it are blank, so that numbers are those of the file.
    lines: list[str]
    expected: list[tuple[int, str]] = field(default_factory=list)

    @property
    def target(self) -> Target:
        known = Target()
        versions = self.settings.get("python")
        return Target(
            versions=tuple(tuple(map(int, each.split("."))) for each in versions.split("-"))
            if versions
            else known.versions,
            start_method=self.settings.get("start-method"),
            systems=tuple(self.settings["systems"].split(",")) if "systems" in self.settings else known.systems,
        )


def cases_in(path: Path) -> list[Case]:
    cases: list[Case] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if head := HEAD.match(line):
            settings = dict(pair.split("=") for pair in (head["settings"] or "").split())
            cases.append(Case(path.stem, head["title"], settings, [""] * number))
        elif cases:
            cases[-1].lines.append(line)
            if expected := EXPECTED.search(line):
                cases[-1].expected.append((number, expected["what"]))
    return cases


ALL = [case for path in sorted(CASES.glob("*.py")) for case in cases_in(path)]


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.lint}: {case.title}")
def test_case(case):
    lint = next(lint for lint in LINTS if lint.name.replace("-", "_") == case.lint)
    text = "\n".join(case.lines).encode()
    found = check(text, case.settings.get("file", "case.py"), [lint], case.target)

    said = [(each.place.line, f"{each.rule} {each.level}") for each in found]
    assert [line for line, _ in said] == [line for line, _ in case.expected]
    assert all(text in (what, what.split()[0]) for (_, what), (_, text) in zip(said, case.expected, strict=True))
    assert all(f.seen and f.do and f.place.end_line and f.place.column for f in found)


def test_every_mistake_that_source_can_show_has_a_lint():
    assert sorted(lint.id for lint in LINTS) == VISIBLE.split()


@pytest.mark.parametrize("lint", LINTS, ids=lambda lint: lint.name)
def test_silence_is_proved_as_often_as_speech(lint):
    counts = Counter(bool(case.expected) for case in ALL if case.lint == lint.name.replace("-", "_"))

    assert counts[True] >= 2
    assert counts[False] >= counts[True]


@pytest.mark.parametrize("lint", LINTS, ids=lambda lint: lint.name)
def test_examples_are_what_they_say(lint):
    bad = check(lint.doc.bad.encode(), "example.py", LINTS, Target())
    good = check(lint.doc.good.encode(), "example.py", LINTS, Target())

    assert [finding.rule for finding in bad] == [lint.id]
    assert good == []


@pytest.mark.parametrize("lint", [lint for lint in LINTS if lint.fix], ids=lambda lint: lint.name)
def test_a_fix_mends_what_was_found_and_leaves_the_rest(lint):
    mended = 0
    for case in [each for each in ALL if each.lint == lint.name.replace("-", "_") and each.expected]:
        text = "\n".join(case.lines)
        name = case.settings.get("file", "case.py")
        edits = [each.fix for each in check(text.encode(), name, [lint], case.target) if each.fix]
        mended += len(edits)
        left = check(patched(text, edits).encode(), name, [lint], case.target)

        assert len(left) == len(case.expected) - len(edits)
    assert mended


#: What others call as multiprocessing calls its own; the last line makes the file worth a look.
LOOKALIKES = """
import asyncio, queue, subprocess, threading
import psutil, requests
from django.contrib.sessions.backends.db import SessionStore
from sqlalchemy import create_engine
from sqlalchemy.pool import Pool
from tornado.process import Process
from redis.lock import Lock

jobs = queue.Queue()
total = 0

def fetch(items, settings):
    session, store, found = requests.Session(), SessionStore(), {}
    for item in items:
        found[item] = session.get(item), store.get("user"), settings.get(item)
        jobs.put(lambda: item)
    while not jobs.empty():
        jobs.get_nowait()()
    return found

async def collect(waiting: asyncio.Queue):
    while not waiting.empty():
        found = await waiting.get()
        waiting.task_done()
        await asyncio.get_running_loop().run_in_executor(None, lambda: found)

def run(command):
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.send_signal(2)
    child.wait()
    child.poll()
    return psutil.Process(child.pid).memory_info()

def connect(address, redis):
    pool, worker = Pool(create_engine(address).connect), Process(target=lambda: 1, args=(1))
    worker.start()
    pool.map(lambda: 1, 2, 3)
    with Lock(redis, "a"):
        worker.join()
    threading.Thread(target=lambda: jobs.join(), daemon=True).start()

import multiprocessing
"""


def test_what_only_looks_alike_is_no_mistake():
    assert check(LOOKALIKES.encode(), "app.py", LINTS, Target()) == []
