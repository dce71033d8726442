"""``mpdiag probe``: measure what multiprocessing costs on this machine, with advice."""

from __future__ import annotations

from typing import Any

import click

from mpdiag import engine, errors, gathering
from mpdiag.against import Against, against_options
from mpdiag.interpreters import choose
from mpdiag.options import Target, budget, comma_separated, level, option, report_options
from mpdiag.progress import progress


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@level("quick", "At most 6 seconds: a smoke check, or the facts for a bug report.")
@level("thorough", "More sizes and narrower intervals, in some minutes.")
@budget("Time for everything.")
@option("--python", metavar="PATH", help="Measure this interpreter (3.9 or newer); nothing is installed there.")
@option(
    "--import",
    "imports",
    multiple=True,
    callback=comma_separated,
    metavar="MODULE,...",
    help="Modules that your workers import.",
)
@option("--object", metavar="PKG.MOD:FACTORY", help="Also pickle what this function of yours returns.")
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@against_options()
@report_options()
def probe(target: Target, against: Against, python: str | None, **wishes: Any) -> int:
    """Measure what multiprocessing costs on this machine, and say what follows.

    NAME is a probe, as listed by 'mpdiag explain'; without one, all of them run in about half a minute.
    """
    wishes["level"] = wishes["level"] or "default"
    formats = (target.format, *(output.format for output in target.outputs))
    request = gathering.Request(budget_s=wishes.pop("budget"), formats=formats, **wishes)
    with progress(target.quiet, len(gathering.pick_probes(request.names))) as shown:
        report, interrupted = engine.probe(request, choose(python), shown)
    code = against.emit(report, target)
    if interrupted:
        return errors.INTERRUPTED
    return code or (errors.FINE if engine.anything_ran(report) else errors.FAILED)
