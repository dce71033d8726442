"""Saved reports: read from files, and narrowed to some rules."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from mpdiag import registry, reports, verdicts
from mpdiag.errors import BadInput
from mpdiag.report import Report

#: No report of ours comes near it; reading more would only fill the memory.
MOST_BYTES = 256 * 2**20
_SAVE = "Give a file that was written with --json."


def load(file: str) -> Report:
    """The report in ``file``; ``-`` is standard input.

    Raises:
        BadInput: it cannot be read, is too large, or is no report.
    """
    name = "standard input" if file == "-" else file
    try:
        data = _beginning(file)
    except OSError as error:
        raise BadInput(f"{name} cannot be read: {error.strerror}", _SAVE) from error
    if len(data) > MOST_BYTES:
        raise BadInput(f"{name} is too large for a report", _SAVE)
    return reports.decode(data, name)


def _beginning(file: str) -> bytes:
    """At most one byte more than a report may have."""
    if file == "-":
        if sys.stdin is None:
            raise BadInput("standard input is closed", "Give a file.")
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(file).open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def of_host(fleet: Report, name: str) -> Report:
    """The report of the host called ``name``.

    Raises:
        BadInput: there is no such host, or it told nothing.
    """
    told = {one.host: one.report for one in fleet.hosts if one.report}
    if name not in told:
        raise BadInput(f"there is no report of a host {name!r}", registry.suggest(name, told) if told else _SAVE)
    return told[name]


def only(saved: Report, select: tuple[str, ...], ignore: tuple[str, ...]) -> Report:
    """``saved`` without what was not asked for: findings, rules that passed and rules that were not judged.

    Raises:
        BadInput: a name fits no rule.
    """
    if not select and not ignore:
        return saved
    wanted, unwanted = registry.matching(select), registry.matching(ignore)

    def kept(rule: str) -> bool:
        return (not select or rule in wanted) and rule not in unwanted

    left = replace(
        saved,
        findings=tuple(one for one in saved.findings if kept(one.rule)),
        passed=tuple(filter(kept, saved.passed)),
        not_judged=tuple(one for one in saved.not_judged if kept(one.rule)),
    )
    return replace(left, verdict=verdicts.of(left))
