"""Lets lints look at one file: a screen of its bytes, one parse, then the lints."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from mpdiag.advice import Finding, Lint
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
    found = (_with_fix(source, lint, finding) for lint in lints for finding in lint.inspect(source))
    return sorted(found, key=_order)


def _with_fix(source: Source, lint: Lint, finding: Finding) -> Finding:
    """A finding with the edit that mends it, if there is one."""
    node = source.placed.get(finding.place) if lint.fix and finding.place else None
    return replace(finding, fix=lint.fix(source, node)) if lint.fix and node is not None else finding


def _order(finding: Finding) -> tuple[int, int, str]:
    place = finding.place
    return ((place.line or 0, place.column or 0) if place else (0, 0)) + (finding.rule,)
