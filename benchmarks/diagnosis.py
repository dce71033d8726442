"""Whether `mpdiag run` names the right cause: scores it on a corpus of programs whose problem is known.

``python benchmarks/diagnosis.py [CASE]... [--corpus FOLDER] [--scale F] [--rounds N]``

Runs the variants of every case bare and under ``mpdiag run``, interleaved, and prints a line per case, then: how often
the cause was named first, or at all, on ``bad.py``; alarms (``warning`` or above) on ``fixed.py`` and ``healthy.py``;
the promised ceiling against the measured saving; whether the account closed; whether every program ended as it does
bare; and what being observed cost. Cases that hang are left out: `mpdiag hang` is for them.

A ceiling promises seconds of wall time, so the saving is in seconds, too: by how much ``fixed.py`` ends sooner than
``bad.py`` when neither runs under mpdiag. As two runs of one program differ, often by more than a ceiling is off, these
are medians of N runs of each, interleaved with all others of the case. All else runs once.

All of tests/corpus takes about three quarters of an hour at scale 1; figures of gain and cost want an idle machine.
``--look VARIANT`` runs just that variant once, under mpdiag, and tells what was found.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import cases
from cases import Case, Run
from common import show
from scoring import SAVING, Observed, Score, causes, line, score, summary

TESTS = Path(__file__).parent.parent / "tests"


def main() -> int:
    """Run the cases and print the score; 1 when a program ended otherwise than bare."""
    options = parse(sys.argv[1:])
    wanted = [case for case in cases.load(options.corpus, options.cases) if case.expect != "hang"]
    if not wanted:
        print(f"{options.corpus} holds no such case", file=sys.stderr)
        return 2
    if options.look:
        for case in wanted:
            look(case, options)
        return 0
    scores = list(scored(wanted, options))
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in scores], indent=1) + "\n", encoding="utf-8")
    for title, rows in summary(scores):
        show(title, ("", "of", "", "aim"), rows)
    return int(any(each.changed for each in scores))


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="how the names of the wanted cases begin")
    parser.add_argument("--corpus", type=Path, default=TESTS / "corpus", help="another folder of the same layout")
    parser.add_argument("--scale", type=float, default=1.0, help="how much work the programs do")
    parser.add_argument("--rounds", type=int, default=3, help="bare runs that a saving is the medians of")
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the programs")
    parser.add_argument("--variants", default=",".join(cases.VARIANTS), help="only these, comma-separated")
    parser.add_argument("--json", type=Path, help="write the score of every case to this file")
    parser.add_argument("--look", metavar="VARIANT", help="run one variant once and show what was found")
    return parser.parse_args(arguments)


def scored(wanted: list[Case], options: argparse.Namespace) -> Iterator[Score]:
    """The score of each case, printed as soon as it is known."""
    for case in wanted:
        if absent := cases.missing(case, options.python):
            print(f"{case.name}: left out, as {options.python} lacks {', '.join(absent)}", flush=True)
            continue
        result = score(case, observe(case, options), causes(case.cause))
        print(line(result), flush=True)
        yield result


def observe(case: Case, options: argparse.Namespace) -> Observed:
    """All runs of a case, bare and under mpdiag, in a new order every round; what runs once does so in the middle."""
    variants = [name for name in case.variants if name in options.variants.split(",")]
    ways = {"bare": cases.bare, "under": cases.under}
    taken: dict[str, dict[str, list[Run]]] = {name: {"bare": [], "under": []} for name in variants}
    everything = [(variant, way) for variant in variants for way in ways]
    repeated = [(variant, "bare") for variant in variants if variant in SAVING and case.expect == "slow"]
    for number in range(options.rounds):
        turns = everything if number == options.rounds // 2 else repeated
        for variant, way in random.sample(turns, len(turns)):
            taken[variant][way].append(ways[way](case, variant, options.python, options.scale))
    return Observed({name: each["bare"] for name, each in taken.items()}, {n: e["under"] for n, e in taken.items()})


def look(case: Case, options: argparse.Namespace) -> None:
    """Tell what mpdiag says of one run."""
    if options.look not in case.variants:
        return
    ran = cases.under(case, options.look, options.python, options.scale)
    print(f"\n{case.name} {options.look} ({case.cause}): exit {ran.exit}, {ran.wall_s:.2f} s, {ran.result}")
    if ran.report is None:
        print(f"  no report: {ran.errors}")
        return
    print(f"  {ran.report['verdict']}")
    account = ran.report.get("account")
    if account:
        print(f"  program {account['wall_s']:.2f} s, unaccounted {account['unaccounted_fraction']:.1%}", end=": ")
        print(", ".join(f"{name} {time:.2f}" for name, time in account["total"].items() if time >= 0.005))
    for found in ran.report["findings"]:
        gain = found["gain"]["ceiling_s"] if found["gain"] else 0.0
        place = found["place"] or {"file": "", "line": ""}
        spot = f"{place['file']}:{place['line']}"
        print(f"  {found['level']:<8} {found['rule']} {found['name']} ≤ {gain:.2g} s {spot}: {found['seen']}")


if __name__ == "__main__":
    sys.exit(main())
