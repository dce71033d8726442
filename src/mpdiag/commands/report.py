"""``mpdiag report``: a saved report in any format."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mpdiag import errors, reports
from mpdiag.errors import BadInput
from mpdiag.options import Target, emit, report_options

#: No report of ours comes near it; reading more would only fill the memory.
MOST_BYTES = 256 * 2**20


@click.command()
@click.argument("file", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a report instead.")
@report_options()
def report(target: Target, file: str | None, schema: bool) -> int:
    """Show a saved report in any format; FILE was written with --json, '-' is standard input."""
    if schema:
        click.echo(reports.json_schema().rstrip("\n"))
        return errors.FINE
    if file is None:
        raise BadInput("no report was named", "Give a file that was written with --json, or - for standard input.")
    return emit(reports.decode(*read(file)), target)


def read(file: str) -> tuple[bytes, str]:
    """The bytes of ``file`` (``-``: standard input) and what to call it in messages.

    Raises:
        BadInput: it cannot be read, or is too large for a report.
    """
    name = "standard input" if file == "-" else file
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(
            f"{name} cannot be read: {error.strerror}", "Give a file that was written with --json."
        ) from error
    if len(data) > MOST_BYTES:
        raise BadInput(f"{name} is too large for a report", "Give a file that was written with --json.")
    return data, name
