"""``mpdiag compare``: what changed between reports, and what of a predicted gain came true."""

from __future__ import annotations

import click

from mpdiag import budgets, compared_many, comparing, saved
from mpdiag.against import regression_option
from mpdiag.errors import BadInput
from mpdiag.options import Target, comma_separated, emit, option, report_options
from mpdiag.report import Report

_PAIR = 2


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="BEFORE AFTER [MORE]...")
@regression_option
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@report_options()
def compare(
    target: Target,
    files: tuple[str, ...],
    fail_on_regression: float | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
) -> int:
    """Compare saved reports of one kind: what changed, what was won; more than two stand side by side.

    They were written with --json by 'mpdiag run', 'probe', 'lint' or any other command; one may be '-', standard input.
    Findings that only AFTER has count for --fail-on.
    """
    if len(files) < _PAIR:
        raise BadInput("a comparison needs two reports", "Name the earlier one, then the later one.")
    if files.count("-") > 1:
        raise BadInput("standard input can be only one of the reports", "Write the others to files.")
    reports = [saved.only(saved.load(file), select, ignore) for file in files]
    if len(reports) > _PAIR:
        if fail_on_regression is not None:
            raise BadInput("--fail-on-regression is about two reports", "Compare the first with each of the others.")
        names = compared_many.names(files, reports)
        return emit(comparing.side_by_side(list(zip(names, reports, strict=True))), target)
    return emit(_pair(reports[0], reports[1], fail_on_regression), target)


def _pair(before: Report, after: Report, most: float | None) -> Report:
    """What became of one report in another."""
    compared = comparing.compare(before, after)
    if most is None:
        return compared
    return budgets.tabled(compared, "Regressions", comparing.regressions(before, after, most))
