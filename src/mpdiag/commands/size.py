"""``mpdiag size``: how many workers, of which kind, for a function of the user's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from mpdiag import errors, sizing
from mpdiag.errors import BadInput
from mpdiag.interpreters import choose
from mpdiag.messages import complain
from mpdiag.options import Target, comma_separated, emit, named, option, report_options
from mpdiag.progress import progress
from mpdiag.sized.law import Machine

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)


class Memory(click.ParamType[float]):
    """An amount of memory, such as ``64G``, in bytes."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """``64G`` as bytes."""
        found = _SIZE.fullmatch(str(value).strip())
        if not found:
            self.fail(f"{value!r} is no amount of memory: give one such as 64G.", param, ctx)
        return float(found[1]) * 1024.0 ** " KMGT".index(found[2].upper() or " ")


def read_calls(path: Path) -> sizing.Calls:
    """The calls in a file, one a line: a list holds arguments, an object arguments by name, anything else is one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--args-json {path} cannot be read: {error}", "Give a text file.") from error
    calls = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise BadInput(
                f"--args-json {path}, line {number} is not JSON: {error}", "Write one call a line."
            ) from error
        named = value if isinstance(value, dict) else {}
        calls.append((value if isinstance(value, list) else [] if named or isinstance(value, dict) else [value], named))
    if not calls:
        raise BadInput(f"--args-json {path} holds no calls", 'Write one call a line: [1, 2], or {"name": 1}.')
    return tuple(calls)


def other(cpus: int | None, mem: float | None) -> Machine | None:
    """The machine that the user asks about."""
    if mem is not None and cpus is None:
        raise click.UsageError("--mem needs --cpus: how many CPUs does that machine have?")
    return Machine(cpus, mem) if cpus else None


@click.command()
@click.argument("function", metavar="PKG.MOD:FUNCTION")
@option("--items", metavar="PKG.MOD:MAKER", help="What makes the items; the function is called with one at a time.")
@option(
    "--args-json",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help='Or calls, one a line: [1, "a"], {"name": 1} or a single argument.',
)
@option("--setup", metavar="PKG.MOD:FUNCTION", help="Prepares a process, as an initializer does.")
@option(
    "--budget",
    type=click.FloatRange(min=1, max=86_400),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Time for everything.",
)
@option("--max-calls", type=click.IntRange(min=1), metavar="N", help="Call the function no more than so often.")
@option("--cpus", type=click.IntRange(min=1, max=100_000), metavar="N", help="Also say what N CPUs would make of it.")
@option("--mem", type=Memory(), metavar="SIZE", help="The memory of that machine, such as 64G.")
@option("--python", metavar="PATH", help="Measure in this interpreter (3.9 or newer); nothing is installed there.")
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@report_options()
def size(target: Target, python: str | None, **wishes: Any) -> int:
    """Measure a function of yours and say how many workers to give it, of which kind, with which chunksize.

    The function is executed, again and again, on items that you name: in a plain loop, on threads, on processes of
    each start method. PKG.MOD may also be a path, such as path/to/file.py.
    """
    request = requested(target, **wishes)
    chosen = choose(python)
    if not target.quiet:
        limit = f"up to {request.max_calls:,} times" if request.max_calls else f"for up to {request.budget_s:g} s"
        complain(f"{request.target} will be executed, {limit}, also in other processes; --max-calls N limits it")
    with progress(target.quiet, 1) as shown:
        shown.probing(request.target, 0, request.budget_s)
        report, interrupted = sizing.measure(request, chosen, shown.tick)
    code = emit(report, target)
    return errors.INTERRUPTED if interrupted else code


def requested(
    target: Target, function: str, items: str | None, args_json: Path | None, **wishes: Any
) -> sizing.Request:
    """What the options ask for.

    Raises:
        BadInput: a name or a file that cannot be meant.
    """
    if items and args_json:
        raise click.UsageError("--items and --args-json both say what it is called with: give one.")
    setup, machine = wishes["setup"], other(wishes["cpus"], wishes["mem"])
    return sizing.Request(
        target=named(function, "PKG.MOD:FUNCTION"),
        items=named(items, "--items") if items else None,
        calls=read_calls(args_json) if args_json else (),
        setup=named(setup, "--setup") if setup else None,
        budget_s=wishes["budget"],
        max_calls=wishes["max_calls"],
        elsewhere=machine,
        select=wishes["select"],
        ignore=wishes["ignore"],
        formats=(target.format, *(output.format for output in target.outputs)),
    )
