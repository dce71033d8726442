"""Options that all commands share, as frozen values, and the one way a report leaves mpdiag."""

from __future__ import annotations

import contextlib
import io
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar

import click

from mpdiag import budgets, errors, registry
from mpdiag.advice import LEVELS, Finding, Level
from mpdiag.outputs import Output
from mpdiag.report import Report, Style

Command = TypeVar("Command", bound=Callable[..., Any])


class Switch(click.Option):
    """A flag that chooses a value, as --quick does; in the environment it also takes 1 and 0, and 0 chooses nothing."""

    def value_from_envvar(self, ctx: click.Context) -> Any:
        """The value that the flag stands for, or None."""
        value = super().value_from_envvar(ctx)
        return None if value is False else value


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """A click option that can also be set as ``MPDIAG_<NAME>`` in the environment."""
    longest = max(names, key=len).partition("/")[0].strip("-")
    if "flag_value" in settings:
        settings["cls"] = Switch
    return click.option(*names, envvar=f"MPDIAG_{longest.replace('-', '_').upper()}", **settings)


def comma_separated(_context: click.Context, _parameter: click.Parameter, value: Any) -> tuple[str, ...]:
    """``--select MP3,MP401`` and ``--select MP3 --select MP401`` mean the same."""
    return tuple(part.strip() for each in value for part in each.split(",") if part.strip())


def level(name: str, text: str) -> Callable[[Command], Command]:
    """The flag of a level of measuring; the environment and pyproject may only name one that there is."""
    levels = click.Choice(["quick", "default", "thorough"])
    return option(f"--{name}", "level", flag_value=name, type=levels, help=text)


def budget(text: str) -> Callable[[Command], Command]:
    """``--budget SECONDS`` for what measures."""
    seconds = click.FloatRange(min=0.5, max=86_400)
    return option("--budget", type=seconds, callback=some_number, metavar="SECONDS", help=text)


