"""Lets lints look at one file: a screen of its bytes, one parse, then the lints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mpdiag.advice import Finding, Fix, Lint
from mpdiag.source import Source, Target, names

#: Words of which a file must hold one, and what must stand before it: cheap tests before the dear one.
_WORDS = tuple(word.encode() for word in sorted(names.WORDS))
_PARTS = tuple(word for word in _WORDS if not any(part in word for part in _WORDS if part != word))
_NAMES = re.compile(rb"\b(?:%s)\b" % b"|".join(_WORDS))
_IMPORT = re.compile(rb"\b(?:import|from)\b[^\n#(]*(?:\([^)]*)?\Z")
#: A name that never existed, and needs no import (MP705).
_FLAG = b"_called_from_multiprocessing"
#: Bytes between the two, and names without an import, beyond which looking on costs more than parsing.
_REACH, _MANY = 2000, 500


def can_match(text: bytes) -> bool:
    """Whether a file imports what lints are about; only then it is worth parsing."""
    if not any(part in text for part in _PARTS):
        return False
    if _FLAG in text:
        return True
    for number, name in enumerate(_NAMES.finditer(text)):
        if number > _MANY or _IMPORT.search(text[max(0, name.start() - _REACH) : name.start()]):
            return True
    return False


def check(text: bytes, name: str, lints: Iterable[Lint], target: Target) -> list[Finding]:
    """What the lints find in a file, in the order of its lines.

    Args:
        text: the bytes of the file.
        name: what findings call it.
        lints: those to ask.
        target: what the code has to run on.

    Raises:
        SyntaxError: it is no Python, or its encoding is not what it says.
        ValueError: it holds null bytes.
        RecursionError: it is nested too deeply.
    """
    if not can_match(text):
        return []
    source = Source.parse(text, name, target)
    return sorted((finding for lint in lints for finding in lint.inspect(source)), key=_order)


def fixes(text: bytes, findings: Sequence[Finding], lints: Iterable[Lint], target: Target) -> list[tuple[Finding, Fix]]:
    """The edits for those of a file's findings that a tool may mend by itself.

    Args:
        text: the bytes of the file.
        findings: what `check` found in them, or some of it.
        lints: as given to `check`.
        target: as given to `check`.
    """
    mendable = {lint.id: lint for lint in lints if lint.fix is not None}
    wanted = [finding for finding in findings if finding.rule in mendable and finding.place is not None]
    if not wanted or wanted[0].place is None:
        return []
    source = Source.parse(text, wanted[0].place.file, target)
    for lint in mendable.values():
        list(lint.inspect(source))  # tells the source which node stands at which place
    found: list[tuple[Finding, Fix]] = []
    for finding in wanted:
        mend, place = mendable[finding.rule].fix, finding.place
        fix = mend(source, source.placed[place]) if mend and place in source.placed else None
        found += [(finding, fix)] if fix is not None else []
    return found


def _order(finding: Finding) -> tuple[int, int, str]:
    place = finding.place
    return ((place.line or 0, place.column or 0) if place else (0, 0)) + (finding.rule,)
