"""Writes a new probe, rule or lint and its test in the right shape; both fail until they are filled in.

usage: new_unit.py probe NAME
       new_unit.py rule NAME --id MP123
       new_unit.py lint NAME --id MP123
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).parent.parent

PROBE = '''\
"""What this measures, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag import stats
from mpdiag.bench import Bench, Quantities, steady
from mpdiag.model import Column, Doc, Probe, Row, Table


def run(bench: Bench) -> Iterator[Row]:
    """Yield one row a case."""
    samples = bench.measure({"example": steady(example)}, share=1.0)
    for case, quantities in samples.items():
        yield Row({"case": case, "taken": stats.measured(quantities["taken"])})


def example() -> Quantities:
    """One round: do it, and return how long it took."""
    raise NotImplementedError


PROBE: Final = Probe(
    module=__name__,
    run=run,
    tables=(Table("", "", (Column("case", "case"), Column("taken", "time", "s"))),),
    doc=Doc(title="", why="", how="", reading=""),
)
'''

PROBE_TEST = '''\
"""$name: scripted samples become rows, and one real round works."""

from __future__ import annotations

from mpdiag.probes import $name


def test_rows_say_what_was_measured(fake_bench, rows_of):
    bench = fake_bench(lambda key: {"taken": [1.0, 2.0, 3.0]})
    rows = rows_of($name.run(bench))

    assert rows == [], "write down the rows that these samples should give"


def test_one_round_gives_a_time():
    assert $name.example()["taken"] > 0


def test_it_is_explained():
    doc = $name.PROBE.doc

    assert all((doc.title, doc.why, doc.how, doc.reading, $name.PROBE.tables[0].title))
'''

RULE = '''\
"""Advice when …, in one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mpdiag.advice import Facts, Finding, Rule
from mpdiag.model import Doc


def judge(start_method: Facts) -> Iterable[Finding]:
    """Name the probes whose facts you need as parameters; yield a finding when the evidence says so."""
    raise NotImplementedError


RULE: Final = Rule(
    module=__name__,
    id="$id",
    judge=judge,
    doc=Doc(title="", why="", how="", claim="", bad="", good=""),
)
'''

RULE_TEST = '''\
"""$slug: it speaks when the numbers call for it, and is silent otherwise."""

from __future__ import annotations

from mpdiag.advice import Facts
from mpdiag.rules import $name


def test_it_speaks():
    facts = Facts("start_method", {"": ({"method": "spawn"},)})
    [finding] = $name.judge(facts)

    assert (finding.rule, finding.level, finding.seen, finding.do) == ("$id", "", "", ""), "write down what it says"


def test_it_is_silent():
    facts = Facts("start_method", {"": ({"method": "fork"},)})

    assert list($name.judge(facts)) == []


def test_it_is_explained():
    doc = $name.RULE.doc

    assert all((doc.title, doc.why, doc.how, doc.claim, doc.bad, doc.good))
'''

LINT = '''\
"""What stands in the source, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mpdiag.advice import Finding, Lint
from mpdiag.model import Doc
from mpdiag.source import Source


def inspect(source: Source) -> Iterator[Finding]:
    """Ask the source for its facts; yield a finding where the mistake is certain enough to be worth reading."""
    for task in source.tasks:
        yield LINT.finding(source.place(task.call), level="warning", seen="", do="")


LINT: Final = Lint(
    module=__name__,
    id="$id",
    inspect=inspect,
    doc=Doc(title="", why="", how="", bad="", good=""),
)
'''

LINT_CASES = """\
# --- it speaks
from multiprocessing import Process

process = Process(target=print)

# --- it speaks of another shape, too
from multiprocessing import Process

process = Process(target=print)  # expect: $id warning

# --- it is silent
from multiprocessing import Process

process = Process(target=print)
"""

NEXT = """\
{unit}
{test}
Next:
  1. Fill in both files; CONTRIBUTING.md says what each member is for.
  2. make test ARGS={run}
{more}"""
NEXT_PROBE = "  3. mpdiag probe {name}        to see the table as users do"
NEXT_RULE = "  3. make docs, then mpdiag explain {id}        to read it as users do"
#: Kind → the unit, its test, where that goes, what to run, and what to do next.
SHAPES = {
    "probe": (PROBE, PROBE_TEST, "tests/probes/test_{name}.py", "tests/probes/test_{name}.py", NEXT_PROBE),
    "rule": (RULE, RULE_TEST, "tests/rules/test_{name}.py", "tests/rules/test_{name}.py", NEXT_RULE),
    "lint": (LINT, LINT_CASES, "tests/lints/cases/{name}.py", "tests/lints", NEXT_RULE),
}


class Refused(Exception):
    """The name or id cannot be used; the text says why."""


def main(argv: list[str] | None = None) -> int:
    """Write the two files and print what comes next; the exit code is 2 when the name or id cannot be used."""
    parser = argparse.ArgumentParser(description="Write a new unit and its test.")
    parser.add_argument("kind", choices=tuple(SHAPES))
    parser.add_argument("name")
    parser.add_argument("--id", default="", help="the id of a rule or lint, such as MP123")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    try:
        print(create(options.root, options.kind, options.name, options.id))
    except Refused as refusal:
        print(f"{refusal}", file=sys.stderr)
        return 2
    return 0


def create(root: Path, kind: str, name: str, id: str) -> str:  # noqa: A002 - the field's name in the contract
    """Write the unit and its test, and return what to do next.

    Raises:
        Refused: the name or id is malformed or taken.
    """
    name = name.replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise Refused(f"NAME={name!r} has to be lower-case words joined by - or _, such as NAME=queue_latency")
    if kind != "probe":
        check_id(root, f"{kind}s", id)
    source, check, place, run, more = SHAPES[kind]
    unit = root / f"src/mpdiag/{kind}s/{name}.py"
    test = root / place.format(name=name)
    if taken := [path for path in (unit, test) if path.exists()]:
        raise Refused(f"{taken[0].relative_to(root)} exists already")
    names = {"name": name, "slug": name.replace("_", "-"), "id": id}
    for path, text in ((unit, source), (test, check)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(names), encoding="utf-8")
    shown = {"unit": unit.relative_to(root), "test": test.relative_to(root), "run": run.format(**names)}
    return NEXT.format(**shown, more=more.format(**names))


def check_id(root: Path, folder: str, id: str) -> None:  # noqa: A002
    """Refuse an id that is malformed or used by another unit of its folder: a rule and a lint may share one."""
    if not re.fullmatch(r"MP[1-7]\d\d", id):
        raise Refused(f"ID={id!r} has to be MP and three digits, the first of them the topic: 1 to 7, such as ID=MP321")
    for path in sorted((root / "src/mpdiag" / folder).glob("*.py")):
        if f'"{id}"' in path.read_text(encoding="utf-8"):
            raise Refused(f"{id} belongs to {path.relative_to(root)} already")


if __name__ == "__main__":
    sys.exit(main())