def some_number(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    """Not ``nan``, which every range lets through."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number of seconds.")
    return value


def named(value: str, what: str) -> str:
    """``pkg.mod:name``, as it should be.

    Raises:
        BadInput: it is not.
    """
    source, _, attribute = value.rpartition(":")
    if not source or not attribute:
        raise errors.BadInput(
            f"{what} {value!r} names no function", "Write pkg.mod:function, or path/to/file.py:function."
        )
    return value


@dataclass(frozen=True)
class Target:
    """Where a report goes and how it looks."""

    format: str
    outputs: tuple[Output, ...]
    fail_on: Level | Literal["never"]
    redact: bool
    quiet: bool
    verbose: bool


def report_options(fail_on: str = "never", beside: Mapping[str, str] | None = None) -> Callable[[Command], Command]:
    """The options of every command that makes a report; the command gets one ``target``.

    Args:
        fail_on: the default of ``--fail-on``.
        beside: options for files that hold something else than the report, with their help; the command gets those
            that were asked for as ``beside``, open, by name.
    """
    files = [name for name in registry.names("renderers") if name != "terminal"]
    extra = beside or {}

    def decorate(command: Command) -> Command:
        @wraps(command)
        def wrapper(**values: Any) -> Any:
            asked = {name: path for name in (*files, *extra) if (path := values.pop(name))}
            with opened(asked) as outputs:
                if extra:
                    values["beside"] = {output.format: output for output in outputs if output.format in extra}
                target = Target(
                    format=values.pop("format"),
                    outputs=tuple(output for output in outputs if output.format not in extra),
                    fail_on=values.pop("fail_on"),
                    redact=not values.pop("no_redact"),
                    quiet=values.pop("quiet"),
                    verbose=values.pop("verbose"),
                )
                return command(target=target, **values)

        decorated: Any = wrapper
        texts = {name: f"Also write the report as {name} to FILE." for name in files}
        for each in reversed([*_file_options({**texts, **extra}), *_shared_options(fail_on)]):
            decorated = each(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def _file_options(texts: Mapping[str, str]) -> list[Callable[[Command], Command]]:
    """``--json FILE`` and its like, with their help."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return [option(f"--{name}", name, type=kind, metavar="FILE", help=text) for name, text in texts.items()]


def _shared_options(fail_on: str) -> list[Callable[[Command], Command]]:
    """What else every report command takes."""
    formats = click.Choice(registry.names("renderers"))
    levels = click.Choice([*LEVELS, "never"])
    return [
        option("--format", type=formats, default="terminal", show_default=True, help="What is printed."),
        option(
            "--fail-on",
            type=levels,
            default=fail_on,
            show_default=True,
            help="Exit 1 when a finding has at least this level.",
        ),
        option("--no-redact", is_flag=True, help="Keep times of day, names of user, host and folders, secrets."),
        option("-q", "--quiet", is_flag=True, help="No progress and no messages."),
        option("-v", "--verbose", is_flag=True, help="Everything: raw tables, what was fine, what was not judged."),
    ]


@contextlib.contextmanager
def opened(paths: dict[str, Path]) -> Iterator[tuple[Output, ...]]:
    """The files of ``paths`` (by format), opened; those that nothing comes for are left as they were.

    Raises:
        BadInput: one of them cannot be written, or is given twice.
    """
    outputs: list[Output] = []
    try:
        for name, path in paths.items():
            output = Output.open(path, name)
            twins = [each.format for each in outputs if each.same(output)]
            outputs.append(output)
            if twins:
                raise errors.BadInput(f"{path} is given for --{twins[0]} and for --{name}", "Give each its own file.")
        yield tuple(outputs)
    finally:
        for output in outputs:
            output.discard()


def emit(report: Report, target: Target, err: bool = False, counted: Sequence[Finding] | None = None) -> int:
    """Write the report to all its places and give the exit code it calls for.

    Args:
        report: what there is to tell.
        target: its places.
        err: standard output belongs to somebody else: print on standard error, and only in files if there are some
            and the user wants it quiet.
        counted: the findings that matter for the exit code; all, if nothing else is said.
    """
    from mpdiag.presenting import leaving

    shown, plain = leaving(report, target.redact)
    plain = replace(plain, width=100, verbose=target.verbose)
    writes: list[Callable[[], None]] = []
    if not (err and target.quiet and target.outputs):
        printed = replace(terminal_style(target.verbose, err), folder=plain.folder, rules=plain.rules)
        writes.append(partial(say, registry.renderer(target.format).render(shown, printed), err))
    rendered = [(output, registry.renderer(output.format).render(shown, plain)) for output in target.outputs]
    failures = []
    writes += [partial(output.write, content) for output, content in rendered]
    for write in writes:
        try:
            write()
        except errors.CannotWork as error:  # the other places still get the report
            failures.append(error)
    if failures:
        raise failures[0]
    return exit_code(report, target.fail_on, report.findings if counted is None else counted)


def say(text: str | bytes, err: bool = False) -> None:
    """Print ``text`` (bytes as they are) on standard output or error; a reader who has left, or never was, is no error.

    Raises:
        CannotWork: what it leads to is full or broken.
    """
    try:
        if isinstance(text, bytes):
            click.echo(text, nl=False, err=err)
        else:
            click.echo(text.rstrip("\n"), color=True, err=err)
    except BrokenPipeError:
        muffle(err)
    except OSError as error:
        muffle(err)
        raise errors.CannotWork(
            f"standard {'error' if err else 'output'} could not be written: {error.strerror}",
            "Free some space or choose another place.",
        ) from error


def muffle(err: bool = False) -> None:
    """Let what standard output or error still holds go nowhere, or Python would fail on it at the end."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), (sys.stderr if err else sys.stdout).fileno())


def exit_code(report: Report, fail_on: Level | Literal["never"], counted: Iterable[Finding]) -> int:
    """1 when a budget is broken, or one of the findings ``counted`` is at or above ``fail_on``."""
    if any(budgets.broken(report)):
        return errors.FOUND
    if fail_on == "never":
        return errors.FINE
    bar = LEVELS.index(fail_on)
    return errors.FOUND if any(LEVELS.index(finding.level) >= bar for finding in counted) else errors.FINE


def terminal_style(verbose: bool, err: bool = False) -> Style:
    """How standard output or error may be written: NO_COLOR, FORCE_COLOR, COLUMNS and TERM=dumb are honoured."""
    dumb = os.environ.get("TERM") == "dumb"
    out = (sys.stderr if err else sys.stdout) or io.StringIO()  # None when it is closed
    color = out.isatty() and not dumb
    if os.environ.get("FORCE_COLOR"):
        color = True
    if os.environ.get("NO_COLOR"):
        color = False
    return Style(
        width=columns(out),
        color=color,
        unicode="utf" in (out.encoding or "").lower(),
        verbose=verbose,
    )


def columns(out: TextIO) -> int:
    """The width of the terminal behind ``out``; 80 when there is none and COLUMNS does not say."""
    with contextlib.suppress(ValueError):
        if (asked := int(os.environ.get("COLUMNS", "0"))) > 0:
            return asked
    try:
        return os.get_terminal_size(out.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
