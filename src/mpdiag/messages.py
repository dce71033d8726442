"""What mpdiag says beside its report: one line on standard error."""

from __future__ import annotations

import click


def complain(message: str, hint: str = "") -> None:
    """One line on standard error."""
    click.echo(f"mpdiag: {message}" + (f". {hint}" if hint else ""), err=True)
