"""``mpdiag report``: a saved report in any format."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from mpdiag import errors, registry, reports, verdicts
from mpdiag.errors import BadInput
from mpdiag.options import Target, comma_separated, emit, option, report_options
from mpdiag.report import Report

#: No report of ours comes near it; reading more would only fill the memory.
MOST_BYTES = 256 * 2**20


@click.command()
@click.argument("file", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a report instead.")
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@report_options()
def report(target: Target, file: str | None, schema: bool, select: tuple[str, ...], ignore: tuple[str, ...]) -> int:
    """Show a saved report in any format; FILE was written with --json, '-' is standard input."""
    if schema:
        click.echo(reports.json_schema().rstrip("\n"))
        return errors.FINE
    if file is None:
        raise BadInput("no report was named", "Give a file that was written with --json, or - for standard input.")
    return emit(only(reports.decode(*read(file)), select, ignore), target)


def only(saved: Report, select: tuple[str, ...], ignore: tuple[str, ...]) -> Report:
    """``saved`` without what was not asked for: findings, rules that passed and rules that were not judged."""
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


def read(file: str) -> tuple[bytes, str]:
    """The bytes of ``file`` (``-``: standard input) and what to call it in messages.

    Raises:
        BadInput: it cannot be read, or is too large for a report.
    """
    name = "standard input" if file == "-" else file
    try:
        data = _beginning(file)
    except OSError as error:
        raise BadInput(
            f"{name} cannot be read: {error.strerror}", "Give a file that was written with --json."
        ) from error
    if len(data) > MOST_BYTES:
        raise BadInput(f"{name} is too large for a report", "Give a file that was written with --json.")
    return data, name


def _beginning(file: str) -> bytes:
    """At most one byte more than a report may have."""
    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(file).open("rb") as stream:
        return stream.read(MOST_BYTES + 1)
