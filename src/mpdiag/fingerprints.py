"""What tells a finding again in a later report, though its line has moved."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from mpdiag.advice import Finding

#: Hexadecimal digits: 128 bits, far more than any number of findings needs.
_DIGITS = 32


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """A name for each of ``findings``, in their order; all differ.

    It rests on the rule, the file, the enclosing function, the text of the line without its spacing, and on the order
    among findings that are alike in all of these. So it stays when the code around it changes, when a notebook gets
    another cell, and when an equal line comes after it.

    Take it from the findings as they were made: redaction may change the text of a line.
    """
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, finding in enumerate(findings):
        alike[_identity(finding)].append(place)
    names = [""] * len(findings)
    for identity, places in alike.items():
        for ordinal, place in enumerate(sorted(places, key=lambda each: findings[each].order)):
            names[place] = _hashed(*identity, str(ordinal))
    return names


def _identity(finding: Finding) -> tuple[str, ...]:
    """What is not expected to change while the mistake is there."""
    where = finding.place
    if where is None:
        return (finding.rule,)
    line = (where.excerpt or "").partition("\n")[0]
    return finding.rule, where.path.replace("\\", "/"), where.function or "", " ".join(line.split())


def _hashed(*parts: str) -> str:
    text = "\0".join(parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
