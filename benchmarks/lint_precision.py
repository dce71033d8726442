"""How often `mpdiag lint` is right about code that is kept well.

``python benchmarks/lint_precision.py --cache FOLDER [--verdicts FILE] [PROJECT]...``

The projects of projects.py are fetched as sdists, which have docs, examples and tools besides; those that publish none,
such as ray and torchvision, as wheels. Unearth asks pip's index for them (``pip install mpdiag[bench]``): pip itself
would build what an sdist holds, if only to tell its metadata. An archive has to have the sha256 that the index names.
Its Python files are unpacked in FOLDER, and nobody is asked again for what is there. Nothing of it is executed.

All are checked with the default options. Every finding outside of tests that is a warning or an error is looked up in
lint_verdicts.toml, where someone who has read the source says whether it is true, false or debatable, and why.
Precision is true : (true + false); what is debatable is counted apart, as are notes and what is found in tests.
Findings without a verdict, and verdicts that no finding needs any more, are named: then the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import MPDIAG, show
from projects import PROJECTS, unpacked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TESTS = re.compile(r"(^|/)(tests?|testing|\w+_tests?)/|(^|/)(test_[^/]*|conftest|[^/]*_tests?)\.py$")
VERDICTS = ("true", "false", "debatable")


@dataclass(frozen=True, order=True)
class Spot:
    """Which finding a verdict is about."""

    project: str
    version: str
    file: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.project} {self.version}: {self.file}:{self.line} {self.rule}"


@dataclass(frozen=True)
class Checked:
    """What the lint of one project gave."""

    #: What its files are from: an sdist or a wheel.
    origin: str
    files: int
    #: Of these, those that use multiprocessing.
    relevant: int
    spots: tuple[Spot, ...]
    notes: int
    in_tests: int


def checked(pin: str, cache: Path) -> Checked:
    """Lint one project."""
    folder, origin = unpacked(pin, cache)
    command = (*MPDIAG, "lint", "--quiet", "--format", "json", "--fail-on", "never", ".")
    report = json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout)
    counts = {row["key"]: row["count"] for row in report["sections"][0]["rows"]}
    tested = [finding for finding in report["findings"] if TESTS.search(finding["place"]["file"])]
    others = [finding for finding in report["findings"] if finding not in tested]
    serious = [finding for finding in others if finding["level"] != "note"]
    return Checked(
        origin=origin,
        files=counts["checked"],
        relevant=counts["relevant"],
        spots=tuple(spot(pin, finding) for finding in serious),
        notes=len(others) - len(serious),
        in_tests=len(tested),
    )


def spot(pin: str, finding: Mapping[str, Any]) -> Spot:
    """Where a finding is."""
    project, _, version = pin.partition("==")
    place = finding["place"]
    return Spot(project, version, place["file"], place["line"], finding["rule"])


def recorded(file: Path) -> dict[Spot, str]:
    """The verdict on each finding that someone has read."""
    verdicts = {}
    for entry in tomllib.loads(file.read_text("utf-8")).get("finding", []):
        where = Spot(*(entry[key] for key in ("project", "version", "file", "line", "rule")))
        if entry["verdict"] not in VERDICTS or not entry["why"]:
            raise SystemExit(f"{file}: {where} needs a verdict ({', '.join(VERDICTS)}) and a why")
        verdicts[where] = entry["verdict"]
    return verdicts


def precision(verdicts: Sequence[str | None]) -> tuple[str, ...]:
    """The cells of one line: a rule, or all of them."""
    counts = Counter(verdicts)
    judged = counts["true"] + counts["false"]
    share = f"{counts['true'] / judged:.0%}" if judged else "–"
    return (*(str(counts[verdict]) for verdict in (*VERDICTS, None)), share)


def show_projects(results: Mapping[str, Checked]) -> None:
    """Print what was found in each project."""
    rows = [
        (pin, each.origin, *map(str, (each.files, each.relevant, len(each.spots), each.notes, each.in_tests)))
        for pin, each in results.items()
    ]
    totals = [str(sum(int(row[column]) for row in rows)) for column in range(2, 7)]
    header = ("project", "from", "files", "relevant", "findings", "notes", "in tests")
    show("Found", header, [*rows, (f"all {len(rows)}", "", *totals)])


def show_precision(spots: Sequence[Spot], verdicts: Mapping[Spot, str]) -> None:
    """Print how often each rule is right."""
    rules = sorted({each.rule for each in spots})
    rows = [(rule, *precision([verdicts.get(each) for each in spots if each.rule == rule])) for rule in rules]
    everything = ("all", *precision([verdicts.get(each) for each in spots]))
    show("Precision outside of tests", ("rule", *VERDICTS, "not judged", "precision"), [*rows, everything])


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help="only these of projects.py")
    parser.add_argument("--cache", type=Path, required=True, help="a folder for what is fetched")
    parser.add_argument("--verdicts", type=Path, default=Path(__file__).with_name("lint_verdicts.toml"))
    asked = parser.parse_args()
    pins = [pin for pin in PROJECTS.split() if not asked.projects or {pin, pin.partition("==")[0]} & {*asked.projects}]
    if not pins:
        parser.error("none of these is named in projects.py")
    results = {pin: checked(pin, asked.cache) for pin in pins}
    spots = sorted(each for result in results.values() for each in result.spots)
    verdicts = recorded(asked.verdicts)
    show_projects(results)
    show_precision(spots, verdicts)
    unread = [each for each in spots if each not in verdicts]
    stale = [each for each in verdicts if f"{each.project}=={each.version}" in pins and each not in spots]
    for title, some in (("Without a verdict", unread), ("Verdicts on nothing that is found", stale)):
        if some:
            show(title, ("finding",), [(str(each),) for each in some])
    raise SystemExit(bool(unread or stale))


if __name__ == "__main__":
    main()
