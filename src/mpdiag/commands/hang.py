"""``mpdiag hang``: why a running program no longer moves."""

from __future__ import annotations

import time

import click

from mpdiag import hanging
from mpdiag.errors import BadInput
from mpdiag.hang import tree
from mpdiag.options import Target, comma_separated, emit, option, report_options
from mpdiag.text.present import visible


@click.command()
@click.argument("process", metavar="PID|NAME")
@option("--watch", type=click.FloatRange(min=1.0), metavar="SECONDS", help="Look again every so often, until Ctrl-C.")
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@report_options()
def hang(target: Target, process: str, watch: float | None, select: tuple[str, ...], ignore: tuple[str, ...]) -> int:
    """Tell why a running program is stuck: who waits for whom, where, and what to do about it.

    PID is any process of the program; NAME is a part of its command line. The program is looked at twice, 0.7 seconds
    apart; nothing in it changes, and it goes on as it is. Programs under `mpdiag run` tell most.
    """
    program = tree.of(pid_of(process))
    code = emit(hanging.explain(program, select, ignore), target)
    while watch:
        time.sleep(watch)
        code = emit(hanging.explain(program, select, ignore), target)
    return code


def pid_of(process: str) -> int:
    """The process that is meant.

    Raises:
        BadInput: there is none, or more than one program.
    """
    if process.isdigit():
        return int(process)
    found = tree.named(process)
    if len(found) == 1:
        return next(iter(found))
    for pid, command in found.items():
        click.echo(f"{pid:>8}  {visible(command)}", err=True)
    raise BadInput(
        f"{len(found) or 'no'} programs have {process!r} in their command line",
        "Give the pid of one." if found else "Give a pid, or a word of the command line.",
    )
