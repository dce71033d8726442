"""``mpdiag compare``: what changed between two reports, and what of a predicted gain came true."""

from __future__ import annotations

import sys

import click

from mpdiag import comparing, saved
from mpdiag.errors import BadInput
from mpdiag.options import Target, comma_separated, emit, option, report_options


@click.command()
@click.argument("before")
@click.argument("after")
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@report_options()
def compare(target: Target, before: str, after: str, select: tuple[str, ...], ignore: tuple[str, ...]) -> int:
    """Compare two saved reports: what changed, what was won.

    BEFORE and AFTER are of 'mpdiag run', or both of 'mpdiag probe', written with --json; one may be '-', standard
    input. Findings that only AFTER has count for --fail-on.
    """
    if before == after == "-":
        raise BadInput("standard input can be only one of the two reports", "Write one of them to a file.")
    first, second = (saved.only(saved.load(file), select, ignore) for file in (before, after))
    return emit(comparing.compare(first, second, ("mpdiag", *sys.argv[1:])), target)
