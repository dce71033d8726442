"""``mpdiag selftest``: does the account of a run tell the truth here?"""

from __future__ import annotations

import time

import click

from mpdiag import errors
from mpdiag.interpreters import choose
from mpdiag.options import Target, emit, option, report_options
from mpdiag.truth import checking


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(checking.KINDS), metavar="[NAME]...")
@option("--python", metavar="PATH", help="Check in this interpreter (3.9 or newer); nothing is installed there.")
@report_options()
def selftest(target: Target, names: tuple[str, ...], python: str | None) -> int:
    """Check what 'mpdiag run' reports against programs whose split of time is known.

    NAME is process, pool or executor; without one, all of them run under every start method, in half a minute. Exits
    with 0 if every bucket is within 5 percentage points of its process's lifetime, and with 3 if not.
    """
    begun = time.monotonic()
    found = checking.check(choose(python), names or checking.KINDS)
    code = emit(checking.report(found, begun), target)
    return code or (errors.FINE if found.ok else errors.FAILED)
