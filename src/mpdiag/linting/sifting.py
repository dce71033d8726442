"""Which findings are told: not those that were known before, nor those on lines that have not changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from mpdiag.advice import Finding
from mpdiag.errors import BadInput
from mpdiag.fingerprints import fingerprints
from mpdiag.linting.changes import Changes
from mpdiag.linting.examining import Examined
from mpdiag.redact import Identity, redact_values
from mpdiag.report import Report


@dataclass(frozen=True)
class Sifted:
    """What is left of all findings.

    Args:
        told: those to tell, by the place of their file among those examined.
        known: how many are in the baseline.
        untouched: how many of the others have no line that changed.
    """

    told: list[list[Finding]]
    known: int = 0
    untouched: int = 0


class Sieve:
    """Holds back what the user does not want to be told.

    Args:
        saved: a report with findings that are known.
        changes: what may be told of; None: everything.

    Raises:
        BadInput: the report is of another command.
    """

    def __init__(self, saved: Report | None, changes: Changes | None) -> None:
        if saved and saved.kind != "lint":
            raise BadInput(f"--baseline: this is a {saved.kind} report", "Save one with `mpdiag lint --json FILE`.")
        self._known = frozenset(fingerprints(saved.findings)) if saved else frozenset()
        self._changes = changes

    def sift(self, examined: Sequence[Examined]) -> Sifted:
        """Part the findings of all files."""
        known = iter(self._are_known([finding for each in examined for finding in each.findings]))
        new = [[finding for finding in each.findings if not next(known)] for each in examined]
        changes = self._changes
        if changes is None:
            told = new
        else:
            told = [
                [finding for finding in findings if changes.touch(each.file.real, finding)]
                for each, findings in zip(examined, new, strict=True)
            ]
        every, left, shown = (sum(map(len, lists)) for lists in ([each.findings for each in examined], new, told))
        return Sifted(told, every - left, left - shown)

    def _are_known(self, findings: list[Finding]) -> list[bool]:
        """Whether each of ``findings`` is in the report, which may have been saved with names or without."""
        if not self._known:
            return [False] * len(findings)
        redacted = cast("list[Finding]", redact_values(findings, Identity.here()))
        pairs = zip(fingerprints(findings), fingerprints(redacted), strict=True)
        return [not self._known.isdisjoint(pair) for pair in pairs]
