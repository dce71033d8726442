"""The command line: commands are looked up when named, and every error ends here, in one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from mpdiag import __version__, errors
from mpdiag.brief import ABOUT, COMMANDS
from mpdiag.messages import complain

HELP = ["-h", "--help"]


def load(name: str) -> click.Command:
    """The command ``name``, imported."""
    command: click.Command = getattr(import_module(f"mpdiag.commands.{name}"), name)
    command.context_settings.setdefault("help_option_names", HELP)  # not only below the group: click remembers them
    return command


def configured(command: str) -> dict[str, Any]:
    """What pyproject.toml says for ``command``; nothing in a working directory that is gone."""
    from mpdiag import config

    try:
        path = config.find(Path.cwd())
    except OSError:
        return {}
    return config.defaults(config.read(path), command, config.Options(COMMANDS, load)) if path else {}


class Group(click.Group):
    """Imports a command only when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order users meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command and give it its defaults from the configuration; help is given without them."""
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            meant = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if meant or Path(args[0]).is_file():
                wanted = meant[0] if meant else f"run {args[0]}"
                raise click.UsageError(f"{error.message} Did you mean `mpdiag {wanted}`?", error.ctx) from error
            raise
        if name and command and not ctx.resilient_parsing and not set(HELP).intersection(rest):
            found = configured(name)
            ctx.default_map = {
                name: dict.fromkeys(command.commands, found) if isinstance(command, click.Group) else found
            }
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Group, help=ABOUT, context_settings={"help_option_names": HELP, "max_content_width": 100})
@click.version_option(__version__, message="mpdiag %(version)s")
def group() -> None:
    """Do what the options of mpdiag itself ask for: nothing, when a command is named."""


def main() -> None:
    """Run the command line and exit with a documented code."""
    code = run(sys.argv[1:])
    if code == errors.INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C has nothing left to stop
        # Up to 3.13, `python -m` dies by SIGINT when one has hit an exec(), as of a dataclass; a new one forgets it.
        exec("")  # noqa: S102
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command line; every error becomes one clear line on standard error.

    Returns:
        The exit code.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, interrupt)
    try:
        code: Any = group.main(args=arguments, prog_name="mpdiag", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return errors.USAGE
    except errors.MpdiagError as error:
        complain(str(error), error.hint)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted")
        return errors.INTERRUPTED
    except Exception as error:
        if os.environ.get("MPDIAG_DEBUG"):
            raise
        complain(
            f"internal error: {type(error).__name__}: {error}",
            "Please report it; MPDIAG_DEBUG=1 shows where it happened.",
        )
        return errors.FAILED
    return code if isinstance(code, int) else errors.FINE


def tell(text: str) -> int:
    """Print what needs no command; the exit code."""
    from mpdiag.options import say

    try:
        say(text)
    except errors.MpdiagError as error:
        complain(str(error), error.hint)
        return error.exit_code
    return errors.FINE


def interrupt(_number: int, _frame: object) -> None:
    """Take SIGTERM and SIGHUP as Ctrl-C: what is there so far is shown, nothing is left behind."""
    raise KeyboardInterrupt
