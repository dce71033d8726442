"""``mpdiag doctor``: whether this machine and interpreter are fit for multiprocessing, without measuring."""

from __future__ import annotations

from typing import Any

import click

from mpdiag import doctoring
from mpdiag.interpreters import choose
from mpdiag.options import Target, comma_separated, emit, option, report_options


@click.command()
@option("--python", metavar="PATH", help="Look at this interpreter (3.9 or newer); nothing is installed there.")
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@report_options()
def doctor(target: Target, python: str | None, **wishes: Any) -> int:
    """Look at what multiprocessing needs of this machine and interpreter, and name what stands in its way.

    Nothing is measured; it takes less than a second.
    """
    formats = (target.format, *(output.format for output in target.outputs))
    return emit(doctoring.examine(doctoring.Request(formats=formats, **wishes), choose(python)), target)
