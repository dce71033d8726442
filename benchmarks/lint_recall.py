"""What `mpdiag lint` finds of mistakes that are known, in programs whose source shows them.

``python benchmarks/lint_recall.py [CASE]... [--corpus FOLDER]``

Goes through a folder of programs with a known problem each (tests/corpus/README.md), runs none of them, and asks all
lints, those that are off unless selected too. A case counts if there is a lint for its cause and the source shows it:
`HIDDEN` names those where it does not, and why. Recall is how many of the cases that count have the finding in bad.py.
Told besides are the cause, and any warning or error, in fixed.py, decoy.py and healthy.py, which should be nothing; and
warnings and errors in bad.py of a case whose cause has no lint.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cases
from cases import Case
from common import show

from mpdiag import registry
from mpdiag.advice import Finding
from mpdiag.linting.checking import check
from mpdiag.source import Target

#: Case → what would have to be known beyond its source.
HIDDEN = {
    "06-order-report": "how long the function takes that the top level calls",
    "12-sensor-import": "that a record makes the consumer fail",
    "19-option-book": "how large the argument is",
    "20-movie-recommender": "how large the object is that goes along with its method",
    "21-camera-frames": "how large the frames are",
    "25-traffic-meter": "how large the sums become",
    "33-postcode-check": "how many items there are, and how little each takes",
    "34-pixel-tones": "how many items there are, and how little each takes",
    "87-star-catalog": "how large the object is that goes along with its method",
    "98-scan-volume": "how large the array is inside of what is passed",
    "106-word-ranking": "how large the object is that goes along with its method",
}


@dataclass(frozen=True)
class Seen:
    """What lints say of one case.

    Args:
        case: which.
        rule: the id of the lint for its cause; None, if there is none.
        found: by variant.
    """

    case: Case
    rule: str | None
    found: dict[str, list[Finding]]

    @property
    def counts(self) -> bool:
        """Whether its source shows a cause for which there is a lint."""
        return self.rule is not None and self.case.name not in HIDDEN

    def tells(self, variant: str) -> bool:
        """Whether a variant has the finding that the cause calls for."""
        return any(finding.rule == self.rule for finding in self.found.get(variant, ()))

    def serious(self, variant: str) -> list[str]:
        """The rules of the warnings and errors in a variant."""
        return sorted({finding.rule for finding in self.found.get(variant, ()) if finding.level != "note"})

    @property
    def elsewhere(self) -> list[str]:
        """What is told of variants in which nothing is wrong: the cause all the same, or something serious."""
        told = [
            f"{self.case.name}/{variant}.py: {finding.rule}"
            for variant, findings in self.found.items()
            for finding in findings
            if variant != "bad" and (finding.level != "note" or finding.rule == self.rule)
        ]
        return list(dict.fromkeys(told))


def look(case: Case) -> Seen:
    """Ask all lints about every variant of a case."""
    lints = registry.lints().values()
    ids = {name: lint.id for lint in lints for name in (lint.name, *lint.aliases)}
    files = {variant: case.folder / f"{variant}.py" for variant in case.variants}
    found = {variant: check(file.read_bytes(), file.name, lints, Target()) for variant, file in files.items()}
    return Seen(case, ids.get(case.cause), found)


def lines(seen: Iterable[Seen]) -> list[tuple[str, ...]]:
    """A line for each case that counts."""
    return [
        (each.case.name, each.case.cause, each.rule or "", "found" if each.tells("bad") else "missed")
        for each in seen
        if each.counts
    ]


def summary(seen: Sequence[Seen]) -> list[tuple[str, ...]]:
    """Recall, and how often the other variants are spoken of."""
    counted = [each for each in seen if each.counts]
    told = [each for each in counted if each.tells("bad")]
    clean = [variant for each in seen for variant in each.found if variant != "bad"]
    spoken = [what for each in seen for what in each.elsewhere]
    share = f"{len(told) / len(counted):.0%}" if counted else "–"
    return [
        ("found in bad.py", f"{len(told)} of {len(counted)}", share),
        ("spoken of, fixed or healthy", f"{len(spoken)} of {len(clean)}", ", ".join(spoken)),
    ]


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="only those whose names begin so")
    corpus = Path(__file__).resolve().parent.parent / "tests" / "corpus"
    parser.add_argument("--corpus", type=Path, default=corpus, help="another folder of the same layout")
    asked = parser.parse_args()
    seen = [look(case) for case in cases.load(asked.corpus, asked.cases)]
    show("Causes that the source shows", ("case", "cause", "lint", "bad.py"), lines(seen))
    hidden = [(each.case.name, each.case.cause, HIDDEN[each.case.name]) for each in seen if each.case.name in HIDDEN]
    show("Not to be seen in the source", ("case", "cause", "one would have to know"), hidden)
    others = [(each.case.name, each.case.cause, ", ".join(each.serious("bad"))) for each in seen if each.rule is None]
    show("No lint for the cause, but found in bad.py", ("case", "cause", "rules"), [row for row in others if row[2]])
    show("Recall", ("", "cases", ""), summary(seen))


if __name__ == "__main__":
    main()
