"""``mpdiag run``: where a program's time goes, across all its processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from mpdiag import observing
from mpdiag.against import Against, against_options
from mpdiag.errors import BadInput
from mpdiag.interpreters import Chosen, behind, choose
from mpdiag.options import Target, comma_separated, emit, option, report_options
from mpdiag.outputs import Output


@dataclass(frozen=True)
class Words:
    """The part of the command line that belongs to the program, and how it is to be run."""

    form: Literal["script", "module", "command"]
    words: tuple[str, ...]


def split(arguments: Sequence[str], valued: set[str]) -> tuple[list[str], Words | None]:
    """Part our own options from the program: what follows SCRIPT, -m MODULE or -- is the program's alone.

    Args:
        arguments: all that stands behind ``mpdiag run``.
        valued: our options that take a value.

    Returns:
        Our own part, and the program's if there is one.
    """
    at = 0
    while at < len(arguments):
        word, rest = arguments[at], tuple(arguments[at + 1 :])
        own = list(arguments[:at])
        if word == "--":
            return own, Words("command", rest) if rest else None
        if word == "-" or not word.startswith("-"):
            return own, Words("script", (word, *rest))
        if word.startswith("--"):
            at += 2 if word in valued else 1
            continue
        flags, found, module = word.partition("m")
        if found and not any(f"-{flag}" in valued for flag in flags[1:]):
            return [*own, *([flags] if flags != "-" else [])], module_of(module, rest)
        at += 2 if word in valued else 1
    return list(arguments), None


def module_of(attached: str, rest: tuple[str, ...]) -> Words:
    """The module of ``-mMODULE`` or ``-m MODULE``, with its arguments."""
    words = (attached, *rest) if attached else rest
    if not words:
        raise click.UsageError("-m needs the name of a module.")
    return Words("module", words)


class Front(click.Command):
    """A command whose own options stand at the front of the line; what follows is left to the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse our own options; the rest becomes the parameter ``program``."""
        options = [each for each in self.params if isinstance(each, click.Option) and not each.is_flag]
        own, program = split(args, {name for each in options for name in each.opts})
        super().parse_args(ctx, own)
        if program is None and not ctx.resilient_parsing:
            raise click.UsageError("There is no program to run: give SCRIPT, -m MODULE or -- COMMAND.", ctx)
        ctx.params["program"] = program
        return []

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The three ways to name a program."""
        for prefix, form in (("Usage: ", "SCRIPT [ARGS]..."), ("", "-m MODULE [ARGS]..."), ("", "-- COMMAND...")):
            formatter.write_usage(ctx.command_path, f"[OPTIONS] {form}", f"{prefix:7}")


#: Options for files that hold something else than the report.
BESIDE = {
    "perfetto": "Write a timeline of processes, tasks, waits and locks to FILE, for ui.perfetto.dev.",
    "cprofile": "Run each process under cProfile, which slows it down, and write one profile of all to FILE, for "
    "pstats or snakeviz; `mpdiag explain profiling` says what it holds.",
}


@click.command(cls=Front)
@option("--python", metavar="PATH", help="Run SCRIPT or MODULE in this interpreter; nothing is installed there.")
@option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep what the processes noted, raw, in this new folder.",
)
@option("--select", multiple=True, callback=comma_separated, metavar="ID,...", help="Only these rules.")
@option("--ignore", multiple=True, callback=comma_separated, metavar="ID,...", help="Not these rules.")
@option("--stacks", is_flag=True, help="Show where CPU time went, call by call, over all processes; looks more often.")
@option("--live", is_flag=True, help="Show the page below the program's output while it runs; needs a terminal.")
@option(
    "--hang-after",
    type=click.FloatRange(min=1.0),
    metavar="SECONDS",
    help="Say why when nothing in the program has moved for so long: no CPU, no I/O, no task, no message.",
)
@option(
    "--on-hang",
    type=click.Choice(["report", "kill"]),
    default="report",
    show_default=True,
    help="Go on watching then, or end the program and exit 4.",
)
@against_options(limited=True)
@report_options(beside=BESIDE)
def run(target: Target, against: Against, program: Words, beside: dict[str, Output], **wishes: Any) -> int:
    """Run a program and tell where its time goes, across all its processes, and what a fix would gain.

    The program runs as it would without mpdiag and owns standard output and error; the report follows on standard
    error at its end, or goes to files alone with -q. Its exit code is the program's.
    """
    command, chosen = command_of(program, wishes.pop("python"))
    observing.room_to_keep(wishes["keep"])
    warn = partial(emit, target=replace(target, outputs=(), format="terminal"), err=True)
    request = observing.Request(command, chosen, files=beside, redact=target.redact, warn=warn, **wishes)
    return observing.observe(request, partial(against.emit, target=target, err=True))


def command_of(program: Words, python: str | None) -> tuple[tuple[str, ...], Chosen | None]:
    """The program's own command line, and the interpreter that will run it, if that is known.

    Raises:
        BadInput: there is no such script, or no such interpreter.
    """
    if program.form == "command":
        source = click.get_current_context().get_parameter_source("python")
        if python and source == ParameterSource.COMMANDLINE:
            raise BadInput("--python is for SCRIPT and -m MODULE", "Name the interpreter in COMMAND itself.")
        return program.words, behind(program.words[0])
    chosen = choose(python)
    if program.form == "module":
        return (chosen.path, "-m", *program.words), chosen
    check_script(Path(program.words[0]))
    return (chosen.path, *program.words), chosen


def check_script(path: Path) -> None:
    """See that Python will be able to read ``path``; it takes folders and archives with a ``__main__`` too.

    Raises:
        BadInput: with what is wrong.
    """
    if str(path) == "-":
        return
    if not path.exists():
        hint = "A command that is no Python script goes behind --." if "/" not in str(path) else ""
        raise BadInput(f"{path}: no such script", hint)
    if path.is_dir() and not (path / "__main__.py").exists():
        raise BadInput(f"{path} is a folder without __main__.py", "Give a script, or a package with -m.")
    if not os.access(path, os.R_OK):
        raise BadInput(f"{path} cannot be read", "Give a script that you may read.")
