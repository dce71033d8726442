"""``mpdiag probe``: measure what multiprocessing costs on this machine, with advice."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click

from mpdiag import engine, errors, gathering
from mpdiag.against import Against, against_options
from mpdiag.interpreters import choose
from mpdiag.options import Command, Target, comma_separated, option, report_options
from mpdiag.progress import progress

LEVELS = click.Choice(["quick", "default", "thorough"])
BUDGET = click.FloatRange(min=0.5, max=86_400)


def level(name: str, text: str) -> Callable[[Command], Command]:
    """The flag of a level; the environment and pyproject may only name one that there is."""
    return option(f"--{name}", "level", flag_value=name, type=LEVELS, help=text)


def some_number(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    """Not ``nan``, which every range lets through."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number of seconds.")
    return value


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@level("quick", "At most 6 seconds: a smoke check, or the facts for a bug report.")
@level("thorough", "More sizes and narrower intervals, in some minutes.")
@option("--budget", type=BUDGET, callback=some_number, metavar="SECONDS", help="Time for everything.")
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
