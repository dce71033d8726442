"""``mpdiag report``: a saved report in any format."""

from __future__ import annotations

import click

from mpdiag import errors, reports, saved
from mpdiag.errors import BadInput
from mpdiag.options import Target, comma_separated, emit, option, report_options, say


@click.command()
@click.argument("file", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a report instead.")
@click.option("--host", metavar="NAME", help="Of a fleet, the report of this host.")
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@report_options()
def report(target: Target, file: str | None, schema: bool, host: str | None, **rules: tuple[str, ...]) -> int:
    """Show a saved report in any format; FILE was written with --json, '-' is standard input."""
    if schema:
        say(reports.json_schema())
        return errors.FINE
    if file is None:
        raise BadInput("no report was named", "Give a file that was written with --json, or - for standard input.")
    found = saved.load(file)
    return emit(saved.only(saved.of_host(found, host) if host else found, **rules), target)
